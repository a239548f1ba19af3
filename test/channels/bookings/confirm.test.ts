import { expect, test } from 'vitest';
import { newId } from '../../../src/ids.ts';
import { lettersOf, requestId, type TestClient, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, heard, lockOutcomes, nobody, node, noHold, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2);

async function hold(client: TestClient, eventId: string, seats: number[]): Promise<string> {
  return (await client.request('seats:hold', { eventId, seats, requestId: requestId() })).hold.holdId;
}

const confirm = (client: TestClient, eventId: string, holdId: string) =>
  client.request('bookings:confirm', { eventId, holdId, requestId: requestId() });

const outcomeOf = async (holdId: string) =>
  (
    await hubs.sql<{ outcome: string; reason: string }>(
      'select outcome, reason from outcomes where hold_id = $1',
      [holdId],
    )
  )[0];

/** Two buyers who both hold one seat, as after a Redis that came back from an older backup. */
async function twoHoldsOfOneSeat() {
  const eventId = await hubs.event();
  const [ada, bob] = [await hubs.connect(await hubs.user()), await hubs.connect(await hubs.user(), 1)];
  const { keys, links } = node(hubs);
  const [, holds = '', expiry = ''] = keys.event(eventId);
  const first = await hold(ada, eventId, [4, 5]);
  const saved = (await links.commands.hget(holds, first)) ?? '';
  await links.commands.del(...keys.event(eventId));
  const second = await hold(bob, eventId, [4]);
  await links.commands.hset(holds, first, saved);
  await links.commands.zadd(expiry, Date.now() + 600_000, first);
  return { eventId, ada, bob, first, second };
}

test('a held seat becomes a booking with its labels and prices, and viewers of every node see it sold', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const buyer = await hubs.connect(user);
  const maps = await Promise.all(
    [0, 1].map(async (on) => (await hubs.connect(undefined, on)).watching(eventId)),
  );
  const holdId = await hold(buyer, eventId, [21, 4]);
  const { booking } = await confirm(buyer, eventId, holdId);
  expect(booking).toMatchObject({
    eventId,
    holdId,
    status: 'confirmed',
    totalCents: 5000,
    currency: 'EUR',
    cancelledAt: null,
  });
  expect([...booking.seats].sort((a, b) => a.seat - b.seat)).toEqual([
    { seat: 4, label: 'Main, row 1, seat 5', category: 'Stalls', priceCents: 2500, cancelledAt: null },
    { seat: 21, label: 'Main, row 2, seat 2', category: 'Stalls', priceCents: 2500, cancelledAt: null },
  ]);
  await until(() => maps.every((map) => lettersOf(map).indexOf('s') === 4), 'the sold seats');
  for (const map of maps) expect(lettersOf(map)).toBe(`ffffs${'f'.repeat(16)}s${'f'.repeat(18)}`);
  const { holds } = await buyer.request('seats:watch', { eventId });
  expect(holds).toEqual([]);
});

test('[BOOK-1] a seat that two buyers hold is booked once: PostgreSQL refuses the second', async () => {
  const { eventId, ada, bob, first, second } = await twoHoldsOfOneSeat();
  await confirm(bob, eventId, second);
  const ask = { eventId, holdId: first, requestId: requestId() };
  await ada.expectDenied('bookings:confirm', ask, 'seats-taken');
  const sold = await hubs.sql('select seat from booking_seats where event_id = $1 and active', [eventId]);
  expect(sold).toEqual([{ seat: 4 }]);
  // What was only hers is free again, what is his stays sold.
  const map = await ada.watching(eventId);
  await until(() => lettersOf(map) === `ffffs${'f'.repeat(35)}`, 'the map to say so');
});

