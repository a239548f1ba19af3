/** k6 as a child: what it is told, what it says, and how it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, createWriteStream, openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { JournalLine } from '../k6/journal-line.ts';
import type { LoadtestOptions } from './options.ts';

export interface K6Run {
  pid: number;
  /** Resolves with the exit code; null when it was killed. */
  ended: Promise<number | null>;
  kill(): void;
}

export interface K6Files {
  tokens: string;
  /** Where the summary goes: for people, and for us. */
  text: string;
  summary: string;
  /** Warnings and errors. */
  log: string;
}

export function startK6(
  command: string,
  options: Pick<LoadtestOptions, 'scenario' | 'profileName' | 'profile'>,
  parts: { nodes: readonly string[]; eventId: string; files: K6Files; journal: (line: JournalLine) => void },
): K6Run {
  const { scenario, profileName, profile } = options;
  const { nodes, eventId, files } = parts;
  const script = fileURLToPath(new URL(`../k6/scenarios/${scenario}.ts`, import.meta.url));
  const text = openSync(files.text, 'w');
  const child = spawn(
    command,
    // No address: two runs on one machine do not want one port. Raw: a line of the journal is JSON alone.
    [
      'run',
      '--quiet',
      '--no-color',
      '--address=',
      '--no-usage-report',
      '--summary-mode=full',
      '--log-format=raw',
      `--summary-export=${files.summary}`,
      script,
    ],
    {
      env: {
        PATH: process.env.PATH ?? '',
        HOME: process.env.HOME ?? '',
        // Most of what k6 allocates is a message that is gone at once: memory is cheaper here than collecting it.
        GOGC: '200',
        NODES: nodes.join(','),
        EVENT: eventId,
        TOKENS: files.tokens,
        PROFILE: profileName,
        SIZE: JSON.stringify(profile),
        JOURNAL: '1',
      },
      // In a group of its own: Ctrl-C reaches only us.
      detached: true,
      stdio: ['ignore', text, 'pipe'],
    },
  );
  closeSync(text);
  const log = createWriteStream(files.log);
  const lines = createInterface({ input: child.stderr as NodeJS.ReadableStream });
  lines.on('line', (each) => {
    if (each.startsWith('{')) parts.journal(JSON.parse(each) as JournalLine);
    else log.write(`${each}\n`);
  });
  return { pid: child.pid as number, ended: endOf(child, log), kill: () => child.kill('SIGKILL') };
}

function endOf(child: ChildProcess, log: NodeJS.WritableStream): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    // After its output has been read to the end.
    child.once('close', (code) => {
      log.end();
      resolve(code);
    });
  });
}
