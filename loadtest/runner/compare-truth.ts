/**
 * k6 compares every visitor's map with one that a node answers. Here the other half: what the nodes answer, once
 * everything is quiet, is what Redis has, and what is sold there is what PostgreSQL has.
 */
import { Redis } from 'ioredis';
import pg from 'pg';
import { makeKeys } from '../../src/redis/keys.ts';
import { decodeSnapshot, states, statesOfLetters } from '../../src/seats/codec.ts';
import { Talk } from '../shared/talk.ts';
import type { HubUnderTest } from './hub-under-test.ts';

const { sold } = states;

/** @returns what is wrong, in words */
export async function compareTruth(hub: HubUnderTest, eventId: string): Promise<string[]> {
  const [inRedis, booked] = [await mapInRedis(hub, eventId), await bookedSeats(hub, eventId)];
  const problems: string[] = [];
  const wrong = inRedis.seats.filter((state, seat) => (state === sold) !== booked.has(seat)).length;
  if (wrong > 0) problems.push(`${wrong} seats are sold in only one of Redis and PostgreSQL.`);
  for (const url of hub.urls) {
    const talk = await Talk.connect(url.replace('http', 'ws'));
    const { position, snapshot } = await talk.granted('seats:watch', { eventId });
    talk.close();
    const shown = snapshot && decodeSnapshot(snapshot);
    const differing = inRedis.seats.filter((state, seat) => shown?.[seat] !== state).length;
    if (differing > 0 || position !== inRedis.position) {
      const where = `position ${position}, Redis is at ${inRedis.position}`;
      problems.push(`The map of ${url} shows ${differing} seats in another state than Redis (${where}).`);
    }
  }
  return problems;
}

async function mapInRedis({ redisUrl }: HubUnderTest, eventId: string) {
  const redis = new Redis(redisUrl);
  const [seats = '', , , meta = ''] = makeKeys('seatcast').event(eventId);
  const letters = (await redis.get(seats)) ?? '';
  const position = Number(await redis.hget(meta, 'position'));
  redis.disconnect();
  return { position, seats: [...statesOfLetters(letters)] };
}

async function bookedSeats({ databaseUrl }: HubUnderTest, eventId: string): Promise<Set<number>> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  const text = 'select seat from booking_seats where event_id = $1 and active';
  const { rows } = await client.query<{ seat: number }>(text, [eventId]);
  await client.end();
  return new Set(rows.map(({ seat }) => seat));
}
