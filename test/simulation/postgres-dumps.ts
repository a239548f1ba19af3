/** What is in the simulated tables and in the real ones, in one form. */
import type pg from 'pg';
import type { Tables } from './postgres-tables.ts';

export function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sortKeys(each)]),
  );
}

export function dumpTables(tables: Tables): unknown {
  return {
    bookings: [...tables.bookings.values()]
      .map(({ id, status, userId, holdId, totalCents, seats }) => {
        const lines = seats.map(({ seat, cancelledAt }) => [seat, cancelledAt === null]).sort();
        return [id, status, userId, holdId, totalCents, lines];
      })
      .sort(),
    outcomes: [...tables.outcomes].map(([key, { outcome, reason }]) => [key, outcome, reason]).sort(),
    requests: [...tables.requests]
      .map(([key, { message, fingerprint, answer, leasedUntil, token = 'none' }]) => {
        const isLeased = message === 'bookings:confirm' || leasedUntil > Date.now();
        const kept = answer === undefined ? 'none' : JSON.stringify(answer);
        return [key, message, fingerprint, kept, token, isLeased];
      })
      .sort(),
    outbox: [...tables.outbox.values()]
      .map(({ topic, key, payload, attempts, dueAt, sentAt }) => {
        const isDue = sentAt === null && dueAt <= Date.now();
        return [topic, key, sortKeys(payload), attempts, isDue, sentAt !== null];
      })
      .map((row) => JSON.stringify(row))
      .sort(),
    events: [...tables.events.values()].map(({ id, status }) => [id, status]).sort(),
  };
}

export async function dumpDatabase(pool: pg.Pool): Promise<unknown> {
  const rows = async (text: string) => (await pool.query({ text, rowMode: 'array' })).rows;
  return {
    bookings: (
      await rows(`select id, status, user_id, hold_id, total_cents::float8,
        (select json_agg(json_build_array(seat, active) order by seat) from booking_seats where booking_id = id)
        from bookings`)
    ).sort(),
    outcomes: (await rows(`select event_id || ' ' || hold_id, outcome, reason from outcomes`)).sort(),
    requests: (
      await rows(`select user_id || ' ' || request_id, message, fingerprint, coalesce(answer::text, 'none'),
        coalesce(token, 'none'), message = 'bookings:confirm' or leased_until > clock_timestamp() from requests`)
    )
      .map((row) => [...row.slice(0, 3), compact(row[3]), ...row.slice(4)])
      .sort(),
    outbox: (
      await rows(`select topic, key, payload, attempts, sent_at is null and due_at <= clock_timestamp(),
        sent_at is not null from outbox`)
    )
      .map((row) => JSON.stringify([...row.slice(0, 2), sortKeys(row[2]), ...row.slice(3)]))
      .sort(),
    events: (await rows('select id, status from events')).sort(),
  };
}

const compact = (json: string) => (json === 'none' ? json : JSON.stringify(JSON.parse(json)));
