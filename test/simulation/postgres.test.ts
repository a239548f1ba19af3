/**
 * The simulated statements against the SQL they stand for, on a real PostgreSQL: random calls one after the other,
 * and pairs of which the second comes while the first is not committed. The same rows, the same waiting, and the
 * same tables afterwards. STATEMENT_RUNS sets how many lists of each.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { openDatabase } from '../../src/database/database.ts';
import { makeLogger } from '../../src/log.ts';
import { simStatements } from './postgres-statements.ts';
import { Blocked, Locks, SqlError, Tables, Transaction } from './postgres-tables.ts';

const runs = Number(process.env.STATEMENT_RUNS || 60);
const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
const users = [uuid(1), uuid(2)];
const events = [uuid(11), uuid(12)];
const texts = new Map(
  Object.keys(simStatements).map((name) => [
    name,
    readFileSync(new URL(`../../src/database/queries/${name}.sql`, import.meta.url), 'utf8'),
  ]),
);
const longMs = 10_000_000;

let pool: pg.Pool;
let drop: () => Promise<void>;

beforeAll(async () => {
  const name = `seatcast_test_${randomBytes(6).toString('hex')}`;
  const admin = new pg.Client({ connectionString: inject('databaseUrl') });
  await admin.connect();
  await admin.query(`create database ${name}`);
  const url = new URL(inject('databaseUrl'));
  url.pathname = `/${name}`;
  const db = await openDatabase(url.href, makeLogger('silent', false, name), 2);
  await db.migrate();
  await db.close();
  pool = new pg.Pool({ connectionString: url.href, max: 3 });
  pool.on('error', () => undefined);
  for (const id of users) {
    await pool.query(
      `insert into users (id, email, name, password_hash, role, created_at) values ($1, $2, '', '', 'user', now())`,
      [id, `${id}@example.com`],
    );
  }
  await pool.query(
    `insert into seating_plans (id, imported_by, name, seat_count, categories, plan, created_at)
     values ($1, $2, 'plan', 6, '[]', '{}', now())`,
    [uuid(21), users[0]],
  );
  // The log can be emptied by nobody else.
  await pool.query('alter table audit disable trigger user');
  drop = async () => {
    await pool.end();
    await admin.query(`drop database ${name} with (force)`);
    await admin.end();
  };
}, 60_000);

afterAll(() => drop());

/** Both sides, as new. */
async function begin(): Promise<Tables> {
  await pool.query('truncate outcomes, requests, outbox, audit restart identity');
  await pool.query('truncate events cascade');
  const tables = new Tables();
  for (const id of events) {
    tables.events.set(id, { id, status: 'published', startsAt: Date.now() + longMs });
    await pool.query(
      `insert into events (id, organizer_id, plan_id, title, description, venue, starts_at, ends_at, time_zone, status,
         published_at, currency, prices, rules, seat_count, created_at, updated_at)
       values ($1, $2, $3, '', '', '', now() + interval '1 day', now() + interval '2 days', 'UTC', 'published', now(),
         'EUR', '{}', '{}', 6, now(), now())`,
      [id, users[0], uuid(21)],
    );
  }
  return tables;
}

interface Call {
  name: string;
  parameters: unknown[];
}

const pickUser = fc.constantFrom(...users);
/** Holds 0 to 3 are of the first event, the others of the second. */
const eventOf = (hold: number) => events[hold < 4 ? 0 : 1];
const pickEvent = fc.constantFrom(events[0], events[0], events[0], events[1]);
const eventAndHold = fc.nat(5).map((n) => [eventOf(n), `hold-${n}`]);
const holdNumber = fc.nat(5);
const bookingId = fc.nat(5).map((n) => uuid(100 + n));
const seats = fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 3 });
const request = fc.option(fc.constantFrom('request-1', 'request-2', 'request-3', 'request-4'), { freq: 3 });
const actor = [null, null, null, 'reason'];

/** Holds of a batch have no seat in common. */
const batch = fc
  .uniqueArray(fc.record({ n: holdNumber, userId: pickUser, requestId: request, seats }), {
    minLength: 1,
    maxLength: 3,
    selector: ({ n }) => n,
  })
  .chain((holds) =>
    fc.constantFrom(null, null, null, longMs, -longMs).map((leftMs) => {
      const used = new Set<string>();
      const apart = holds.filter(({ n, seats }) => {
        const keys = seats.map((seat) => `${eventOf(n)} ${seat}`);
        const isFree = keys.every((key) => !used.has(key));
        for (const key of keys) used.add(key);
        return isFree;
      });
      return JSON.stringify(
        apart.map(({ n, seats, ...hold }) => ({
          ...hold,
          eventId: eventOf(n),
          holdId: `hold-${n}`,
          bookingId: uuid(100 + n),
          sessionId: 'session',
          currency: 'EUR',
          leftMs,
          seats: seats.map((seat) => ({
            seat,
            label: `Seat ${seat}`,
            category: 'A',
            priceCents: 100 + seat,
          })),
        })),
      );
    }),
  );

