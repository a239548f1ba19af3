/**
 * The scripts of holds without anybody around them: the same calls, with keys and arguments of their own each,
 * are written to a file beforehand and sent by `redis-cli --pipe`, which reads the answers and throws them away.
 * (`redis-benchmark` cannot do this: its random numbers have leading zeros, and it sends one call again and again.)
 */
import { execFileSync, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { fingerprint, newHoldId } from '../../../src/ids.ts';
import { makeKeys } from '../../../src/redis/keys.ts';
import { holdSeats } from '../../../src/redis/scripts/hold-seats.ts';
import { releaseSeats } from '../../../src/redis/scripts/release-seats.ts';
import { userId } from '../../shared/house.ts';
import type { Stage } from '../shared/stage.ts';

export const howToGetIt =
  'There is no redis-cli on this machine, so what the script alone costs Redis is left out: on Debian and Ubuntu it is in the package `redis-tools`.';

export function hasRedisCli(): boolean {
  try {
    execFileSync('redis-cli', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

export interface Replay {
  /** Sends the calls that hold every pair, or those that let go of them. */
  send(what: 'holds' | 'releases'): Promise<{ count: number; seconds: number }>;
}

/** Makes the calls, so many pairs of each event. Its map must be in Redis. */
export async function prepareReplay(
  stage: Stage,
  options: { prefix: string; eventIds: readonly string[]; pairs: number; buyers: number },
): Promise<Replay> {
  const redis = new Redis(stage.services.redisUrl);
  const run = /^run_id:(\w+)/m.exec(await redis.info('server'))?.[1] ?? '';
  for (const { source } of [holdSeats, releaseSeats]) await redis.script('LOAD', source);
  redis.disconnect();
  const keys = makeKeys(options.prefix);
  const calls = { holds: [] as string[], releases: [] as string[] };
  const call = (sha: string, eventId: string, args: readonly (string | number)[]) => {
    const names = keys.event(eventId);
    return encoded(['evalsha', sha, names.length, ...names, run, ...args]);
  };
  let n = 0;
  for (const eventId of options.eventIds) {
    for (let pair = 0; pair < options.pairs; pair++) {
      const request = { owner: userId(1 + (n++ % options.buyers)), requestId: randomUUID() };
      const [holdId, seats] = [newHoldId(), [2 * pair, 2 * pair + 1]];
      const print = fingerprint('hold', seats, undefined);
      const hold = { ...request, fingerprint: print, holdId, into: undefined, seats };
      const release = { ...request, requestId: randomUUID(), fingerprint: print, holdId, seats: [] };
      calls.holds.push(call(holdSeats.sha, eventId, holdSeats.encode(hold)));
      calls.releases.push(call(releaseSeats.sha, eventId, releaseSeats.encode(release)));
    }
  }
  return {
    async send(what) {
      const file = join(stage.directory, `replayed-${what}`);
      writeFileSync(file, calls[what].join(''));
      const start = performance.now();
      const said = await pipe(stage.services.redisUrl, file);
      const seconds = (performance.now() - start) / 1000;
      const count = calls[what].length;
      if (!said.includes(`errors: 0, replies: ${count}`)) throw new Error(`redis-cli --pipe said: ${said}`);
      return { count, seconds };
    },
  };
}

/** The protocol of Redis. All of it is ASCII here. */
const encoded = (parts: readonly (string | number)[]): string =>
  `*${parts.length}\r\n${parts.map((part) => `$${String(part).length}\r\n${part}\r\n`).join('')}`;

function pipe(redisUrl: string, file: string): Promise<string> {
  const { hostname, port, password } = new URL(redisUrl);
  const input = openSync(file, 'r');
  const child = spawn('redis-cli', ['-h', hostname, '-p', port, '--pipe'], {
    env: { PATH: process.env.PATH ?? '', REDISCLI_AUTH: password },
    stdio: [input, 'pipe', 'inherit'],
  });
  closeSync(input);
  return new Promise((resolve, reject) => {
    let said = '';
    child.stdout?.on('data', (data) => {
      said += data;
    });
    child.once('error', reject);
    child.once('close', () => resolve(said));
  });
}
