/** Holding and booking over HTTP: the whole way, and what is tried against it. An honest buyer on a socket goes on. */
import { afterEach, describe, expect, test } from 'vitest';
import type { MessageName } from '../../src/contracts.gen.ts';
import type { ErrorCode } from '../../src/errors.ts';
import { call, expectRefused, nobody, node, noHold, organizerOf, type Problem } from '../channels/support.ts';
import { lettersOf, requestId, until } from '../support/client.ts';
import { startTestHubs, type TestUser } from '../support/hub.ts';

const hubs = await startTestHubs(2);
const honest = await hubs.connect(await hubs.user(), 1);
const honestEvent = await hubs.event({ seats: 400, rules: { seatsPerBuyer: 1000 } });
const honestMap = await honest.watching(honestEvent);
let nextSeat = 0;

afterEach(async () => {
  const seat = nextSeat++;
  const { holdId } = await honest.hold(honestEvent, [seat]);
  expect(await honest.confirm(honestEvent, holdId)).toMatchObject({ status: 'confirmed', totalCents: 2500 });
  await until(() => lettersOf(honestMap)[seat] === 's', 'the honest sale');
});

const hold = async (eventId: string, seats: number[], user: TestUser, on = 0) =>
  (await call(node(hubs, on), 'seats:hold', { eventId, seats, requestId: requestId() }, user)).hold;
const refused = (
  message: MessageName,
  request: object,
  user: TestUser | undefined,
  code: ErrorCode,
  on = 0,
) => expectRefused(node(hubs, on), message, { ...request, requestId: requestId() }, user, code);

async function request(
  method: string,
  path: string,
  user: TestUser,
  body?: string,
  key: string | null = requestId(),
) {
  const headers: Record<string, string> = { authorization: `Bearer ${user.token}` };
  if (key) headers['idempotency-key'] = key;
  if (body !== undefined) headers['content-type'] = 'application/json';
  return fetch(node(hubs).url + path, { method, headers, ...(body === undefined ? {} : { body }) });
}
const problemOf = async (response: Response) => (await response.json()) as Problem;

describe('the way from a hold to a booking', () => {
  test('hold, add, extend, release some, confirm: a viewer of the other node sees each step', async () => {
    const eventId = await hubs.event();
    const user = await hubs.user();
    const map = await (await hubs.connect(undefined, 1)).watching(eventId);
    const { holdId } = await hold(eventId, [3], user);
    await until(() => lettersOf(map).startsWith('fffhf'), 'the held seat');
    const add = { eventId, seats: [4, 5], holdId, requestId: requestId() };
    expect((await call(node(hubs, 1), 'seats:hold', add, user)).hold.seats).toEqual([3, 4, 5]);
    await until(() => lettersOf(map).startsWith('fffhhh'), 'the added seats');
    const ask = () => ({ eventId, holdId, requestId: requestId() });
    expect((await call(node(hubs), 'seats:extend', ask(), user)).hold.extensionsLeft).toBe(0);
    const path = `/api/v1/events/${eventId}/holds/${holdId}`;
    const some = await request('DELETE', `${path}?seats=4,5`, user);
    expect(await some.json()).toMatchObject({ hold: { holdId, seats: [3] } });
    await until(() => lettersOf(map).startsWith('fffhff'), 'the seats that were given back');
    const { booking } = await call(node(hubs), 'bookings:confirm', ask(), user);
    expect(booking.seats.map(({ seat }) => seat)).toEqual([3]);
    await until(() => lettersOf(map).startsWith('fffsff'), 'the sale');
    const cancel = { bookingId: booking.id, requestId: requestId() };
    expect((await call(node(hubs), 'bookings:cancel', cancel, user)).booking.status).toBe('cancelled');
    await until(() => lettersOf(map) === 'f'.repeat(40), 'the free seat');
  });

  test('checkout and confirm where seats are paid online', async () => {
    const eventId = await hubs.event({ rules: { payment: 'online' } });
    const user = await hubs.user();
    const { holdId } = await hold(eventId, [3], user);
    await refused('bookings:confirm', { eventId, holdId }, user, 'payment-required');
    const pay = { eventId, holdId, method: '4242424242424242', requestId: requestId() };
    expect((await call(node(hubs), 'bookings:checkout', pay, user)).payment.state).toBe('authorised');
    const { booking } = await call(
      node(hubs, 1),
      'bookings:confirm',
      { eventId, holdId, requestId: requestId() },
      user,
    );
    expect(booking.payment).toMatchObject({ state: 'booked', amountCents: 2500 });
  });

  test('one Idempotency-Key is one hold, and without one nothing is done', async () => {
    const eventId = await hubs.event();
    const user = await hubs.user();
    const path = `/api/v1/events/${eventId}/holds`;
    const first = await request('POST', path, user, '{"seats":[3]}', 'the-same-key');
    expect(first.status).toBe(201);
    const again = await request('POST', path, user, '{"seats":[3]}', 'the-same-key');
    expect(await again.json()).toMatchObject({ hold: ((await first.json()) as { hold: object }).hold });
    const other = await request('POST', path, user, '{"seats":[4]}', 'the-same-key');
    expect((await problemOf(other)).code).toBe('request-id-reused');
    const without = await request('POST', path, user, '{"seats":[5]}', null);
    expect(without.status).toBe(400);
    expect((await problemOf(without)).details).toMatchObject({ field: 'Idempotency-Key' });
  });

  test('a release takes its seats in the query: one whose body says which is refused, rather than releasing all', async () => {
    const eventId = await hubs.event();
    const user = await hubs.user();
    const { holdId } = await hold(eventId, [3, 4], user);
    const path = `/api/v1/events/${eventId}/holds/${holdId}`;
    const response = await request('DELETE', path, user, '{"seats":[3]}');
    expect(response.status).toBe(400);
    expect((await problemOf(response)).details).toMatchObject({ field: '(the body)' });
    for (const seats of ['', '3,', '3,x', '3,3', '-1', '1.5']) {
      const wrong = await request('DELETE', `${path}?seats=${seats}`, user);
      expect(wrong.status, seats).toBe(400);
    }
    const { holds } = await call(node(hubs), 'seats:holds', { eventId }, user);
    expect(holds.map((each) => each.seats)).toEqual([[3, 4]]);
  });
});

