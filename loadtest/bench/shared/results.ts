/** What a question leaves behind: its table, and its own part of `loadtest/RESULTS.md`. */
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  existsSync,
  fdatasyncSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import pg from 'pg';
import type { Stage } from './stage.ts';

export interface Table {
  columns: string[];
  rows: string[][];
}

export interface Result {
  /** The question, as a heading. */
  title: string;
  /** One or two sentences with the numbers that matter. */
  answer: string;
  table: Table;
  /** How it was measured, a paragraph each. */
  notes: string[];
  /** An SVG picture. */
  chart: string;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] ?? Number.NaN) + (sorted[Math.ceil(middle)] ?? Number.NaN)) / 2;
}

export const whole = (value: number): string =>
  Number.isFinite(value) ? Math.round(value).toLocaleString('en') : '–';
export const decimal = (value: number, digits = 2): string =>
  Number.isFinite(value) ? value.toFixed(digits) : '–';

/** "1,234 (1,100 – 1,300)": the median with the lowest and the highest. */
export const withSpread = (values: readonly number[], format = whole): string =>
  values.length === 0
    ? '–'
    : `${format(median(values))} (${format(Math.min(...values))} – ${format(Math.max(...values))})`;

/** For a terminal: the first column to the left, numbers to the right. */
export function textTable({ columns, rows }: Table): string {
  const lines = [columns, ...rows];
  const widths = columns.map((_, i) => Math.max(...lines.map((cells) => cells[i]?.length ?? 0)));
  const pad = (cell: string, i: number) =>
    i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0);
  return lines.map((cells) => `  ${cells.map(pad).join('   ')}`.trimEnd()).join('\n');
}

function markdownTable({ columns, rows }: Table): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(columns), `|---|${'---:|'.repeat(columns.length - 1)}`, ...rows.map(line)].join('\n');
}

const folder = fileURLToPath(new URL('../..', import.meta.url));
const heading = `# Results

Answers of \`npm run bench\`, each with the machine and the versions it was measured with. A part is written
anew by its own command; absolute numbers are those of that machine, ratios travel better.
`;

/** Where the flame graph of a question is, if there is one. */
export const flamesOf = (name: string): string => join(folder, `${name}-flames.svg`);

/** What came of an aim, in the same words everywhere. @param aim as it is written, with its unit if it has one */
export const verdict = (isReached: boolean, aim: number | string): string =>
  `the aim of ${aim} is ${isReached ? 'reached' : 'missed'}`;

/** Replaces the question's part of RESULTS.md and its chart. @returns the files that were written */
export async function saveResult(
  name: string,
  result: Result,
  run: { command: string; stage: Stage },
): Promise<string[]> {
  const [text, chart] = [join(folder, 'RESULTS.md'), join(folder, `${name}.svg`)];
  const part = [
    `<!-- ${name} -->`,
    `## ${result.title}`,
    result.answer,
    markdownTable(result.table),
    `![${result.title}](${name}.svg)`,
    ...result.notes,
    ...(existsSync(flamesOf(name))
      ? [
          `[Where a node spends its CPU time meanwhile](${name}-flames.svg): \`npm run bench -- ${name} --profile\`.`,
        ]
      : []),
    `${new Date().toISOString().slice(0, 10)}, \`${run.command}\`. ${await circumstances(run.stage)}`,
    `<!-- end of ${name} -->`,
  ].join('\n\n');
  let before = heading;
  try {
    before = readFileSync(text, 'utf8');
  } catch {
    // The first result of all.
  }
  const own = new RegExp(`<!-- ${name} -->[^]*<!-- end of ${name} -->`);
  const after = own.test(before) ? before.replace(own, () => part) : `${before.trimEnd()}\n\n${part}\n`;
  writeFileSync(text, after);
  writeFileSync(chart, result.chart);
  return [text, chart];
}

/** Machine and versions, in one paragraph. */
async function circumstances({ services, directory, loadAtStart }: Stage): Promise<string> {
  const [processor] = cpus();
  const client = new pg.Client({ connectionString: services.databaseUrl });
  await client.connect();
  const [postgres] = (await client.query<{ server_version: string }>('show server_version')).rows;
  await client.end();
  const redis = new Redis(services.redisUrl);
  const redisVersion = /redis_version:(\S+)/.exec(await redis.info('server'))?.[1];
  redis.disconnect();
  return [
    `${cpus().length} × ${processor?.model.trim() || 'unknown processor'}, ${whole(totalmem() / 2 ** 30)} GB,`,
    `${type()} ${release()}; fdatasync of 8 KB takes ${whole(fdatasyncMicros(directory))} µs;`,
    `load average before the start ${decimal(loadAtStart, 1)}.`,
    `Node.js ${process.versions.node}, PostgreSQL ${postgres?.server_version}, Redis ${redisVersion}${commit()}.`,
  ].join(' ');
}

/** Which state of the tree was measured. */
function commit(): string {
  const git = (...args: string[]) =>
    execFileSync('git', args, { cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  try {
    const written = [':(exclude)RESULTS.md', ':(exclude)*.svg'];
    const changed = git('status', '--porcelain', '--untracked-files=no', '--', '..', ...written) !== '';
    return `, commit ${git('rev-parse', '--short', 'HEAD')}${changed ? ' with changes' : ''}`;
  } catch {
    return '';
  }
}

/** What a commit cannot be faster than: the median of 200, on the disk that the database was on. */
function fdatasyncMicros(directory: string): number {
  const file = join(directory, 'fdatasync');
  const descriptor = openSync(file, 'w');
  const block = Buffer.alloc(8192, 1);
  const micros = Array.from({ length: 200 }, (_, i) => {
    writeSync(descriptor, block, 0, block.length, (i % 16) * block.length);
    const start = performance.now();
    fdatasyncSync(descriptor);
    return (performance.now() - start) * 1000;
  });
  closeSync(descriptor);
  rmSync(file);
  return median(micros);
}
