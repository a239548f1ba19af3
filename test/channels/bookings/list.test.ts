import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, call, expectRefused, node } from '../support.ts';

const hubs = await startTestHubs(2);
const cursorOf = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');

/** A buyer with five bookings of two events, the oldest one cancelled. */
async function buyerOfFive() {
  const [first, second] = [await hubs.event(), await hubs.event()];
  const user = await hubs.user();
  const client = await hubs.connect(user);
  const bookings = [];
  for (let seat = 0; seat < 5; seat++)
    bookings.unshift(await book(client, seat < 3 ? first : second, [seat]));
  const oldest = bookings.pop();
  if (!oldest) throw new Error('nothing booked');
  const { booking } = await client.request('bookings:cancel', {
    bookingId: oldest.id,
    requestId: requestId(),
  });
  return { first, second, user, client, bookings: [...bookings, booking] };
}

test('newest first, on any node, over sockets and over HTTP', async () => {
  const { user, client, bookings } = await buyerOfFive();
  const expected = { bookings, nextCursor: null };
  expect(await client.request('bookings:list', {})).toEqual(expected);
  expect(await (await hubs.connect(user, 1)).request('bookings:list', {})).toEqual(expected);
  expect(await call(node(hubs, 1), 'bookings:list', {}, user)).toEqual(expected);
});

test('by event, and by status', async () => {
  const { first, second, client, bookings } = await buyerOfFive();
  const list = async (filter: object) => (await client.request('bookings:list', filter)).bookings;
  expect(await list({ eventId: first })).toEqual(bookings.slice(2));
  expect(await list({ eventId: second, status: 'confirmed' })).toEqual(bookings.slice(0, 2));
  expect(await list({ status: 'cancelled' })).toEqual(bookings.slice(4));
});

test('by date, and oldest first', async () => {
  const { user, client, bookings } = await buyerOfFive();
  const list = async (filter: object) => (await client.request('bookings:list', filter)).bookings;
  const third = bookings[2]?.createdAt ?? '';
  expect(await list({ from: third })).toEqual(bookings.slice(0, 3));
  expect(await list({ to: third })).toEqual(bookings.slice(3));
  expect(await list({ from: third, to: third })).toEqual([]);
  expect(await list({ sort: 'oldest' })).toEqual(bookings.toReversed());
  const request = { sort: 'oldest', limit: 3 } as const;
  const first = await call(node(hubs), 'bookings:list', request, user);
  const cursor = first.nextCursor ?? '';
  const second = await call(node(hubs, 1), 'bookings:list', { ...request, cursor }, user);
  expect([...first.bookings, ...second.bookings]).toEqual(bookings.toReversed());
  const details = await client.expectDenied(
    'bookings:list',
    { from: '1999-01-01T00:00:00Z' },
    'invalid-request',
  );
  expect(details).toMatchObject({ field: 'from' });
});

test('by when its event starts, what is over apart from what is to come', async () => {
  const [far, near, past] = [await hubs.event(), await hubs.event(), await hubs.event()];
  const user = await hubs.user();
  const client = await hubs.connect(user);
  const [ofFar, ofNear, ofPast, again] = [
    await book(client, far, [0]),
    await book(client, near, [0]),
    await book(client, past, [0]),
    await book(client, far, [1]),
  ];
  const move = (eventId: string, days: number) =>
    hubs.sql(
      `update events set starts_at = now() + $2 * interval '1 day', ends_at = now() + ($2 + 0.1) * interval '1 day' where id = $1`,
      [eventId, days],
    );
  await move(near, 0.5);
  await move(far, 3);
  await move(past, -2);
  const list = async (filter: object) => {
    const found = [];
    let cursor: string | null | undefined;
    // A page each.
    while (cursor !== null) {
      const request = { ...filter, limit: 1, ...(cursor ? { cursor } : {}) };
      const reply = await client.request('bookings:list', request);
      found.push(...reply.bookings);
      cursor = reply.nextCursor;
    }
    return found.map(({ id }) => [ofFar, ofNear, ofPast, again].findIndex((each) => each.id === id));
  };
  expect(await list({ sort: 'soonest' })).toEqual([2, 1, 0, 3]);
  expect(await list({ sort: 'latest' })).toEqual([3, 0, 1, 2]);
  expect(await list({ when: 'upcoming', sort: 'soonest', status: 'confirmed' })).toEqual([1, 0, 3]);
  expect(await list({ when: 'over', sort: 'latest' })).toEqual([2]);
  expect(await list({ when: 'upcoming' })).toEqual([3, 1, 0]);
  expect(await list({ when: 'upcoming', sort: 'oldest', eventId: far })).toEqual([0, 3]);
  expect(await list({ when: 'upcoming', status: 'cancelled' })).toEqual([]);

  // Whoever goes on after a booking that has left the list meanwhile is answered from its place.
  const request = { when: 'upcoming', sort: 'soonest', status: 'confirmed', limit: 2 } as const;
  const first = await client.request('bookings:list', request);
  await client.request('bookings:cancel', { bookingId: ofFar.id, requestId: requestId() });
  const second = await client.request('bookings:list', { ...request, cursor: first.nextCursor ?? '' });
  expect([first, second].map(({ bookings }) => bookings.map(({ id }) => id))).toEqual([
    [ofNear.id, ofFar.id],
    [again.id],
  ]);
  // A cursor of somebody else shows nothing of theirs.
  const other = await hubs.connect(await hubs.user());
  const theirs = await other.request('bookings:list', { ...request, cursor: first.nextCursor ?? '' });
  expect(theirs).toEqual({ bookings: [], nextCursor: null });
});