describe("somebody else's things", () => {
  const ofHolds = ['seats:extend', 'seats:release', 'bookings:confirm'] as const;

  test.each(ofHolds)(
    '[HOLD-8] %s of a hold of somebody else is answered as if there were none',
    async (message) => {
      const eventId = await hubs.event();
      const [owner, thief] = [await hubs.user(), await hubs.user('admin')];
      const { holdId } = await hold(eventId, [3], owner);
      const theirs = await refused(message, { eventId, holdId }, thief, 'hold-not-found', 1);
      expect(theirs).toEqual(await refused(message, { eventId, holdId: noHold }, thief, 'hold-not-found', 1));
      await refused('seats:hold', { eventId, seats: [4], holdId }, thief, 'hold-not-found');
      expect((await call(node(hubs), 'seats:holds', { eventId }, owner)).holds).toHaveLength(1);
      expect((await call(node(hubs), 'seats:holds', { eventId }, thief)).holds).toEqual([]);
      const ask = { eventId, holdId, requestId: requestId() };
      expect((await call(node(hubs), 'bookings:confirm', ask, owner)).booking.status).toBe('confirmed');
    },
  );

  test('[BOOK-6] bookings of others are neither listed, read nor cancelled', async () => {
    const eventId = await hubs.event();
    const [owner, thief] = [await hubs.user(), await hubs.user('organizer')];
    const ask = { eventId, seats: [3], requestId: requestId() };
    const { booking } = await call(node(hubs), 'bookings:book', ask, owner);
    await refused('bookings:cancel', { bookingId: booking.id }, thief, 'booking-not-found');
    await expectRefused(node(hubs), 'bookings:read', { bookingId: booking.id }, thief, 'booking-not-found');
    await expectRefused(node(hubs), 'bookings:of-event', { eventId }, thief, 'event-not-found');
    await expectRefused(node(hubs), 'bookings:export', { eventId }, thief, 'event-not-found');
    expect((await call(node(hubs), 'bookings:list', {}, thief)).bookings).toEqual([]);
    expect((await call(node(hubs), 'bookings:read', { bookingId: booking.id }, owner)).booking).toEqual(
      booking,
    );
  });

  test('filters and orders are words of the contract, never operators', async () => {
    const eventId = await hubs.event();
    const organizer = await organizerOf(hubs, eventId);
    for (const path of ['/api/v1/bookings', `/api/v1/events/${eventId}/bookings`]) {
      for (const [query, field] of [
        ['status[$ne]=confirmed', 'status[$ne]'],
        ['status[]=confirmed', 'status[]'],
        ['status={"$ne":1}', 'status'],
        ['sort=id;drop table bookings', 'sort'],
        ["from=2027-01-01' or 1=1", 'from'],
        ['limit=9e9', 'limit'],
        ['status=confirmed&status=cancelled', 'status'],
        ['userId=x', 'userId'],
      ] as const) {
        const response = await request('GET', `${path}?${encodeURI(query)}`, organizer);
        expect(response.status, query).toBe(400);
        expect((await problemOf(response)).details, query).toMatchObject({ field });
      }
    }
  });
});

