/**
 * What every question starts from: an embedded PostgreSQL and Redis with nothing in them, a line of
 * progress, CPU time by process, and rounds in which the candidates take turns.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import pg from 'pg';
import { makeLogger } from '../../../src/log.ts';
import { type Services, startServices } from '../../../src/services/services.ts';
import { Line } from '../../crowd/report.ts';
import type { Ground } from '../../shared/house.ts';
import { allStats, readText, statOf } from '../../shared/proc.ts';
import { pin } from '../../shared/processes.ts';

export interface Stage {
  /** For the data of the services and for files of the run. */
  readonly directory: string;
  readonly services: Services;
  readonly line: Line;
  /** Where the house of a question is built. */
  readonly ground: Ground;
  readonly loadAtStart: number;
  /** Where nodes that are measured leave a CPU profile; undefined: they are not profiled. */
  readonly profiles: string | undefined;
  /** CPU seconds that a service has used so far; NaN where the system does not say. */
  cpuOf(service: 'postgres' | 'redis'): number;
  /** PostgreSQL, Redis and this process leave the core of what is measured. */
  setAside(): void;
  /** For whoever puts PostgreSQL back: Redis would know more than it. */
  emptyRedis(): Promise<void>;
  close(): Promise<void>;
}

/**
 * On the same disk as the tree: a folder for temporary files may be in memory, where fsync costs nothing. It
 * is locked while a bench runs, so two cannot spoil each other's numbers.
 */
const directory = resolve('.data/bench');
/** A redis-server that had to be fetched stays; nothing else does. */
const kept = 'redis-server';

export async function openStage(withProfiles = false): Promise<Stage> {
  const loadAtStart = Number(readText('/proc/loadavg').split(' ')[0] || Number.NaN);
  const line = new Line();
  line.say('starting PostgreSQL and Redis');
  const services = await startServices({
    redisServer: process.env.REDIS_SERVER || undefined,
    dataDir: directory,
    log: (text) => line.show(text),
    onExit: (sentence) => {
      console.error(sentence);
      process.exit(1);
    },
  });
  // A run that was killed leaves its data behind.
  await emptyPostgres(services.databaseUrl);
  await emptyRedis(services.redisUrl);
  const pidFiles = { postgres: 'postgres/postmaster.pid', redis: 'redis/redis.pid' };
  const pidOf = (service: keyof typeof pidFiles) =>
    Number.parseInt(readText(join(directory, pidFiles[service])), 10);
  return {
    directory,
    services,
    line,
    ground: {
      databaseUrl: services.databaseUrl,
      log: makeLogger('warn', false, 'bench'),
      say: (text) => line.show(text),
    },
    loadAtStart,
    profiles: withProfiles ? join(directory, 'profiles') : undefined,
    cpuOf: (service) => cpuSeconds(pidOf(service)),
    setAside() {
      for (const pid of [process.pid, pidOf('postgres'), pidOf('redis')]) pin(pid, 'others');
    },
    emptyRedis: () => emptyRedis(services.redisUrl),
    async close() {
      await services.stop();
      for (const name of readdirSync(directory)) {
        if (name !== kept) rmSync(join(directory, name), { recursive: true, force: true });
      }
    },
  };
}

async function emptyPostgres(databaseUrl: string): Promise<void> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  await client.query('drop schema public cascade; create schema public');
  await client.end();
}

async function emptyRedis(redisUrl: string): Promise<void> {
  const redis = new Redis(redisUrl);
  await redis.flushall();
  redis.disconnect();
}

/** One of those that are compared. */
export interface Candidate<Measured> {
  readonly name: string;
  /** Called before each turn, untimed. */
  prepare?(): Promise<void>;
  turn(): Promise<Measured>;
}

/**
 * All candidates in every round, so that whatever else the machine does hits all alike; forwards and
 * backwards in turn, so that nobody always comes after the same one. Ratios within a round are what counts.
 */
export async function takeTurns<Measured>(
  candidates: readonly Candidate<Measured>[],
  options: { rounds: number; line: Line; show: (measured: Measured) => string },
): Promise<Map<string, Measured[]>> {
  const { rounds, line, show } = options;
  const turns = new Map<string, Measured[]>(candidates.map(({ name }) => [name, []]));
  for (let round = 1; round <= rounds; round++) {
    const order = round % 2 === 1 ? candidates : candidates.toReversed();
    for (const candidate of order) {
      await candidate.prepare?.();
      const measured = await candidate.turn();
      turns.get(candidate.name)?.push(measured);
      line.say(`round ${round} of ${rounds}: ${candidate.name}: ${show(measured)}`);
      // What is still being written or closed belongs to nobody.
      await sleep(200);
    }
  }
  return turns;
}

/** User and system time of a process, its children, and those children that have ended. */
export function cpuSeconds(pid: number): number {
  if (process.platform !== 'linux' || !(pid > 0)) return Number.NaN;
  return allStats().reduce((sum, each) => {
    if (each.pid === pid) return sum + each.own + each.ended;
    return each.parent === pid ? sum + each.own : sum;
  }, 0);
}

/** CPU seconds of the children of this process that have ended, such as a load generator. */
export const cpuOfEndedChildren = (): number => statOf('self')?.ended ?? Number.NaN;
