import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, call, expectRefused, nobody, node, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2);

/** An event with five bookings of two buyers, newest first, the oldest one cancelled. */
async function eventOfFive() {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const users = await hubs.users(2);
  const clients = await Promise.all(users.map((user) => hubs.connect(user)));
  const sales = [];
  for (let seat = 0; seat < 5; seat++) {
    const [user, client] = [users[seat % 2], clients[seat % 2]];
    if (!user || !client) throw new Error('nobody buys');
    const buyer = { id: user.id, name: 'Test', email: `${user.id}@example.com` };
    sales.unshift({ booking: await book(client, eventId, [seat]), buyer });
  }
  const oldest = sales.at(-1);
  if (!oldest) throw new Error('nothing booked');
  const cancel = { bookingId: oldest.booking.id, requestId: requestId() };
  oldest.booking = (await call(node(hubs), 'bookings:cancel', cancel, organizer)).booking;
  return { eventId, organizer, sales, buyers: users };
}

test('the organizer and admins see the bookings of an event with their buyers, newest first or oldest', async () => {
  const { eventId, organizer, sales } = await eventOfFive();
  const list = (request: object, by = organizer) =>
    call(node(hubs, 1), 'bookings:of-event', { eventId, ...request }, by);
  expect(await list({})).toEqual({ sales, nextCursor: null });
  expect(await list({}, await hubs.user('admin'))).toEqual({ sales, nextCursor: null });
  expect((await list({ sort: 'oldest' })).sales).toEqual(sales.toReversed());
});

test('by status, buyer and date, and a page at a time in both directions', async () => {
  const { eventId, organizer, sales, buyers } = await eventOfFive();
  const list = (request: object) => call(node(hubs), 'bookings:of-event', { eventId, ...request }, organizer);
  expect((await list({ status: 'cancelled' })).sales).toEqual(sales.slice(4));
  const email = `${buyers[1]?.id}@EXAMPLE.com`;
  expect((await list({ email })).sales).toEqual([sales[1], sales[3]]);
  const third = sales[2]?.booking.createdAt ?? '';
  expect((await list({ from: third })).sales).toEqual(sales.slice(0, 3));
  expect((await list({ to: third })).sales).toEqual(sales.slice(3));
  for (const sort of ['newest', 'oldest'] as const) {
    const found = [];
    let cursor: string | null | undefined;
    while (cursor !== null) {
      const page = await list({ sort, limit: 2, ...(cursor ? { cursor } : {}) });
      found.push(...page.sales);
      cursor = page.nextCursor;
    }
    expect(found).toEqual(sort === 'newest' ? sales : sales.toReversed());
  }
});

test('event-not-found: the event of another organizer, and none', async () => {
  const { eventId } = await eventOfFive();
  const other = await hubs.user('organizer');
  for (const id of [eventId, nobody]) {
    await expectRefused(node(hubs), 'bookings:of-event', { eventId: id }, other, 'event-not-found');
  }
});

test('cursor-invalid: whatever is not one of ours', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const ask = { eventId, cursor: 'x' };
  await expectRefused(node(hubs), 'bookings:of-event', ask, organizer, 'cursor-invalid');
});

test('a moment that is none is refused with its field', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  for (const field of ['from', 'to']) {
    const ask = { eventId, [field]: '1999-12-31T23:59:59Z' };
    const details = await expectRefused(node(hubs), 'bookings:of-event', ask, organizer, 'invalid-request');
    expect(details).toMatchObject({ field });
  }
});