describe('holds and bookings are asked for in any order', () => {
  test('confirm: before a hold, of another event, after it ran out', async () => {
    const [eventId, other] = [await hubs.event({ rules: { holdMs: 300 } }), await hubs.event()];
    const user = await hubs.user();
    await refused('bookings:confirm', { eventId, holdId: noHold }, user, 'hold-not-found');
    const elsewhere = await hold(other, [3], user);
    await refused('bookings:confirm', { eventId, holdId: elsewhere.holdId }, user, 'hold-not-found');
    expect((await call(node(hubs), 'seats:holds', { eventId: other }, user)).holds).toHaveLength(1);
    const { holdId } = await hold(eventId, [3], user);
    await until(
      async () => (await call(node(hubs), 'seats:holds', { eventId }, user)).holds.length === 0,
      'the hold to run out',
    );
    await refused('bookings:confirm', { eventId, holdId }, user, 'hold-not-found');
    await refused('seats:extend', { eventId, holdId }, user, 'hold-not-found');
    await refused('seats:release', { eventId, holdId }, user, 'hold-not-found');
    expect(await hubs.sql('select id from bookings where hold_id = $1', [holdId])).toEqual([]);
  });

  test('confirm: twice is one booking, and other seats than the held ones cannot be said', async () => {
    const eventId = await hubs.event();
    const user = await hubs.user();
    const { holdId } = await hold(eventId, [3], user);
    const path = `/api/v1/events/${eventId}/holds/${holdId}/confirm`;
    const tampered = await request('POST', path, user, '{"seats":[3,4]}');
    expect(tampered.status).toBe(400);
    expect((await problemOf(tampered)).details).toMatchObject({ field: 'seats' });
    const answers = await Promise.all([1, 2, 3].map(async () => (await request('POST', path, user)).json()));
    expect(answers[1]).toEqual(answers[0]);
    expect(answers[2]).toEqual(answers[0]);
    expect(await hubs.sql('select id from bookings where hold_id = $1', [holdId])).toHaveLength(1);
  });

  test('[BOOK-2] confirm of a hold whose booking was cancelled: the old booking, and no new one', async () => {
    const eventId = await hubs.event();
    const user = await hubs.user();
    const { holdId } = await hold(eventId, [3], user);
    const ask = () => ({ eventId, holdId, requestId: requestId() });
    const { booking } = await call(node(hubs), 'bookings:confirm', ask(), user);
    await call(node(hubs), 'bookings:cancel', { bookingId: booking.id, requestId: requestId() }, user);
    const again = await call(node(hubs, 1), 'bookings:confirm', ask(), user);
    expect(again.booking).toMatchObject({ id: booking.id, status: 'cancelled' });
    const sold = await hubs.sql('select seat from booking_seats where event_id = $1 and active', [eventId]);
    expect(sold).toEqual([]);
  });

  test('confirm, extend and release once the event is cancelled', async () => {
    const eventId = await hubs.event();
    const user = await hubs.user();
    const { holdId } = await hold(eventId, [3], user);
    await call(node(hubs), 'events:cancel', { eventId }, await organizerOf(hubs, eventId));
    const response = await request('POST', `/api/v1/events/${eventId}/holds/${holdId}/confirm`, user);
    expect(['event-not-on-sale', 'hold-not-found']).toContain((await problemOf(response)).code);
    await refused('seats:hold', { eventId, seats: [4] }, user, 'event-not-on-sale');
    await refused('seats:release', { eventId, holdId }, user, 'hold-not-found');
  });
});