test('[BOOK-1] two who confirm one seat at the same moment: one booking, one refusal', async () => {
  const { eventId, ada, bob, first, second } = await twoHoldsOfOneSeat();
  const results = await Promise.allSettled([confirm(ada, eventId, first), confirm(bob, eventId, second)]);
  expect(results.map((result) => result.status).sort()).toEqual(['fulfilled', 'rejected']);
  const refused = results.find((result) => result.status === 'rejected');
  expect(refused?.reason).toMatchObject({ code: 'seats-taken' });
  const sold = await hubs.sql('select 1 from booking_seats where event_id = $1 and seat = 4 and active', [
    eventId,
  ]);
  expect(sold).toHaveLength(1);
});

test('[BOOK-2] fifty confirms of one hold at once, over two nodes: one booking, one answer', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const sockets = await Promise.all(Array.from({ length: 10 }, (_, i) => hubs.connect(user, i % 2)));
  const [buyer] = sockets;
  if (!buyer) throw new Error('no socket');
  const holdId = await hold(buyer, eventId, [4, 5]);
  const bookings = await Promise.all(
    Array.from({ length: 50 }, (_, i) => (sockets[i % 10] ?? buyer).confirm(eventId, holdId)),
  );
  expect(bookings).toHaveLength(50);
  for (const booking of bookings) expect(booking).toEqual(bookings[0]);
  const rows = await hubs.sql('select id from bookings where hold_id = $1', [holdId]);
  expect(rows).toEqual([{ id: bookings[0]?.id }]);
});

test('[BOOK-2] a confirm that comes much later gets the same answer, and so it does after a cancellation', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const [near, far] = [await hubs.connect(user), await hubs.connect(user, 1)];
  const holdId = await hold(near, eventId, [4]);
  const { booking } = await confirm(near, eventId, holdId);
  expect((await confirm(far, eventId, holdId)).booking).toEqual(booking);
  const { booking: cancelled } = await near.request('bookings:cancel', {
    bookingId: booking.id,
    requestId: requestId(),
  });
  expect((await confirm(far, eventId, holdId)).booking).toEqual(cancelled);
});

test('[BOOK-3] seats-taken: a refusal is written, and stays even if the seats become free', async () => {
  const { eventId, ada, bob, first, second } = await twoHoldsOfOneSeat();
  const { booking } = await confirm(bob, eventId, second);
  const ask = { eventId, holdId: first, requestId: requestId() };
  const seats = booking.seats.map(({ seat }) => seat);
  expect(await ada.expectDenied('bookings:confirm', ask, 'seats-taken')).toEqual({ seats });
  expect(await outcomeOf(first)).toEqual({ outcome: 'refused', reason: `seats-taken:${seats}` });
  await bob.request('bookings:cancel', { bookingId: booking.id, requestId: requestId() });
  const again = { ...ask, requestId: requestId() };
  expect(await ada.expectDenied('bookings:confirm', again, 'seats-taken')).toEqual({ seats });
  expect(await hubs.sql('select 1 from bookings where hold_id = $1', [first])).toEqual([]);
});

test('[BOOK-3] event-not-on-sale: PostgreSQL refuses what Redis would still sell', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const holdId = await hold(buyer, eventId, [4]);
  await hubs.sql("update events set starts_at = now() - interval '1 minute' where id = $1", [eventId]);
  const ask = { eventId, holdId, requestId: requestId() };
  await buyer.expectDenied('bookings:confirm', ask, 'event-not-on-sale');
  expect(await outcomeOf(holdId)).toEqual({ outcome: 'refused', reason: 'event-not-on-sale' });
  await hubs.sql("update events set starts_at = now() + interval '1 hour' where id = $1", [eventId]);
  await buyer.expectDenied('bookings:confirm', ask, 'event-not-on-sale');
  expect(lettersOf(await buyer.watching(eventId))).toBe('f'.repeat(40));
});

