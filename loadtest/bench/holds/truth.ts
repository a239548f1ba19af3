/** What Redis and PostgreSQL say has happened, beside what the buyers were told. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Cluster, Redis } from 'ioredis';
import { makeKeys } from '../../../src/redis/keys.ts';
import type { House } from '../../shared/house.ts';

/** Nodes write their audit log once a second. */
const patienceMs = 10_000;

export interface Truth {
  /** Begins to count the rows of the audit log. Only one may count at a time. */
  count(): Promise<void>;
  /** Resolves once so many rows more have been written; throws if there are others. */
  journalled(rows: number): Promise<void>;
  /** Throws unless so many seats of the events are held. */
  expectHeld(eventIds: readonly string[], seats: number): Promise<void>;
  /** The map of an event, a letter a seat, and its position. */
  map(eventId: string): Promise<{ position: number; letters: string }>;
  /** How many calls of scripts Redis has had so far, and how often it has read from a connection. */
  reads(): Promise<{ calls: number; reads: number }>;
  close(): Promise<void>;
}

/** @param prefix of the nodes' keys */
export function openTruth(at: string | Cluster, { client }: House, prefix: string): Truth {
  const redis = typeof at === 'string' ? new Redis(at) : at;
  const keys = makeKeys(prefix);
  let known = 0;
  // Counting a million rows would take longer than a turn.
  const rowsSoFar = async () => {
    const { rows } = await client.query<{ rows: string }>(
      'select case when is_called then last_value else 0 end as rows from audit_id_seq',
    );
    return Number(rows[0]?.rows);
  };
  const lettersOf = async (eventId: string) => (await redis.get(keys.event(eventId)[0] as string)) ?? '';
  return {
    async count() {
      known = await rowsSoFar();
    },
    async journalled(rows) {
      const expected = known + rows;
      const until = performance.now() + patienceMs;
      for (known = await rowsSoFar(); known < expected; known = await rowsSoFar()) {
        if (performance.now() > until)
          throw new Error(`${expected - known} rows of the audit log are missing`);
        await sleep(20);
      }
      if (known > expected) throw new Error(`the audit log has ${known - expected} rows too many`);
    },
    async expectHeld(eventIds, seats) {
      const texts = await Promise.all(eventIds.map(lettersOf));
      const held = texts.join('').replaceAll(/[^h]/g, '').length;
      if (held !== seats) throw new Error(`${held} seats are held, but it should be ${seats}`);
    },
    async map(eventId) {
      const letters = await lettersOf(eventId);
      return { position: Number(await redis.hget(keys.event(eventId)[3] as string, 'position')), letters };
    },
    async reads() {
      const text = `${await redis.info('stats')}${await redis.info('commandstats')}`;
      const [, reads] = /total_reads_processed:(\d+)/.exec(text) ?? [];
      const [, calls] = /cmdstat_evalsha:calls=(\d+)/.exec(text) ?? [];
      return { calls: Number(calls ?? 0), reads: Number(reads) };
    },
    async close() {
      redis.disconnect();
    },
  };
}