const outboxId = fc.nat(5).map((n) => String(n + 1));
const away = fc.constantFrom(-longMs, longMs);
const parametersOf: Record<string, fc.Arbitrary<unknown[]>> = {
  'confirm-holds': fc.tuple(batch),
  'refuse-hold': eventAndHold.map((each) => [...each, 'hold-not-found']),
  'compare-event': fc
    .tuple(
      pickEvent,
      fc.uniqueArray(fc.nat(5)),
      fc.uniqueArray(holdNumber.map((n) => `hold-${n}`)),
      fc.uniqueArray(pickUser),
      fc.array(fc.nat(3), { minLength: 2, maxLength: 2 }),
      fc.uniqueArray(fc.nat(5)),
    )
    .map(([event, shown, holds, owners, counts, strays]) => {
      return [event, shown, holds, owners, counts.slice(0, owners.length), strays];
    }),
  'latest-sales': fc.constant([events]),
  'read-outcome': eventAndHold,
  'booked-seats': fc.tuple(pickEvent),
  'sold-among': fc.tuple(pickEvent, seats),
  'booking-of-hold': fc.tuple(holdNumber.map((n) => `hold-${n}`)),
  'read-booking': fc.tuple(bookingId),
  'read-bookings': fc.tuple(fc.array(bookingId, { maxLength: 3 })),
  'cancel-seats': fc.tuple(bookingId, fc.option(seats)).map(([id, some]) => [id, some, ...actor]),
  'cancel-event': fc.tuple(pickEvent).map(([id]) => [id, ...actor]),
  'cancel-event-batch': fc
    .tuple(pickEvent, fc.integer({ min: 1, max: 3 }))
    .map((each) => [...each, ...actor]),
  'event-cancellation': fc.tuple(pickEvent),
  'ask-once': fc.tuple(
    pickUser,
    fc.constantFrom('request-1', 'request-2'),
    fc.constantFrom('message', 'message', 'other'),
    fc.constantFrom('print', 'print', 'other'),
    away,
  ),
  'answer-once': fc.tuple(
    pickUser,
    fc.constantFrom('request-1', 'request-2'),
    fc.constantFrom('{"a":1}', 'null'),
  ),
  'forget-request': fc.tuple(pickUser, fc.constantFrom('request-1', 'request-2')),
  'take-outbox': fc.tuple(away, fc.integer({ min: 1, max: 3 })),
  'mark-sent': fc.tuple(fc.array(outboxId, { maxLength: 3 })),
  'delay-outbox': fc.tuple(outboxId, away),
  'forget-old': fc.constant([100]),
};
const weights: Record<string, number> = {
  'confirm-holds': 14,
  'cancel-seats': 8,
  'refuse-hold': 3,
  'cancel-event': 1,
};
const arbitrary = (names: string[]): fc.Arbitrary<Call> =>
  fc.oneof(
    ...names.map((name) => ({
      weight: weights[name] ?? 2,
      arbitrary: (parametersOf[name] as fc.Arbitrary<unknown[]>).map((parameters) => ({ name, parameters })),
    })),
  );
const anyCall = arbitrary(Object.keys(simStatements));
/** Those that meet others. */
const writing = arbitrary([
  'confirm-holds',
  'refuse-hold',
  'cancel-seats',
  'cancel-event',
  'cancel-event-batch',
  'ask-once',
  'answer-once',
  'forget-request',
  'take-outbox',
  'mark-sent',
]);

type Result = { rows: unknown[] } | { code: string };

/** Without what two PostgreSQL would not say alike: moments, and the order of rows that promise none. */
function normal(result: Result): unknown {
  if ('code' in result) return result;
  const rows = result.rows.map((row) => {
    const plain = JSON.parse(
      JSON.stringify(row, (key, value) => (isMoment(key) && value ? 'some time' : value)),
    );
    delete plain.guarded;
    return plain;
  });
  return rows.map((row) => JSON.stringify(sortKeys(row))).sort();
}

const isMoment = (key: string) => ['created_at', 'cancelled_at', 'cancelledAt', 'row_id'].includes(key);
function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, each]) => [key, sortKeys(each)]),
  );
}

async function ask(client: pg.Pool | pg.PoolClient, { name, parameters }: Call): Promise<Result> {
  try {
    return { rows: (await client.query(texts.get(name) ?? '', parameters)).rows };
  } catch (error) {
    return { code: (error as { code: string }).code };
  }
}

/** Begins or goes on with a statement. It stays open until `finish`. */
function attempt(transaction: Transaction, { name, parameters }: Call): Result | 'blocked' {
  transaction.now = Date.now();
  transaction.writes = [];
  try {
    return { rows: simStatements[name]?.(transaction, parameters) ?? [] };
  } catch (error) {
    if (error instanceof Blocked) return 'blocked';
    if (error instanceof SqlError) {
      transaction.writes = [];
      return { code: error.code };
    }
    throw error;
  }
}

function finish(transaction: Transaction, commits: boolean): void {
  if (commits) for (const write of transaction.writes) write();
  transaction.locks.release(transaction);
}

