/**
 * Everything a run needs, of its own: three nodes, a Redis and a PostgreSQL as processes, and between them a
 * proxy for every node and service.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { mkdtempSync, chmodSync } from 'node:fs';
import type { Random } from '../random.ts';
import { openDatabase } from '../../../src/database/database.ts';
import { makeLogger } from '../../../src/log.ts';
import { ShiftedClock, smallDisk, unmountAll } from './machine.ts';
import { NodeProcess } from './node-process.ts';
import { PostgresProcess } from './postgres-process.ts';
import { RedisProcess } from './redis-process.ts';
import { TcpProxy } from './tcp-proxy.ts';

export const jwtKeys = `chaos:${Buffer.alloc(32, 9).toString('base64url')}`;
export const redisPrefix = 'chaos';

export interface Disk {
  path: string;
  fill?: () => void;
  empty: () => void;
}

export interface Stage {
  readonly directory: string;
  readonly redis: RedisProcess;
  /** A second one, for a split brain; not started. */
  readonly otherRedis: RedisProcess;
  readonly postgres: PostgresProcess;
  readonly nodes: NodeProcess[];
  readonly disks: { redis: Disk; wal: Disk; logs: Disk };
  readonly redisClock: ShiftedClock;
  /** Processes that ended though nobody had ended them, since this was read last. */
  takeUnexpectedEnds(): string[];
  stop(): Promise<void>;
}

export async function setStage(random: Random, nodeCount = 3): Promise<Stage> {
  const directory = mkdtempSync(join(tmpdir(), 'seatcast-chaos-'));
  chmodSync(directory, 0o755);
  const disks = {
    redis: smallDisk(join(directory, 'redis'), 48),
    wal: smallDisk(join(directory, 'wal'), 24),
    logs: smallDisk(join(directory, 'logs'), 32),
  };
  const log = (name: string) => join(disks.logs.path, `${name}.log`);
  const redisClock = new ShiftedClock(directory, 'redis');
  const redis = new RedisProcess(disks.redis.path, log('redis'), redisClock.environment);
  const otherDirectory = join(directory, 'other-redis');
  mkdirSync(otherDirectory);
  const otherRedis = new RedisProcess(otherDirectory, log('other-redis'));
  const postgres = new PostgresProcess(directory, disks.wal.path, log('postgres'));
  await Promise.all([redis.start(), postgres.create()]);
  await migrate(postgres.url());

  const nodes: NodeProcess[] = [];
  for (let index = 0; index < nodeCount; index++) {
    const toRedis = await new TcpProxy(redis.port, random.fork(`redis ${index}`)).listen();
    const toPostgres = await new TcpProxy(postgres.port, random.fork(`postgres ${index}`)).listen();
    nodes.push(
      new NodeProcess({
        index,
        log: log(`node-${index + 1}`),
        redis: toRedis,
        postgres: toPostgres,
        clock: new ShiftedClock(directory, `node-${index + 1}`),
        environment: {
          NODE_ENV: 'test',
          DATABASE_URL: postgres.url(toPostgres.port),
          REDIS_URL: `redis://127.0.0.1:${toRedis.port}`,
          REDIS_PREFIX: redisPrefix,
          JWT_KEYS: jwtKeys,
          LOG_LEVEL: 'info',
          DRAIN_MS: '500',
          MESSAGES_PER_SECOND: '10000',
          USER_MESSAGES_PER_SECOND: '10000',
          ADDRESS_MESSAGES_PER_SECOND: '1000000',
          HTTP_REQUESTS_PER_SECOND: '1000000',
        },
      }),
    );
  }
  await Promise.all(nodes.map((node) => node.start()));

  const ends: string[] = [];
  const watch = [
    ...nodes.map((node) => ({ name: `node ${node.index + 1}`, process: node.process })),
    { name: 'Redis', process: redis.process },
  ];
  for (const { name, process } of watch) {
    process.onUnexpectedEnd = (how) => ends.push(`${name} ended by itself (${how}): ${process.lastLines(3)}`);
  }
  return {
    directory,
    redis,
    otherRedis,
    postgres,
    nodes,
    disks,
    redisClock,
    takeUnexpectedEnds: () => ends.splice(0),
    async stop() {
      for (const disk of Object.values(disks)) disk.empty();
      await Promise.all(nodes.map((node) => node.process.end()));
      for (const node of nodes) for (const proxy of [node.redis, node.postgres]) proxy.close();
      await Promise.all([redis.stop(), otherRedis.stop(), postgres.stop()]);
      unmountAll();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

async function migrate(url: string): Promise<void> {
  const db = await openDatabase(url, makeLogger('silent', false, 'chaos'), 2, true);
  await db.migrate();
  await db.close();
}
