import { execFile as execFileWithCallback } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import type { AuditListReply, AuditListRequest } from '../../../src/contracts.gen.ts';
import { requestId, until } from '../../support/client.ts';
import { startTestHubs, type TestUser, testPlan } from '../../support/hub.ts';
import { book, call, expectRefused, node, organizerOf } from '../support.ts';

const execFile = promisify(execFileWithCallback);
const hubs = await startTestHubs(2);
const admin = await hubs.user('admin');
type Entry = AuditListReply['entries'][number];

/** Every row that fits, the earliest first. */
async function entries(filter: AuditListRequest): Promise<Entry[]> {
  await Promise.all(hubs.nodes.map(({ engine }) => engine.audit.flush()));
  return (await call(node(hubs), 'audit:list', { limit: 200, ...filter }, admin)).entries.toReversed();
}
const actions = (list: Entry[]): string[] => list.map(({ action }) => action);
const sessionOf = (user: TestUser): string =>
  JSON.parse(Buffer.from(user.token.split('.')[1] ?? '', 'base64url').toString()).jti;

describe('[AUDIT-1] every change of state is in the audit log', () => {
  test('an event, from its making to its end, with who, from where and by which request', async () => {
    const organizer = await hubs.user('organizer');
    const key = requestId();
    const plan = await call(node(hubs), 'plans:import', testPlan(20), organizer, `${key}-plan`);
    const event = await call(
      node(hubs),
      'events:create',
      {
        planId: plan.id,
        title: 'An evening',
        startsAt: '2090-01-01T10:00:00Z',
        endsAt: '2090-01-01T12:00:00Z',
        currency: 'EUR',
        prices: { Stalls: 100 },
      },
      organizer,
      `${key}-create`,
    );
    const eventId = event.id;
    await call(node(hubs, 1), 'events:update', { eventId, title: 'Another' }, organizer, `${key}-update`);
    await call(node(hubs), 'events:publish', { eventId }, organizer, `${key}-publish`);
    // Nothing changes any more, so nothing is written.
    await call(node(hubs, 1), 'events:publish', { eventId }, organizer);
    await call(node(hubs), 'events:cancel', { eventId, reason: 'Storm' }, organizer, `${key}-cancel`);
    const found = await entries({ eventId });
    expect(actions(found)).toEqual(['event-created', 'event-updated', 'event-published', 'event-cancelled']);
    expect(found.map((entry) => entry.requestId)).toEqual(
      ['create', 'update', 'publish', 'cancel'].map((what) => `${key}-${what}`),
    );
    for (const entry of found) {
      expect(entry).toMatchObject({ actorId: organizer.id, sessionId: sessionOf(organizer), eventId });
      expect(Math.abs(Date.parse(entry.at) - Date.now())).toBeLessThan(60_000);
    }
    expect(found[0]?.details).toMatchObject({ title: 'An evening', planId: plan.id });
    expect(found[1]?.details).toEqual({ title: 'Another' });
    const imported = await entries({ actorId: organizer.id, action: 'plan-imported' });
    expect(imported).toMatchObject([
      { requestId: `${key}-plan`, details: { planId: plan.id, seatCount: 20 } },
    ]);
  });

  test('what is refused or undone leaves no row', async () => {
    const organizer = await hubs.user('organizer');
    const eventId = await hubs.event();
    await expectRefused(
      node(hubs),
      'events:update',
      { eventId, title: 'Mine' },
      organizer,
      'event-not-found',
    );
    const dates = { startsAt: '2090-01-01T10:00:00Z', endsAt: '2080-01-01T10:00:00Z' };
    const owner = await organizerOf(hubs, eventId);
    await expectRefused(node(hubs), 'events:update', { eventId, ...dates }, owner, 'event-times');
    expect(actions(await entries({ eventId }))).toEqual(['event-created', 'event-published']);
  });

  test('a new account, without anything that names the person', async () => {
    const email = `${requestId()}@example.com`;
    const { user } = await call(node(hubs), 'auth:register', { email, password: 'long enough', name: 'Ada' });
    const found = await entries({ actorId: user.id });
    expect(found).toMatchObject([
      { action: 'account-registered', details: { userId: user.id, role: 'user' } },
      { action: 'session-opened', sessionId: expect.any(String), details: {} },
    ]);
    expect(JSON.stringify(found)).not.toMatch(/Ada|example\.com/);
  });

  test('the end of a session, and a role that is given at the console', async () => {
    const user = await hubs.user();
    await call(node(hubs), 'auth:logout', {}, user);
    expect(await entries({ actorId: user.id })).toMatchObject([
      { action: 'session-revoked', sessionId: sessionOf(user) },
    ]);
    const setRole = fileURLToPath(new URL('../../../src/set-role.ts', import.meta.url));
    const env = { ...process.env, DATABASE_URL: hubs.databaseUrl };
    const run = (...args: string[]) => execFile(process.execPath, [setRole, ...args], { env });
    await run(`${user.id}@EXAMPLE.com`, 'organizer');
    await expect(run('nobody@example.com', 'organizer')).rejects.toMatchObject({ code: 1 });
    const given = (await entries({ action: 'role-set' })).map(({ actorId, details }) => ({
      actorId,
      details,
    }));
    const details = { userId: user.id, from: 'user', to: 'organizer' };
    expect(given).toEqual([{ actorId: null, details }]);
    expect(await hubs.sql('select role from users where id = $1', [user.id])).toEqual([
      { role: 'organizer' },
    ]);
  });

  test('a hold: made, added to, extended, given back in part and booked; a repeat changes nothing', async () => {
    const eventId = await hubs.event({ rules: { extensions: 2 } });
    const user = await hubs.user();
    const [here, there] = [await hubs.connect(user), await hubs.connect(user, 1)];
    const ids = Array.from({ length: 5 }, () => requestId());
    const [hold = '', add = '', extend = '', release = '', confirm = ''] = ids;
    const before = Date.now();
    const made = await here.request('seats:hold', { eventId, seats: [3, 4], requestId: hold });
    const { holdId } = made.hold;
    await there.request('seats:hold', { eventId, seats: [3, 4], requestId: hold });
    await there.request('seats:hold', { eventId, seats: [5], holdId, requestId: add });
    const extended = await here.request('seats:extend', { eventId, holdId, requestId: extend });
    await here.request('seats:extend', { eventId, holdId, requestId: extend });
    await there.request('seats:release', { eventId, holdId, seats: [4], requestId: release });
    const { booking } = await here.request('bookings:confirm', { eventId, holdId, requestId: confirm });
    const found = (await entries({ eventId })).filter(({ details }) => details.holdId === holdId);
    // Within a millisecond the rows of two nodes stand in the order in which they were written.
    const turn = ({ requestId: id }: Entry) => ids.indexOf(id ?? '');
    found.sort((a, b) => Date.parse(a.at) - Date.parse(b.at) || turn(a) - turn(b));
    expect(found.map(({ action, seats, requestId: id }) => [action, seats, id])).toEqual([
      ['seats-held', [3, 4], hold],
      ['seats-held', [3, 4, 5], add],
      ['hold-extended', [3, 4, 5], extend],
      ['seats-released', [3, 5], release],
      ['booking-confirmed', [3, 5], confirm],
    ]);
    for (const entry of found) {
      expect(entry).toMatchObject({ actorId: user.id, sessionId: sessionOf(user) });
      expect(Date.parse(entry.at)).toBeGreaterThanOrEqual(before - 1000);
      expect(Date.parse(entry.at)).toBeLessThanOrEqual(Date.now() + 1000);
    }
    expect(found[2]?.details.until).toBe(extended.hold.expiresAt);
    const cancelled = { bookingId: booking.id, seats: [5], requestId: requestId(), reason: 'Ill' };
    await there.request('bookings:cancel', cancelled);
    expect((await entries({ bookingId: booking.id })).map((entry) => [entry.action, entry.seats])).toEqual([
      ['booking-confirmed', [3, 5]],
      ['booking-cancelled', [5]],
    ]);
  });

  test('a hold that is being paid for, given up, or runs out: nobody but the hub did the last', async () => {
    const eventId = await hubs.event({ rules: { payment: 'online' } });
    const user = await hubs.user();
    const buyer = await hubs.connect(user);
    const { hold } = await buyer.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
    const { holdId } = hold;
    await buyer
      .request('bookings:checkout', { eventId, holdId, method: '4242424242424242', requestId: requestId() })
      .catch(() => undefined);
    expect(actions(await entries({ eventId, actorId: user.id }))).toContain('hold-paying');

    const short = await hubs.event({ rules: { holdMs: 300 } });
    const told = buyer.next('seats:hold-expired');
    await buyer.request('seats:hold', { eventId: short, seats: [7, 8], requestId: requestId() });
    const { holdId: lapsed } = await told;
    let found: Entry[] = [];
    await until(async () => {
      found = await entries({ eventId: short, action: 'hold-expired' });
      return found.length > 0;
    }, 'the end of the hold to be written');
    expect(found).toMatchObject([
      { actorId: null, seats: [], details: { holdId: lapsed, userId: user.id, freed: [7, 8] } },
    ]);
  });

  test('rows are written by themselves, without anybody asking', async () => {
    const eventId = await hubs.event();
    const buyer = await hubs.connect(await hubs.user());
    await buyer.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
    await until(async () => {
      const rows = await hubs.sql("select 1 from audit where event_id = $1 and action = 'seats-held'", [
        eventId,
      ]);
      return rows.length === 1;
    }, 'the row');
  });
});