function dumpTables(tables: Tables): unknown {
  return {
    bookings: [...tables.bookings.values()]
      .map(({ id, status, userId, holdId, totalCents, seats }) => {
        const lines = seats.map(({ seat, cancelledAt }) => [seat, cancelledAt === null]).sort();
        return [id, status, userId, holdId, totalCents, lines];
      })
      .sort(),
    outcomes: [...tables.outcomes].map(([key, { outcome, reason }]) => [key, outcome, reason]).sort(),
    requests: [...tables.requests]
      .map(([key, { message, fingerprint, answer, leasedUntil }]) => {
        const isLeased = message === 'bookings:confirm' || leasedUntil > Date.now();
        return [key, message, fingerprint, answer === undefined ? 'none' : JSON.stringify(answer), isLeased];
      })
      .sort(),
    outbox: [...tables.outbox.values()]
      .map(({ id, topic, key, payload, attempts, dueAt, sentAt }) => {
        const isDue = sentAt === null && dueAt <= Date.now();
        return [String(id), topic, key, sortKeys(payload), attempts, isDue, sentAt !== null];
      })
      .sort(),
    events: [...tables.events.values()].map(({ id, status }) => [id, status]).sort(),
  };
}

async function dumpDatabase(): Promise<unknown> {
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
        message = 'bookings:confirm' or leased_until > clock_timestamp() from requests`)
    )
      .map((row) => [...row.slice(0, 3), compact(row[3]), row[4]])
      .sort(),
    outbox: (
      await rows(`select id::text, topic, key, payload, attempts, sent_at is null and due_at <= clock_timestamp(),
        sent_at is not null from outbox`)
    )
      .map((row) => [...row.slice(0, 3), sortKeys(row[3]), ...row.slice(4)])
      .sort(),
    events: (await rows('select id, status from events')).sort(),
  };
}

const compact = (json: string) => (json === 'none' ? json : JSON.stringify(JSON.parse(json)));

test('one after the other, the simulated statements do what the SQL does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyCall, { minLength: 5, maxLength: 30, size: 'max' }), async (calls) => {
      const tables = await begin();
      for (const call of calls) {
        const transaction = new Transaction(tables, new Locks(), Date.now());
        const expected = attempt(transaction, call);
        if (expected === 'blocked') throw new Error('there is nobody to wait for');
        finish(transaction, true);
        expect(normal(await ask(pool, call)), JSON.stringify(call)).toEqual(normal(expected));
      }
      expect(await dumpDatabase()).toEqual(dumpTables(tables));
    }),
    { numRuns: runs },
  );
}, 600_000);

/** Whether a statement waits for another, or has its answer. */
async function waits(pid: number, result: Promise<unknown>): Promise<boolean> {
  let isOver = false;
  void result.then(() => {
    isOver = true;
  });
  for (;;) {
    const found = await pool.query('select pg_blocking_pids($1) as pids', [pid]);
    if (isOver) return false;
    if (found.rows[0].pids.length > 0) return true;
  }
}

test('two at once, they wait for each other and see what the SQL sees', async () => {
  const [one, two] = [await pool.connect(), await pool.connect()];
  const pid = (await two.query('select pg_backend_pid() as pid')).rows[0].pid as number;
  let waited = 0;
  try {
    await fc.assert(
      fc.asyncProperty(
        fc.array(arbitrary(['confirm-holds', 'ask-once', 'cancel-seats']), { maxLength: 8 }),
        writing,
        writing,
        fc.boolean(),
        async (before, first, second, commits) => {
          const tables = await begin();
          for (const call of before) {
            const transaction = new Transaction(tables, new Locks(), Date.now());
            attempt(transaction, call);
            finish(transaction, true);
            await ask(pool, call);
          }
          const locks = new Locks();
          const [a, b] = [
            new Transaction(tables, locks, Date.now()),
            new Transaction(tables, locks, Date.now()),
          ];
          const expectedFirst = attempt(a, first);
          let expectedSecond = attempt(b, second);
          const isBlocked = expectedSecond === 'blocked';
          if (!isBlocked) finish(b, true);
          finish(a, commits);
          if (isBlocked) {
            expectedSecond = attempt(b, second);
            finish(b, true);
          }

          await one.query('begin');
          const gotFirst = await ask(one, first);
          const asked = ask(two, second);
          const isWaiting = await waits(pid, asked);
          // An error has ended the transaction; what it locked is free then.
          await one.query(commits ? 'commit' : 'rollback');
          const story = JSON.stringify({ first, second, commits });
          expect(normal(gotFirst), story).toEqual(normal(expectedFirst as Result));
          expect(normal(await asked), story).toEqual(normal(expectedSecond as Result));
          if (!('code' in gotFirst)) expect(isWaiting, story).toBe(isBlocked);
          expect(await dumpDatabase(), story).toEqual(dumpTables(tables));
          if (isWaiting) waited++;
        },
      ),
      { numRuns: runs },
    );
    expect(waited).toBeGreaterThan(runs / 20);
  } finally {
    one.release(true);
    two.release(true);
  }
}, 600_000);
