/** The audit log in PostgreSQL: what the database refuses, and what happens to rows while it is away. */
import { describe, expect, test } from 'vitest';
import { AuditLog, type AuditRow, nobody } from '../../src/audit/audit-log.ts';
import type { Clock } from '../../src/clock.ts';
import type { Database } from '../../src/database/database.ts';
import { seatsAt } from '../../src/database/statements.ts';
import { importPlan } from '../../src/events/plans.ts';
import { makeLogger } from '../../src/log.ts';
import { startTestHubs, testPlan } from '../support/hub.ts';

const hubs = await startTestHubs(1);
const { db } = hubs.nodes[0]?.engine ?? { db: undefined as never };
const log = makeLogger('silent', false, 'test');
/** Never wakes up: what is written is written by the test. */
const still: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after: () => () => undefined,
};

const row = (action: string, details: Record<string, unknown> = {}, at = Date.now()): AuditRow => ({
  at,
  action,
  eventId: null,
  by: nobody,
  seats: [3, 1],
  details,
});
const written = (action: string) =>
  hubs.sql<{ details: Record<string, unknown>; at: Date; seats: number[] }>(
    'select details, at, seats from audit where action = $1 order by id',
    [action],
  );

describe('[AUDIT-1] every change of state is in the audit log, and the database refuses to change it', () => {
  test.each([
    'update audit set actor_id = null',
    "update audit set details = '{}' where id = 1",
    'delete from audit',
    'truncate audit',
    'truncate audit, events cascade',
  ])('%s', async (statement) => {
    await hubs.event();
    const before = await hubs.sql('select * from audit order by id');
    expect(before.length).toBeGreaterThan(0);
    await expect(hubs.sql(statement)).rejects.toMatchObject({
      code: '42501',
      message: expect.stringContaining('append-only'),
    });
    expect(await hubs.sql('select * from audit order by id')).toEqual(before);
  });

  test('a change whose row cannot be written is not made', async () => {
    const organizer = await hubs.user('organizer');
    await hubs.sql(`create function no_audit() returns trigger language plpgsql as $$
      begin raise exception 'full'; end $$;
      create trigger no_audit before insert on audit for each row execute function no_audit()`);
    try {
      await expect(importPlan(db, organizer.id, testPlan(20))).rejects.toThrow('full');
    } finally {
      await hubs.sql('drop trigger no_audit on audit; drop function no_audit()');
    }
    expect(await hubs.sql('select 1 from seating_plans where imported_by = $1', [organizer.id])).toEqual([]);
    await importPlan(db, organizer.id, testPlan(20));
    expect(await hubs.sql('select 1 from seating_plans where imported_by = $1', [organizer.id])).toHaveLength(
      1,
    );
  });
});