test('[BOOK-3] event-not-on-sale: the event has started since; the refusal stays, also if it is put off', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const startIn = (ms: number) => {
    const startsAt = new Date(Date.now() + ms).toISOString();
    return call(node(hubs), 'events:update', { eventId, startsAt }, organizer);
  };
  const buyer = await hubs.connect(await hubs.user(), 1);
  const holdId = await hold(buyer, eventId, [4]);
  await startIn(-1000);
  const ask = { eventId, holdId, requestId: requestId() };
  await buyer.expectDenied('bookings:confirm', ask, 'event-not-on-sale');
  expect(await outcomeOf(holdId)).toEqual({ outcome: 'refused', reason: 'event-not-on-sale' });
  await startIn(60_000);
  await buyer.expectDenied('bookings:confirm', ask, 'event-not-on-sale');
  const another = await hold(buyer, eventId, [4]);
  expect((await confirm(buyer, eventId, another)).booking.status).toBe('confirmed');
});

test('event-not-found: no such event, or a draft', async () => {
  const buyer = await hubs.connect(await hubs.user());
  for (const eventId of [nobody, await hubs.event({ publish: false })]) {
    const ask = { eventId, holdId: noHold, requestId: requestId() };
    await buyer.expectDenied('bookings:confirm', ask, 'event-not-found');
  }
});

test('[HOLD-8] hold-not-found: nobody books the hold of somebody else, before or after its owner', async () => {
  const eventId = await hubs.event();
  const owner = await hubs.connect(await hubs.user());
  const holdId = await hold(owner, eventId, [4]);
  const others = [await hubs.user(), await hubs.user('admin'), await organizerOf(hubs, eventId)];
  const clients = await Promise.all(others.map((user) => hubs.connect(user, 1)));
  const ask = { eventId, holdId, requestId: requestId() };
  for (const client of clients) await client.expectDenied('bookings:confirm', ask, 'hold-not-found');
  await confirm(owner, eventId, holdId);
  for (const client of clients) await client.expectDenied('bookings:confirm', ask, 'hold-not-found');
});

test('hold-not-found: it was never there, is of another event, was released, or has run out', async () => {
  const eventId = await hubs.event({ rules: { holdMs: 600 } });
  const other = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  await buyer.watching(eventId);
  const released = await hold(buyer, eventId, [1]);
  await buyer.request('seats:release', { eventId, holdId: released, requestId: requestId() });
  const elsewhere = await hold(buyer, other, [1]);
  const expired = buyer.next('seats:hold-expired');
  const short = await hold(buyer, eventId, [2]);
  await expired;
  for (const holdId of [noHold, released, elsewhere, short]) {
    const ask = { eventId, holdId, requestId: requestId() };
    await buyer.expectDenied('bookings:confirm', ask, 'hold-not-found');
  }
});

test('booking-pending: nobody knows yet; asked again it is the true answer, and nothing is released meanwhile', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  const holdId = await hold(buyer, eventId, [4]);
  const lock = await lockOutcomes(hubs);
  const ask = { eventId, holdId, requestId: requestId() };
  const denied = buyer.expectDenied('bookings:confirm', ask, 'booking-pending');
  await until(async () => (await endWaiting()) > 0, 'the statement to lose its connection');
  await denied;
  expect(lettersOf(map)).toBe(`ffffh${'f'.repeat(35)}`);
  await lock.release();
  const { booking } = await confirm(buyer, eventId, holdId);
  expect(booking.status).toBe('confirmed');
  await until(() => heard(buyer, 'bookings:confirmed').length > 0, 'the tell');
  expect(heard(buyer, 'bookings:confirmed')).toEqual([{ booking }]);
});

test('a lock that PostgreSQL gives up waiting for leaves the hold as it was', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  const holdId = await hold(buyer, eventId, [4]);
  const lock = await lockOutcomes(hubs);
  const ask = { eventId, holdId, requestId: requestId() };
  await buyer.expectDenied('bookings:confirm', ask, 'try-later');
  expect(lettersOf(map)).toBe(`ffffh${'f'.repeat(35)}`);
  await lock.release();
  const released = await buyer.request('seats:release', { eventId, holdId, requestId: requestId() });
  expect(released.hold).toBeNull();
});

