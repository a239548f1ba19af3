/** Booking in one step, cut short at every place, and asked again. */
import { expect, test } from 'vitest';
import { refuseHold } from '../../src/database/statements.ts';
import { fingerprint, newHoldId } from '../../src/ids.ts';
import { holdSeats } from '../../src/redis/scripts/hold-seats.ts';
import { releaseSeats } from '../../src/redis/scripts/release-seats.ts';
import { call, expectRefused, node } from '../channels/support.ts';
import { lettersOf, requestId, until } from '../support/client.ts';
import { startTestHubs, type TestUser } from '../support/hub.ts';

const hubs = await startTestHubs(2);

async function scene() {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  return { eventId, user, map, request: { eventId, seats: [3, 4], requestId: requestId() } };
}

/** What a node has done that dies after it held the seats. @returns the hold's id */
async function holdAndDie(user: TestUser, request: { eventId: string; seats: number[]; requestId: string }) {
  const { eventId, seats } = request;
  const holdId = newHoldId();
  const args = { owner: user.id, requestId: request.requestId, fingerprint: fingerprint('book', seats) };
  const { inventory } = node(hubs).engine;
  const { answer } = await inventory.run(holdSeats, eventId, { ...args, holdId, into: undefined, seats });
  expect(answer.status).toBe('held');
  return holdId;
}

const bookingsOf = (eventId: string) => hubs.sql('select id from bookings where event_id = $1', [eventId]);

test('[BOOK-12] a node that dies after the hold: the repeat goes on with it', async () => {
  const { eventId, user, map, request } = await scene();
  const holdId = await holdAndDie(user, request);
  const { booking } = await call(node(hubs, 1), 'bookings:book', request, user);
  expect(booking.holdId).toBe(holdId);
  await until(() => lettersOf(map).startsWith('fffssf'), 'the sale to be seen');
  expect(await bookingsOf(eventId)).toHaveLength(1);
});

test('[BOOK-12] a hold that ran out before it was booked: the repeat begins anew, and stays with that', async () => {
  const { eventId, user, request } = await scene();
  const holdId = await holdAndDie(user, request);
  const release = { owner: user.id, requestId: requestId(), fingerprint: 'x', holdId, seats: [] };
  await node(hubs).engine.inventory.run(releaseSeats, eventId, release);
  const first = await call(node(hubs, 1), 'bookings:book', request, user);
  expect(first.booking.holdId).not.toBe(holdId);
  expect(await call(node(hubs), 'bookings:book', request, user)).toEqual(first);
  expect(await bookingsOf(eventId)).toHaveLength(1);
});

test('[BOOK-12] a hold that was refused for good is never booked by a repeat, which is judged anew', async () => {
  const { eventId, user, map, request } = await scene();
  const holdId = await holdAndDie(user, request);
  await node(hubs).engine.db.run(refuseHold, eventId, holdId, 'seats-taken:3');
  const { booking } = await call(node(hubs, 1), 'bookings:book', request, user);
  expect(booking.holdId).not.toBe(holdId);
  await until(() => lettersOf(map).startsWith('fffssf'), 'the sale to be seen');
});

test('[BOOK-12] an answer that was lost, and then all of Redis: the repeat gets the booking', async () => {
  const { eventId, user, request } = await scene();
  const first = await call(node(hubs), 'bookings:book', request, user);
  const { links, keys } = node(hubs);
  await links.commands.del(...keys.event(eventId));
  expect(await call(node(hubs, 1), 'bookings:book', request, user)).toEqual(first);
  const other = { ...request, seats: [5] };
  await expectRefused(node(hubs, 1), 'bookings:book', other, user, 'request-id-reused');
});

test('[BOOK-12] a hold that Redis loses while it waits for its repeat: the seats are held and booked anew', async () => {
  const { eventId, user, request } = await scene();
  const holdId = await holdAndDie(user, request);
  const { links, keys } = node(hubs);
  await links.commands.del(...keys.event(eventId));
  const { booking } = await call(node(hubs, 1), 'bookings:book', request, user);
  expect(booking.holdId).not.toBe(holdId);
  expect(await bookingsOf(eventId)).toHaveLength(1);
});

test('[BOOK-12] a hold that ran out and whose seats somebody else has: seats-taken, and nothing is held', async () => {
  const { eventId, user, map, request } = await scene();
  const holdId = await holdAndDie(user, request);
  const release = { owner: user.id, requestId: requestId(), fingerprint: 'x', holdId, seats: [] };
  await node(hubs).engine.inventory.run(releaseSeats, eventId, release);
  const rival = await hubs.connect(await hubs.user());
  await rival.hold(eventId, [4]);
  const details = await expectRefused(node(hubs, 1), 'bookings:book', request, user, 'seats-taken');
  expect(details).toEqual({ seats: [4] });
  await until(() => lettersOf(map).startsWith('ffffhf'), 'only the seat of the other to be held');
});
