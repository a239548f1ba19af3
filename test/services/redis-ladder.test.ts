import { access, chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { run } from '../../src/services/processes.ts';
import { findRedisServer, type Machine, thisMachine } from '../../src/services/redis-server-binary.ts';
import { redis, start, temporaryDirectory } from './support.ts';

const NOWHERE: Machine = { platform: 'linux', path: '', osRelease: '' };

/** A program that answers --version like a redis-server of this version. */
async function pretend(directory: string, name: string, answer: string): Promise<string> {
  const file = join(directory, name);
  await mkdir(directory, { recursive: true });
  await writeFile(file, `#!/bin/sh\necho '${answer}'\n`);
  await chmod(file, 0o755);
  return file;
}

test.each<[string, Partial<Machine>, string]>([
  ['macOS', { platform: 'darwin' }, 'run "brew install redis", '],
  ['Windows', { platform: 'win32' }, 'run the hub under WSL, '],
  ['Fedora', { osRelease: 'NAME="Fedora Linux"\nID=fedora\n' }, 'run "sudo dnf install valkey", '],
  [
    'Rocky Linux',
    { osRelease: 'ID="rocky"\nID_LIKE="rhel centos fedora"\n' },
    'run "sudo dnf install valkey", ',
  ],
  ['Alpine', { osRelease: 'ID=alpine\n' }, 'run "apk add redis", '],
  ['an unknown system', {}, "install redis-server with the system's package manager, "],
])('without a redis-server, %s gets one sentence', async (_, machine, advice) => {
  const dataDir = await temporaryDirectory();
  await expect(
    findRedisServer({ dataDir, machine: { ...NOWHERE, ...machine }, log: () => {} }),
  ).rejects.toThrow(
    `No Redis 7 or newer was found on this system: ${advice}set REDIS_SERVER to the path of a redis-server, ` +
      'or set REDIS_URL to a Redis that runs already.',
  );
});

test('an old redis-server on PATH is skipped with a reason, a newer one is taken', async () => {
  const dataDir = await temporaryDirectory();
  const [old, fresh] = [join(dataDir, 'old'), join(dataDir, 'fresh')];
  const oldServer = await pretend(
    old,
    'redis-server',
    'Redis server v=6.0.16 sha=00000000:0 malloc=jemalloc bits=64',
  );
  const valkey = await pretend(
    fresh,
    'valkey-server',
    'Valkey server v=8.1.1 sha=00000000:0 malloc=jemalloc bits=64',
  );
  const log: string[] = [];
  const machine = { ...NOWHERE, path: `${old}:${fresh}` };
  const found = await findRedisServer({ dataDir, machine, log: (line) => log.push(line) });
  expect(found.command).toBe(valkey);
  expect(log).toEqual([`skipping ${oldServer}: it is version 6.0.16, not 7 or newer`]);
});

test('a REDIS_SERVER that cannot be used is not silently replaced', async () => {
  const dataDir = await temporaryDirectory();
  const machine = await thisMachine();
  const search = (redisServer: string) => findRedisServer({ redisServer, dataDir, machine, log: () => {} });
  await expect(search('/nowhere/redis-server')).rejects.toThrow(
    'REDIS_SERVER names /nowhere/redis-server, which cannot be used: it does not run (not found).',
  );
  const old = await pretend(dataDir, 'redis-server', 'Redis server v=6.2.1');
  await expect(search(old)).rejects.toThrow(/it is version 6\.2\.1, not 7 or newer\.$/);
});

test('on Debian and Ubuntu one is fetched, runs, and is kept', { timeout: 180_000 }, async ({ skip }) => {
  const machine = { ...(await thisMachine()), path: '' };
  const hasApt = await access('/usr/bin/apt-get').then(
    () => true,
    () => false,
  );
  if (!hasApt || !/^ID(_LIKE)?=.*(debian|ubuntu)/m.test(machine.osRelease)) skip('only on Debian and Ubuntu');
  const dataDir = await temporaryDirectory();
  const first = await start(dataDir, { databaseUrl: 'postgres://elsewhere/db', machine }).catch(
    (error: Error) => {
      if (/Failed to fetch|resolv|connect/i.test(error.message))
        return skip('no package archive can be reached');
      throw error;
    },
  );
  expect(first.log.join('\n')).toContain('fetching one with apt-get');
  expect(await redis(first.redisUrl, 'PING')).toBe('PONG');
  expect(await redis(first.redisUrl, 'INFO', 'server')).toContain(
    `${dataDir}/redis-server/usr/bin/redis-server`,
  );
  await first.stop();

  const second = await start(dataDir, { databaseUrl: 'postgres://elsewhere/db', machine });
  expect(second.log).toEqual([]);
  expect(await redis(second.redisUrl, 'PING')).toBe('PONG');
  const { output } = await run('ls', ['-A', dataDir]);
  expect(output.split('\n').filter(Boolean)).toEqual(['hub.lock', 'redis', 'redis-password', 'redis-server']);
});