test('a page by the start goes on where the one before ended, although its last event was moved meanwhile', async () => {
  const user = await hubs.user();
  const client = await hubs.connect(user);
  const booked: string[] = [];
  const events: string[] = [];
  for (let day = 1; day <= 4; day++) {
    const eventId = await hubs.event({ startsInMs: day * 86_400_000 });
    events.push(eventId);
    booked.push((await book(client, eventId, [0])).id);
  }
  for (const [sort, order, hours] of [
    ['soonest', [0, 1, 2, 3], 24 * 300],
    ['latest', [3, 2, 1, 0], -24 * 2],
  ] as const) {
    const first = await client.request('bookings:list', { sort, limit: 2 });
    await hubs.sql(
      `update events set starts_at = starts_at + $2 * interval '1 hour', ends_at = ends_at + $2 * interval '1 hour'
       where id = $1`,
      [events[order[1]], hours],
    );
    const cursor = first.nextCursor ?? '';
    const second = await client.request('bookings:list', { sort, limit: 10, cursor });
    const found = [...first.bookings, ...second.bookings].map(({ id }) => id);
    // What was moved to further down comes there again; nothing is left out.
    expect([...new Set(found)]).toEqual(order.map((at) => booked[at]));
    const other = sort === 'soonest' ? 'latest' : 'soonest';
    await client.expectDenied('bookings:list', { sort: other, cursor }, 'cursor-invalid');
    await hubs.sql(
      `update events set starts_at = starts_at - $2 * interval '1 hour', ends_at = ends_at - $2 * interval '1 hour'
       where id = $1`,
      [events[order[1]], hours],
    );
  }
});

test('a page at a time, until there is no next cursor', async () => {
  const { user, bookings } = await buyerOfFive();
  const found = [];
  let cursor: string | null | undefined;
  for (let page = 0; cursor !== null; page++) {
    const request = { limit: 2, ...(cursor ? { cursor } : {}) };
    const reply = await call(node(hubs, page % 2), 'bookings:list', request, user);
    expect(reply.bookings.length).toBeLessThanOrEqual(2);
    found.push(...reply.bookings);
    cursor = reply.nextCursor;
  }
  expect(found).toEqual(bookings);
});

test('[BOOK-6] a buyer sees their own bookings only, an organizer or admin as little as anybody', async () => {
  const { first } = await buyerOfFive();
  for (const role of ['user', 'organizer', 'admin'] as const) {
    const client = await hubs.connect(await hubs.user(role));
    expect((await client.request('bookings:list', { eventId: first })).bookings).toEqual([]);
    expect((await client.request('bookings:list', {})).bookings).toEqual([]);
  }
});

test('cursor-invalid: whatever is not one of ours', async () => {
  const user = await hubs.user();
  const client = await hubs.connect(user);
  const forged = [
    'x',
    '%00',
    cursorOf(),
    cursorOf(1),
    cursorOf('x'),
    cursorOf('-'.repeat(36)),
    cursorOf('2026-01-01T00:00:00.000Z'),
    cursorOf('01900000-0000-7000-8000-000000000000', '01900000-0000-7000-8000-000000000000'),
    Buffer.from('{"length":1}').toString('base64url'),
  ];
  for (const cursor of forged) {
    await client.expectDenied('bookings:list', { cursor }, 'cursor-invalid');
    await expectRefused(node(hubs), 'bookings:list', { cursor }, user, 'cursor-invalid');
  }
});
