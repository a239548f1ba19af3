import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, readFile, realpath, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { lockDataDir } from '../../src/services/data-lock.ts';
import { isRoot, isRunning, sql, start, startInProcess, temporaryDirectory } from './support.ts';

const SLOW = 90_000;

/** A process that has nothing to do with the hub. */
async function stranger(owner: { uid: number; gid: number }): Promise<number> {
  const child = spawn('sleep', ['120'], isRoot ? { uid: owner.uid, gid: owner.gid, cwd: '/' } : {});
  await once(child, 'spawn');
  onTestFinished(() => {
    child.kill();
  });
  if (!child.pid) throw new Error('no sleep');
  return child.pid;
}

test('a second hub on the same directory is refused with pid and directory', { timeout: SLOW }, async () => {
  const dataDir = await temporaryDirectory();
  const first = startInProcess(dataDir);
  await first.ready;
  await expect(start(dataDir)).rejects.toThrow(
    `Another hub (process ${first.hub.pid}) is using the data directory ${await realpath(dataDir)}: `,
  );
});

test('of many hubs that find the same stale lock one gets the directory', async () => {
  const dataDir = await temporaryDirectory();
  await writeFile(join(dataDir, 'hub.lock'), JSON.stringify({ pid: process.pid, started: 'long ago' }));
  const attempts = await Promise.allSettled(Array.from({ length: 20 }, () => lockDataDir(dataDir)));
  expect(attempts.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
});

test.each([
  ['a dead process', JSON.stringify({ pid: 2 ** 22 + 1, started: '1' })],
  ['a process that has its pid by now', JSON.stringify({ pid: 1, started: 'long ago' })],
  ['nobody, being empty', ''],
])('a lock of %s is taken over', async (_, text) => {
  const dataDir = await temporaryDirectory();
  await writeFile(join(dataDir, 'hub.lock'), text);
  const release = await lockDataDir(dataDir);
  await expect(lockDataDir(dataDir)).rejects.toThrow(`process ${process.pid}`);
  await release();
  await (await lockDataDir(dataDir))();
});

test('stale pid files that name a stranger neither hinder the start nor harm it', {
  timeout: SLOW,
}, async () => {
  const dataDir = await temporaryDirectory();
  const first = await start(dataDir);
  const pidFile = join(dataDir, 'postgres', 'postmaster.pid');
  const postgresPid = await readFile(pidFile, 'utf8');
  const owner = await stat(join(dataDir, 'postgres'));
  await first.stop();

  const pid = await stranger(owner);
  await writeFile(pidFile, postgresPid.replace(/^\d+/, String(pid)));
  await chmod(pidFile, 0o600);
  if (isRoot) await chown(pidFile, owner.uid, owner.gid);
  await writeFile(join(dataDir, 'redis', 'redis.pid'), `${pid}\n`);

  const next = await start(dataDir);
  expect(await sql(next.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(isRunning(pid)).toBe(true);
});

test.skipIf(!isRoot)('data of another user is refused with one sentence', { timeout: SLOW }, async () => {
  const dataDir = await temporaryDirectory();
  await (await start(dataDir)).stop();
  for (const mode of [0o755, 0o777]) {
    await chmod(dataDir, mode);
    const { error } = await startInProcess(dataDir, { uid: 65_534 }).ready;
    expect(error).toMatch(
      /^The data directory \S+ was made by (root|another user \(uid \d+\)): run the hub as/,
    );
  }
});

test('a directory that holds something else is left alone', { timeout: SLOW }, async () => {
  const dataDir = await temporaryDirectory();
  await mkdir(join(dataDir, 'postgres'));
  await writeFile(join(dataDir, 'postgres', 'letters.txt'), 'mine');
  await expect(start(dataDir)).rejects.toThrow(/is not a PostgreSQL data directory: move it away/);
  expect(await readFile(join(dataDir, 'postgres', 'letters.txt'), 'utf8')).toBe('mine');
});
