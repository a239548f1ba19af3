/** pgbench, the load generator of PostgreSQL's own makers: as little client as there can be. */
import { execFileSync } from 'node:child_process';
import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { run } from '../../../src/services/processes.ts';
import { buyers, type Scene } from './scene.ts';

export const howToGetIt =
  'There is no pgbench on this machine, so what it measures is left out: on Debian and Ubuntu it is in the package of the server, `postgresql-15` or newer.';

/** The newest one there is, with its version; undefined if there is none. */
export function findPgbench(): { command: string; version: string } | undefined {
  for (const command of ['pgbench', ...globSync('/usr/lib/postgresql/*/bin/pgbench').toReversed()]) {
    try {
      const text = execFileSync(command, ['--version'], { encoding: 'utf8' });
      return { command, version: /[\d.]+/.exec(text)?.[0] ?? '' };
    } catch {
      // Not there.
    }
  }
  return undefined;
}

export const smallBackend = readFileSync(new URL('small-backend.sql', import.meta.url), 'utf8');

/** `confirm-holds.sql` as it is; only its parameter comes out of a table, where it was put beforehand. */
export function batchScript(): string {
  const file = new URL('../../../src/database/queries/confirm-holds.sql', import.meta.url);
  const statement = readFileSync(file, 'utf8').replaceAll(/^\s*--.*\n/gm, '');
  const fromTable = statement.replaceAll('$1', '(select holds from made_batches where n = :batch)');
  if (fromTable === statement) throw new Error('confirm-holds.sql has no parameter $1 any more');
  // A colon before a letter would be a variable to pgbench, also within a literal.
  const literal = fromTable.replaceAll(/'([^':]*):(\w[^':]*)'/g, String.raw`E'$1\x3a$2'`);
  return `\\set batch :n * :clients + :client_id\n\\set n :n + 1\n${literal.trim()};\n`;
}

/**
 * Runs a script for so many seconds with so many clients, each statement prepared once a client.
 * @returns how many transactions were done, in how many seconds (connecting not counted)
 */
export async function runPgbench(
  parts: { command: string; databaseUrl: string; directory: string; scene: Scene },
  script: string,
  { clients, seconds }: { clients: number; seconds: number },
): Promise<{ transactions: number; seconds: number }> {
  const { hostname, port, username, password, pathname } = new URL(parts.databaseUrl);
  const file = join(parts.directory, 'script.sql');
  writeFileSync(file, script);
  const variables = { n: 0, clients, buyers, event: parts.scene.eventId };
  const args = ['--no-vacuum', '--protocol=prepared', `--file=${file}`, `--client=${clients}`];
  args.push(`--jobs=${Math.min(clients, availableParallelism())}`, `--time=${seconds}`);
  for (const [name, value] of Object.entries(variables)) args.push(`--define=${name}=${value}`);
  args.push(pathname.slice(1));
  const env = {
    PATH: process.env.PATH ?? '',
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: password,
  };
  const { ok, output } = await run(parts.command, args, { env, timeoutMs: (seconds + 60) * 1000 });
  const transactions = Number(/actually processed: (\d+)/.exec(output)?.[1]);
  const perSecond = Number(/^tps = ([\d.]+)/m.exec(output)?.[1]);
  if (!ok || !(transactions > 0) || !/failed transactions: 0 /.test(output)) {
    throw new Error(`pgbench failed:\n${output}`);
  }
  return { transactions, seconds: transactions / perSecond };
}