describe('races', () => {
  test('[HOLD-2] two hundred ask for one seat over HTTP, on two nodes: one holds it', async () => {
    const eventId = await hubs.event();
    const users = await hubs.users(200);
    const codes = await Promise.all(
      users.map(async (user, i) => {
        const body = JSON.stringify({ seats: [7] });
        const response = await fetch(`${node(hubs, i % 2).url}/api/v1/events/${eventId}/holds`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${user.token}`,
            'content-type': 'application/json',
            'idempotency-key': requestId(),
          },
          body,
        });
        return response.ok ? 'held' : (await problemOf(response)).code;
      }),
    );
    expect(codes.filter((code) => code === 'held')).toHaveLength(1);
    expect(codes.filter((code) => code === 'seats-taken')).toHaveLength(199);
  });

  test('[BOOK-1] hold, confirm and release of two buyers, interleaved: at the end a seat is sold or free, and sold once', async () => {
    const eventId = await hubs.event({ rules: { seatsPerBuyer: 100 } });
    const users = await hubs.users(2);
    const one = async (user: TestUser, i: number) => {
      const on = node(hubs, i % 2);
      const held = await call(on, 'seats:hold', { eventId, seats: [i % 4], requestId: requestId() }, user);
      const ask = () => ({ eventId, holdId: held.hold.holdId, requestId: requestId() });
      await Promise.allSettled([
        call(on, 'bookings:confirm', ask(), user),
        call(node(hubs, (i + 1) % 2), 'seats:release', ask(), user),
      ]);
    };
    await Promise.allSettled(
      Array.from({ length: 40 }, (_, i) => one(users[Math.floor(i / 4) % 2] as TestUser, i)),
    );
    const map = await (await hubs.connect()).watching(eventId);
    await until(() => !lettersOf(map).includes('h'), 'every hold to be decided');
    const sold = await hubs.sql<{ seat: number }>(
      'select seat from booking_seats where event_id = $1 and active order by seat',
      [eventId],
    );
    const seats = sold.map(({ seat }) => seat);
    expect(seats).toEqual([...new Set(seats)]);
    const letters = Array.from('f'.repeat(40), (letter, seat) => (seats.includes(seat) ? 's' : letter)).join(
      '',
    );
    await until(() => lettersOf(map) === letters, 'the map to say what is sold');
  });
});

describe('what a body may say', () => {
  const wrongSeats = ['-1', '1e9', '0.5', 'null', '"1"', '[1]', '{}', 'true', '1e400', '100000'];

  test.each(wrongSeats)('[GUARD-1] seats: [%s] is no list of seats', async (seat) => {
    const eventId = await hubs.event();
    const user = await hubs.user();
    for (const [path, body] of [
      [`/api/v1/events/${eventId}/holds`, `{"seats":[${seat}]}`],
      ['/api/v1/bookings', `{"eventId":"${eventId}","seats":[${seat}]}`],
    ] as const) {
      const response = await request('POST', path, user, body);
      expect(response.status, path).toBe(400);
      expect((await problemOf(response)).details).toMatchObject({ field: 'seats.0' });
    }
  });

  test('NaN is not JSON, -0 is seat 0, and a seat in a path is a whole number', async () => {
    const eventId = await hubs.event();
    const user = await hubs.user();
    const path = `/api/v1/events/${eventId}/holds`;
    expect((await request('POST', path, user, '{"seats":[NaN]}')).status).toBe(400);
    expect((await request('POST', path, user, '{"seats":[0,-0]}')).status).toBe(400);
    const zero = await request('POST', path, user, '{"seats":[-0]}');
    expect(await zero.json()).toMatchObject({ hold: { seats: [0] } });
    for (const seat of ['-1', '1.5', '1e1', '0x1', 'one', '100000']) {
      const response = await request('POST', `/api/v1/events/${eventId}/book/${seat}`, user);
      expect(response.status, seat).toBe(400);
      expect((await problemOf(response)).details).toMatchObject({ field: 'seat' });
    }
  });

  const extras = [
    'price',
    'priceCents',
    'totalCents',
    'userId',
    'status',
    'role',
    'createdAt',
    'expiresAt',
    '__proto__',
  ];

  test.each(extras)('%s is nothing a buyer can say', async (field) => {
    const eventId = await hubs.event();
    const user = await hubs.user();
    const extra = `"${field}":1`;
    for (const [path, body] of [
      [`/api/v1/events/${eventId}/holds`, `{"seats":[3],${extra}}`],
      ['/api/v1/bookings', `{"eventId":"${eventId}","seats":[3],${extra}}`],
      [`/api/v1/events/${eventId}/book/3`, `{${extra}}`],
      [`/api/v1/bookings/${nobody}/cancel`, `{${extra}}`],
      ['/api/v1/me/calendar', `{${extra}}`],
    ] as const) {
      const response = await request('POST', path, user, body);
      expect(response.status, path).toBe(400);
      expect((await problemOf(response)).details, path).toMatchObject({ field });
    }
    const ask = { eventId, seats: [3], requestId: requestId() };
    const { booking } = await call(node(hubs), 'bookings:book', ask, user);
    expect(booking).toMatchObject({ totalCents: 2500, status: 'confirmed' });
  });
});