test('request-id-reused: for two holds, or for something else; the hold goes on', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const [one, two] = [await hold(buyer, eventId, [4]), await hold(buyer, eventId, [5])];
  const id = requestId();
  const { booking } = await buyer.request('bookings:confirm', { eventId, holdId: one, requestId: id });
  await buyer.expectDenied('bookings:confirm', { eventId, holdId: two, requestId: id }, 'request-id-reused');
  await buyer.expectDenied('bookings:cancel', { bookingId: booking.id, requestId: id }, 'request-id-reused');
  expect((await confirm(buyer, eventId, two)).booking.status).toBe('confirmed');
});

test('[BOOK-2] one confirm sent 50 times over two nodes: one booking, 50 equal answers', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const clients = await Promise.all([0, 1].map((on) => hubs.connect(user, on)));
  const holdId = await hold(clients[0] as TestClient, eventId, [4, 5]);
  const ask = { eventId, holdId, requestId: requestId() };
  const answers = await Promise.all(
    Array.from({ length: 50 }, (_, n) => (clients[n % 2] as TestClient).request('bookings:confirm', ask)),
  );
  expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
  expect(await hubs.sql('select id from bookings where hold_id = $1', [holdId])).toHaveLength(1);
});

test('overloaded: more than the queue takes are asked to come again, and keep their holds', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const buyer = await hubs.connect(user);
  const holdId = await hold(buyer, eventId, [5]);
  const { queue } = node(hubs).engine.confirms;
  const lock = await lockOutcomes(hubs);
  const line = { seat: 0, label: 'Seat', category: 'Stalls', priceCents: 0, cancelledAt: null };
  // Of an event that there is not: nothing comes of them.
  const filler = { eventId: newId(), userId: user.id, sessionId: null, requestId: null, currency: 'EUR' };
  const deadline = performance.now() + 60_000;
  const filling = Array.from({ length: 10_400 }, (_, n) =>
    queue.ask(
      { ...filler, holdId: `filler-${n}`, bookingId: newId(), seats: [{ ...line, seat: n }] },
      deadline,
    ),
  );
  await until(() => queue.isFull, 'the queue to be full');
  const ask = { eventId, holdId, requestId: requestId() };
  await buyer.expectDenied('bookings:confirm', ask, 'overloaded');
  await lock.release();
  await Promise.all(filling);
  const released = await buyer.request('seats:release', {
    eventId,
    holdId,
    requestId: requestId(),
  });
  expect(released).toBeDefined();
});

test('[PAY-2] payment-required, payment-pending: what costs money is not booked before it is paid for, and stays held', async () => {
  const eventId = await hubs.event({ rules: { payment: 'online' } });
  const buyer = await hubs.connect(await hubs.user());
  const holdId = await hold(buyer, eventId, [4]);
  const ask = { eventId, holdId, requestId: requestId() };
  await buyer.expectDenied('bookings:confirm', ask, 'payment-required');
  // A bank that never makes up its mind.
  const method = '4000000000020008';
  await buyer.request('bookings:checkout', { eventId, holdId, method, requestId: requestId() });
  await buyer.expectDenied('bookings:confirm', ask, 'payment-pending');
  const { holds } = await buyer.request('seats:watch', { eventId });
  expect(holds?.map((each) => each.holdId)).toEqual([holdId]);
  expect(await outcomeOf(holdId)).toBeUndefined();
});

/** Ends the connections whose statements wait for a lock. @returns how many */
async function endWaiting(): Promise<number> {
  const ended = await hubs.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return ended.length;
}

test('[BOOK-2] seats that were picked in no order: the answer is the same when it is asked for again', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const [here, there] = [await hubs.connect(user), await hubs.connect(user, 1)];
  const holdId = await hold(here, eventId, [13, 11, 12]);
  const first = await confirm(here, eventId, holdId);
  expect(first.booking.seats.map(({ seat }) => seat)).toEqual([11, 12, 13]);
  expect(await confirm(there, eventId, holdId)).toEqual(first);
});
