import { readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  eventually,
  isRunning,
  killHard,
  processesOf,
  redis,
  serverPids,
  sql,
  start,
  startInProcess,
  temporaryDirectory,
} from './support.ts';

const SLOW = 90_000;

test('a second start finds the data of the first', { timeout: SLOW }, async () => {
  const dataDir = await temporaryDirectory();
  const first = await start(dataDir);
  expect(first.embedded).toEqual({ postgres: true, redis: true });
  await sql(first.databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await redis(first.redisUrl, 'SET', 'kept', '42');
  await first.stop();
  expect(await processesOf(dataDir)).toEqual([]);

  const second = await start(dataDir);
  expect(await sql(second.databaseUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  expect(await redis(second.redisUrl, 'GET', 'kept')).toBe('42');
  await second.stop();
  await second.stop();
  expect([...first.exits, ...second.exits]).toEqual([]);
});

test('the servers are durable, closed to others, and tell no password', { timeout: SLOW }, async () => {
  const dataDir = await temporaryDirectory();
  const { databaseUrl, redisUrl } = await start(dataDir, { enableDebugCommand: true });
  const settings = await sql(
    databaseUrl,
    `SELECT name, setting FROM pg_settings WHERE name IN
      ('fsync', 'synchronous_commit', 'listen_addresses', 'max_connections', 'unix_socket_directories') ORDER BY 1`,
  );
  expect(settings.map(({ name, setting }) => `${name}=${setting}`)).toEqual([
    'fsync=on',
    'listen_addresses=127.0.0.1',
    'max_connections=200',
    'synchronous_commit=on',
    'unix_socket_directories=',
  ]);
  expect(await redis(redisUrl, 'CONFIG', 'GET', 'appendfsync')).toEqual(['appendfsync', 'everysec']);
  expect(await redis(redisUrl, 'CONFIG', 'GET', 'maxmemory-policy')).toEqual([
    'maxmemory-policy',
    'noeviction',
  ]);
  expect(await redis(redisUrl, 'CONFIG', 'GET', 'save')).toEqual(['save', '']);
  expect(await redis(redisUrl, 'DEBUG', 'SLEEP', '0')).toBe('OK');

  await expect(sql(databaseUrl.replace(/:[0-9a-f]{48}@/, ':wrong@'), 'SELECT 1')).rejects.toThrow(/password/);
  await expect(redis(redisUrl.replace(/:[0-9a-f]{48}@/, ''), 'PING')).rejects.toThrow(/NOAUTH/);
  for (const name of ['postgres-password', 'redis-password', 'redis/redis.conf']) {
    expect((await stat(join(dataDir, name))).mode & 0o777, name).toBe(0o600);
  }
  const passwords = [new URL(databaseUrl).password, new URL(redisUrl).password];
  const seen = (await processesOf(dataDir)).join('\n');
  for (const password of passwords) expect(seen).not.toContain(password);
});

test('given URLs are used and nothing is started', async () => {
  const dataDir = join(await temporaryDirectory(), 'never-made');
  const urls = { databaseUrl: 'postgres://elsewhere/db', redisUrl: 'redis://elsewhere' };
  const services = await start(dataDir, urls);
  expect(services).toMatchObject({ ...urls, embedded: { postgres: false, redis: false } });
  await expect(stat(dataDir)).rejects.toThrow(/ENOENT/);
});

test('one given URL leaves the other service to be started', { timeout: SLOW }, async () => {
  const services = await start(await temporaryDirectory(), { databaseUrl: 'postgres://elsewhere/db' });
  expect(services.embedded).toEqual({ postgres: false, redis: true });
  expect(services.databaseUrl).toBe('postgres://elsewhere/db');
  expect(await redis(services.redisUrl, 'PING')).toBe('PONG');
});

test('a server that dies is told, and the other can still be stopped', { timeout: SLOW }, async () => {
  const dataDir = await temporaryDirectory();
  const services = await start(dataDir);
  process.kill((await serverPids(dataDir)).redis, 'SIGKILL');
  await eventually('the exit is told', () => services.exits.length > 0);
  expect(services.exits).toEqual([expect.stringMatching(/^Redis ended unexpectedly \(signal SIGKILL\)/)]);
  await services.stop();
  expect(await processesOf(dataDir)).toEqual([]);
});

test('when one service cannot start, the other is ended and the directory is free', {
  timeout: SLOW,
}, async () => {
  const dataDir = await temporaryDirectory();
  await expect(start(dataDir, { redisServer: '/bin/false' })).rejects.toThrow(
    'REDIS_SERVER names /bin/false, which cannot be used: it does not run (exit code 1).',
  );
  expect(await processesOf(dataDir)).toEqual([]);
  await start(dataDir);
});

test('the servers end when the hub is killed', { timeout: SLOW }, async () => {
  const dataDir = await temporaryDirectory();
  const { hub, ready } = startInProcess(dataDir);
  await ready;
  const pids = await serverPids(dataDir);
  await killHard(hub);
  await eventually('both have ended', () => !isRunning(pids.postgres) && !isRunning(pids.redis));
  expect(await processesOf(dataDir)).toEqual([]);
});

test('a start after a hub was killed ends its orphans and finds its data', { timeout: SLOW }, async () => {
  const dataDir = await temporaryDirectory();
  const { hub, ready } = startInProcess(dataDir, { endWithParent: false });
  const { databaseUrl, redisUrl } = await ready;
  await sql(databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
  await redis(redisUrl, 'SET', 'kept', '42');
  const orphans = await serverPids(dataDir);
  await killHard(hub);
  expect([isRunning(orphans.postgres), isRunning(orphans.redis)]).toEqual([true, true]);

  const next = await start(dataDir);
  expect([isRunning(orphans.postgres), isRunning(orphans.redis)]).toEqual([false, false]);
  expect(next.log.filter((line) => line.includes('left running'))).toHaveLength(2);
  expect(await sql(next.databaseUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  expect(await redis(next.redisUrl, 'GET', 'kept')).toBe('42');
  await next.stop();
  expect(await processesOf(dataDir)).toEqual([]);
});

test('a start after everything was killed at once recovers what was committed', {
  timeout: SLOW,
}, async () => {
  const dataDir = await temporaryDirectory();
  const { hub, ready } = startInProcess(dataDir, { endWithParent: false });
  const { databaseUrl, redisUrl } = await ready;
  await redis(redisUrl, 'SET', 'kept', '42');
  await sql(databaseUrl, 'CREATE TABLE kept AS SELECT 42 AS answer');
  const pids = await serverPids(dataDir);
  for (const pid of [pids.postgres, pids.redis]) process.kill(pid, 'SIGKILL');
  await killHard(hub);

  const next = await start(dataDir);
  expect(await sql(next.databaseUrl, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  expect(await redis(next.redisUrl, 'GET', 'kept')).toBe('42');
});

test('a start that was killed in the middle of initdb begins anew', { timeout: SLOW }, async () => {
  const dataDir = await temporaryDirectory();
  const { hub, ready } = startInProcess(dataDir);
  ready.catch(() => {});
  const half = async () => (await readdir(dataDir)).find((name) => name.startsWith('postgres.new-'));
  await eventually('initdb has begun', async () => {
    const staging = await half();
    return (
      staging !== undefined &&
      (await stat(join(dataDir, staging, 'data', 'base')).catch(() => undefined)) !== undefined
    );
  });
  await killHard(hub);
  expect(await half()).toBeDefined();

  const next = await start(dataDir);
  expect(await sql(next.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
});

test('a lost password of PostgreSQL is replaced', { timeout: SLOW }, async () => {
  const dataDir = await temporaryDirectory();
  await (await start(dataDir)).stop();
  const file = join(dataDir, 'postgres-password');
  const before = await readFile(file, 'utf8');
  await rm(file);
  const next = await start(dataDir);
  expect(await sql(next.databaseUrl, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  expect(await readFile(file, 'utf8')).not.toBe(before);
});
