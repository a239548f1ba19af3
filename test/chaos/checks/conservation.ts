import type { Check, Finding } from './evidence.ts';
import { difference } from './viewer-fold.ts';

/**
 * C11: when all is quiet and every hold has had its time, PostgreSQL, Redis and all viewers agree on every
 * seat, and nothing is held any more.
 */
export const checkConservation: Check = ({ rest }) => {
  const findings: Finding[] = [];
  const say = (sentence: string) => findings.push({ check: 'C11', sentence, ops: [] });
  const { redis, viewers, bookings } = rest;
  const truth = Array.from(redis.seats, () => 'f');
  for (const { active } of bookings) for (const seat of active) truth[seat] = 's';
  const expected = truth.join('');
  if (redis.holds.length > 0)
    say(`stuck: Redis still has ${redis.holds.length} holds (${redis.holds.join(', ')})`);
  if (redis.seats !== expected)
    say(`Redis does not show what PostgreSQL has: ${difference(expected, redis.seats)}`);
  for (const { viewer, seats, fresh } of viewers) {
    if (!fresh) say(`${viewer} still has a stale map`);
    if (seats !== redis.seats)
      say(`${viewer} does not see what Redis has: ${difference(redis.seats, seats)}`);
  }
  return findings;
};
