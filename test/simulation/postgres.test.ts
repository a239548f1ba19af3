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
import { seed } from '../support/seed.ts';
import { anyCall, arbitrary, type Call, events, longMs, pair, users, uuid } from './postgres-calls.ts';
import { dumpDatabase, dumpTables, sortKeys } from './postgres-dumps.ts';
import { simStatements } from './postgres-statements.ts';
import { Blocked, Locks, SqlError, Tables, Transaction } from './postgres-tables.ts';

const runs = Number(process.env.STATEMENT_RUNS || 60);
const texts = new Map(
  Object.keys(simStatements).map((name) => [
    name,
    readFileSync(new URL(`../../src/database/queries/${name}.sql`, import.meta.url), 'utf8'),
  ]),
);

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
  // They write rows of the outbox by themselves, for the cache and for ticket holders, of which this model has neither.
  await pool.query('alter table events disable trigger events_changed');
  await pool.query('alter table events disable trigger events_planned_after_update');
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
    const organizerId = users[0] as string;
    tables.events.set(id, { id, organizerId, status: 'published', startsAt: Date.now() + longMs });
    await pool.query(
      `insert into events (id, organizer_id, plan_id, title, description, venue, starts_at, ends_at, time_zone, status,
         published_at, currency, prices, rules, seat_count, created_at, updated_at)
       values ($1, $2, $3, '', '', '', now() + interval '1 day', now() + interval '2 days', 'UTC', 'published', now(),
         'EUR', '{}', '{}', 6, now(), now())`,
      [id, organizerId, uuid(21)],
    );
  }
  return tables;
}

type Result = { rows: unknown[] } | { code: string };

/** Without what two PostgreSQL would not say alike: moments, and the order of rows that promise none. */
function normal(result: Result): unknown {
  if ('code' in result) return result;
  const rows = result.rows.map((row) => {
    const plain = JSON.parse(
      JSON.stringify(row, (key, value) => (isMoment(key) && value ? 'some time' : value)),
    );
    delete plain.guarded;
    if ('topic' in plain) plain.id = 'some id';
    return plain;
  });
  return rows.map((row) => JSON.stringify(sortKeys(row))).sort();
}

const isMoment = (key: string) =>
  ['created_at', 'cancelled_at', 'cancelledAt', 'row_id', 'outbox_id'].includes(key);

/** Names rows of the outbox by their ids, which are given to a batch in any order. */
function named({ name, parameters }: Call, ids: string[]): Call {
  const idOf = (row: unknown) => ids[row as number] ?? '999';
  const [first, ...rest] = parameters;
  if (name === 'mark-sent') return { name, parameters: [(first as number[]).map(idOf)] };
  if (name === 'delay-outbox') return { name, parameters: [idOf(first), ...rest] };
  return { name, parameters };
}

const simulatedIds = (tables: Tables) =>
  [...tables.outbox.values()]
    .sort((a, b) => (a.key === b.key ? a.id - b.id : a.key < b.key ? -1 : 1))
    .map(({ id }) => String(id));
const realIds = async () =>
  (await pool.query('select id::text from outbox order by key, id')).rows.map(({ id }) => id as string);

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

test('one after the other, the simulated statements do what the SQL does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyCall, { minLength: 5, maxLength: 30, size: 'max' }), async (calls) => {
      const tables = await begin();
      for (const call of calls) {
        const transaction = new Transaction(tables, new Locks(), Date.now());
        const real = named(call, await realIds());
        const expected = attempt(transaction, named(call, simulatedIds(tables)));
        if (expected === 'blocked') throw new Error('there is nobody to wait for');
        finish(transaction, true);
        expect(normal(await ask(pool, real)), JSON.stringify(call)).toEqual(normal(expected));
      }
      expect(await dumpDatabase(pool)).toEqual(dumpTables(tables));
    }),
    { seed, numRuns: runs },
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
        pair,
        fc.boolean(),
        async (before, [first, second], commits) => {
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
          const [known, ids] = [simulatedIds(tables), await realIds()];
          const expectedFirst = attempt(a, named(first, known));
          let expectedSecond = attempt(b, named(second, known));
          const isBlocked = expectedSecond === 'blocked';
          if (!isBlocked) finish(b, true);
          finish(a, commits);
          if (isBlocked) {
            expectedSecond = attempt(b, named(second, known));
            finish(b, true);
          }

          await one.query('begin');
          const gotFirst = await ask(one, named(first, ids));
          const asked = ask(two, named(second, ids));
          const isWaiting = await waits(pid, asked);
          // An error has ended the transaction; what it locked is free then.
          await one.query(commits ? 'commit' : 'rollback');
          const story = JSON.stringify({ first, second, commits });
          expect(normal(gotFirst), story).toEqual(normal(expectedFirst as Result));
          expect(normal(await asked), story).toEqual(normal(expectedSecond as Result));
          if (!('code' in gotFirst)) expect(isWaiting, story).toBe(isBlocked);
          expect(await dumpDatabase(pool), story).toEqual(dumpTables(tables));
          if (isWaiting) waited++;
        },
      ),
      { seed, numRuns: runs },
    );
    expect(waited).toBeGreaterThan(0);
  } finally {
    one.release(true);
    two.release(true);
  }
}, 600_000);