describe('rows that are written beside a change', () => {
  test('keep their time, order, seats and details', async () => {
    const audit = new AuditLog({ db, log, clock: still });
    const at = 1_750_000_000_123;
    for (let n = 0; n < 12_000; n++)
      audit.note(row('noted-many', { n, text: `a "quoted" {word}, ${n}` }, at + n));
    await audit.flush();
    expect(audit.counts).toEqual({ written: 12_000, dropped: 0 });
    const found = await written('noted-many');
    expect(found.map(({ details }) => details.n)).toEqual(Array.from({ length: 12_000 }, (_, n) => n));
    expect(found[7]).toMatchObject({ at: new Date(at + 7), seats: [3, 1] });
    expect(found[7]?.details.text).toBe('a "quoted" {word}, 7');
  });

  test('are written once, also when nobody knows whether the first attempt got through', async () => {
    let answers = 0;
    const unsure: Database = {
      ...db,
      async run(...args) {
        const result = await db.run(...args);
        if (answers++ === 0) throw new Error('Connection terminated unexpectedly');
        return result;
      },
    };
    const audit = new AuditLog({ db: unsure, log, clock: still });
    for (const n of [1, 2, 3]) audit.note(row('noted-once', { n }));
    await expect(audit.flush()).rejects.toThrow('terminated');
    expect(audit.waiting).toBe(3);
    audit.note(row('noted-once', { n: 4 }));
    await audit.flush();
    expect((await written('noted-once')).map(({ details }) => details.n)).toEqual([1, 2, 3, 4]);
  });

  test('wait while PostgreSQL is away, so many; what is left out is counted, and the log says so', async () => {
    let isAway = true;
    const away: Database = {
      ...db,
      run: (...args) => (isAway ? Promise.reject(new Error('Connection terminated')) : db.run(...args)),
    };
    const audit = new AuditLog({ db: away, log, clock: still, waitingAtMost: 10 });
    for (let n = 0; n < 14; n++) audit.note(row('noted-few', { n }));
    await expect(audit.flush()).rejects.toThrow('terminated');
    expect(audit.waiting).toBe(10);
    expect(audit.counts).toEqual({ written: 0, dropped: 4 });
    isAway = false;
    await audit.flush();
    expect((await written('noted-few')).map(({ details }) => details.n)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
    ]);
    expect((await written('audit-dropped')).map(({ details }) => details)).toEqual([{ rows: 4 }]);
  });

  test('one that PostgreSQL cannot take does not stand in the way of later ones', async () => {
    const audit = new AuditLog({ db, log, clock: still });
    audit.note({ ...row('noted-odd'), eventId: 'no uuid' });
    await audit.flush();
    audit.note(row('noted-odd', { n: 2 }));
    await audit.flush();
    expect(audit.counts).toEqual({ written: 1, dropped: 1 });
    expect(await written('noted-odd')).toHaveLength(1);
  });

  test('are written when the hub stops', async () => {
    const audit = new AuditLog({ db, log, clock: still });
    audit.start();
    audit.note(row('noted-last'));
    await audit.stop();
    expect(await written('noted-last')).toHaveLength(1);
  });
});

test('[AUDIT-2] the map of a moment among 200,000 rows is read by an index, and quickly', async () => {
  const eventId = await hubs.event({ seats: 30_000 });
  // Two hours of a rush: 130,000 holds of three seats, most of which run out; 10,000 are booked, some of those cancelled.
  await hubs.sql(
    `insert into audit (at, action, event_id, booking_id, actor_id, session_id, request_id, seats, details)
     select from_start.at + step * interval '3 seconds', what.action, $1,
       case when what.action like 'booking-%' then gen_random_uuid() end, gen_random_uuid(), 'a-session-of-some-length',
       'a-request-' || n, array[n * 3 % 29998, n * 3 % 29998 + 1, n * 3 % 29998 + 2],
       jsonb_build_object('holdId', md5(n::text), 'position', n * 2 + step, 'userId', gen_random_uuid())
         || case when step = 1 then
           jsonb_build_object('until', (extract(epoch from from_start.at) * 1000)::bigint + 600000) else '{}' end
     from generate_series(1, 130000) as n
     cross join lateral (select timestamptz '2026-06-01T10:00:00Z' + n * interval '55 milliseconds' as at) as from_start
     cross join generate_series(1, 2) as step
     cross join lateral (
       select case when step = 1 then 'seats-held' when n % 13 = 0 then 'booking-confirmed' else 'hold-expired' end as action
     ) as what
     where step = 1 or n % 13 = 0 or n % 2 = 0`,
    [eventId],
  );
  const [{ count } = { count: 0 }] = await hubs.sql<{ count: number }>('select count(*)::integer from audit');
  expect(count).toBeGreaterThan(200_000);
  await hubs.sql('analyze audit');
  const moment = '2026-06-01T11:50:00Z';
  const [found] = await db.run(seatsAt, eventId, moment);
  expect(found?.seat_count).toBe(30_000);
  const query = seatsAt.text.replaceAll('$1', `'${eventId}'`).replaceAll('$2', `'${moment}'`);
  const plan = await hubs.sql<{ 'QUERY PLAN': string }>(`explain (analyze, timing off, costs off) ${query}`);
  const text = plan.map((line) => line['QUERY PLAN']).join('\n');
  for (const index of ['audit_of_sales', 'audit_of_holds']) expect(text).toContain(index);
  expect(text).not.toMatch(/Seq Scan on audit/);
  // Below 200 ms on an idle machine; this one may be busy.
  expect(Number(/Execution Time: ([\d.]+)/.exec(text)?.[1])).toBeLessThan(5000);
}, 60_000);