test('filters, and pages in the order of time', async () => {
  const eventId = await hubs.event();
  const [ada, bob] = (await hubs.users(2)) as [TestUser, TestUser];
  const [one, two] = [await hubs.connect(ada), await hubs.connect(bob, 1)];
  await book(one, eventId, [1]);
  await book(two, eventId, [2]);
  const all = await entries({ eventId });
  const seen: Entry[] = [];
  let cursor: string | undefined;
  do {
    const page = await call(
      node(hubs),
      'audit:list',
      { eventId, limit: 2, ...(cursor ? { cursor } : {}) },
      admin,
    );
    expect(page.entries.length).toBeLessThanOrEqual(2);
    seen.push(...page.entries);
    cursor = page.nextCursor ?? undefined;
  } while (cursor);
  expect(seen.toReversed()).toEqual(all);
  expect(all).toHaveLength(6);
  expect(actions(await entries({ eventId, actorId: bob.id }))).toEqual(['seats-held', 'booking-confirmed']);
  expect(await entries({ eventId, action: 'booking-confirmed', actorId: ada.id })).toHaveLength(1);
  const middle = all[2]?.at ?? '';
  const [before, after] = [await entries({ eventId, to: middle }), await entries({ eventId, from: middle })];
  expect(before.every(({ at }) => at < middle)).toBe(true);
  expect(after.every(({ at }) => at >= middle)).toBe(true);
  expect([...before, ...after]).toEqual(all);
});

test('refuses cursors and moments that are none', async () => {
  for (const cursor of ['nonsense', Buffer.from('["x"]').toString('base64url')]) {
    await expectRefused(node(hubs), 'audit:list', { cursor }, admin, 'cursor-invalid');
  }
  const odd = { from: '2016-12-31T23:59:60Z' };
  const details = await expectRefused(node(hubs), 'audit:list', odd, admin, 'invalid-request');
  expect(details.field).toBe('from');
});
