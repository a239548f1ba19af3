import { expect, test } from 'vitest';
import { lettersOf, requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, call, heard, nobody, node, noHold, organizerOf, whileConfirming } from '../support.ts';

const hubs = await startTestHubs(2);

test('[HOLD-1] seats are held all or none', async () => {
  const eventId = await hubs.event();
  const [ada, bob] = await hubs.users(2);
  const first = await hubs.connect(ada);
  const second = await hubs.connect(bob, 1);
  await first.request('seats:hold', { eventId, seats: [4], requestId: requestId() });
  const details = await second.expectDenied(
    'seats:hold',
    { eventId, seats: [3, 4, 5], requestId: requestId() },
    'seats-taken',
  );
  expect(details).toEqual({ seats: [4] });
  const map = await second.watching(eventId);
  expect(lettersOf(map)).toBe(`ffffh${'f'.repeat(35)}`);
});

test('[TICK-1] what one node changes is seen by viewers of another', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const viewer = await hubs.connect(undefined, 1);
  const map = await viewer.watching(eventId);
  const { hold } = await buyer.request('seats:hold', { eventId, seats: [0, 39], requestId: requestId() });
  await until(() => lettersOf(map) === `h${'f'.repeat(38)}h`, 'the held seats');
  expect(hold.totalCents).toBe(5000);
});

test('a hold has its price, its end and what is left of its extensions', async () => {
  const eventId = await hubs.event({ rules: { holdMs: 60_000, extensions: 3 } });
  const buyer = await hubs.connect(await hubs.user());
  const before = Date.now();
  const { hold, position } = await buyer.request('seats:hold', {
    eventId,
    seats: [7, 2],
    requestId: requestId(),
  });
  expect(hold).toMatchObject({
    eventId,
    seats: [7, 2],
    extensionsLeft: 3,
    totalCents: 5000,
    currency: 'EUR',
  });
  expect(hold.expiresAt).toBeGreaterThanOrEqual(before + 59_000);
  expect(hold.expiresAt).toBeLessThanOrEqual(Date.now() + 61_000);
  expect(position).toBe(1);
});

test('who watches another event hears nothing of a hold', async () => {
  const [watched, other] = [await hubs.event(), await hubs.event()];
  const buyer = await hubs.connect(await hubs.user());
  const viewer = await hubs.connect(undefined, 1);
  await viewer.watching(watched);
  await buyer.request('seats:hold', { eventId: other, seats: [1], requestId: requestId() });
  const tick = viewer.next('seats:changed');
  await buyer.request('seats:hold', { eventId: watched, seats: [2], requestId: requestId() });
  await tick;
  expect(heard(viewer, 'seats:changed')).toEqual([expect.objectContaining({ eventId: watched })]);
});

test('event-not-found: no such event', async () => {
  const buyer = await hubs.connect(await hubs.user());
  await buyer.expectDenied(
    'seats:hold',
    { eventId: nobody, seats: [1], requestId: requestId() },
    'event-not-found',
  );
});

test('[HOLD-13] nothing can be held before an event is published', async () => {
  const eventId = await hubs.event({ publish: false });
  const organizer = await organizerOf(hubs, eventId);
  for (const user of [await hubs.user(), organizer]) {
    const client = await hubs.connect(user);
    const ask = { eventId, seats: [1], requestId: requestId() };
    await client.expectDenied('seats:hold', ask, 'event-not-found');
  }
});

test('[HOLD-13] nothing can be held after an event has started', async () => {
  const buyer = await hubs.connect(await hubs.user());
  const started = await hubs.event({ startsInMs: -1000 });
  const ask = { eventId: started, seats: [1], requestId: requestId() };
  await buyer.expectDenied('seats:hold', ask, 'event-not-on-sale');
});

test('[HOLD-13] an event that starts while its sale is running is closed on every node', async () => {
  const eventId = await hubs.event();
  const [near, far] = [await hubs.connect(await hubs.user()), await hubs.connect(await hubs.user(), 1)];
  for (const [seat, client] of [near, far].entries()) {
    await client.request('seats:hold', { eventId, seats: [seat], requestId: requestId() });
  }
  const startsAt = new Date(Date.now() - 1000).toISOString();
  await call(node(hubs), 'events:update', { eventId, startsAt }, await organizerOf(hubs, eventId));
  for (const client of [near, far]) {
    const ask = { eventId, seats: [9], requestId: requestId() };
    await client.expectDenied('seats:hold', ask, 'event-not-on-sale');
  }
});

test('[HOLD-13] nothing can be held once an event is cancelled', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user(), 1);
  await buyer.request('seats:hold', { eventId, seats: [0], requestId: requestId() });
  await call(node(hubs), 'events:cancel', { eventId }, await organizerOf(hubs, eventId));
  const ask = { eventId, seats: [1], requestId: requestId() };
  await buyer.expectDenied('seats:hold', ask, 'event-not-on-sale');
});

test('seats-unknown: says which, and how many seats there are', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const ask = { eventId, seats: [39, 40, 99_999], requestId: requestId() };
  const details = await buyer.expectDenied('seats:hold', ask, 'seats-unknown');
  expect(details).toEqual({ seats: [40, 99_999], count: 40 });
});

test('[HOLD-12] no hold has more seats than the event allows', async () => {
  const eventId = await hubs.event({ rules: { seatsPerHold: 3 } });
  const buyer = await hubs.connect(await hubs.user());
  const tooMany = { eventId, seats: [1, 2, 3, 4], requestId: requestId() };
  expect(await buyer.expectDenied('seats:hold', tooMany, 'seats-per-hold')).toEqual({ allowed: 3 });
  const { hold } = await buyer.request('seats:hold', { eventId, seats: [1, 2], requestId: requestId() });
  const more = { eventId, seats: [3, 4], holdId: hold.holdId, requestId: requestId() };
  expect(await buyer.expectDenied('seats:hold', more, 'seats-per-hold')).toEqual({ allowed: 3 });
});

test('[HOLD-12] no buyer has more seats than the event allows, held and booked together', async () => {
  const eventId = await hubs.event({ rules: { seatsPerBuyer: 4 } });
  const user = await hubs.user();
  const [near, far] = [await hubs.connect(user), await hubs.connect(user, 1)];
  await book(near, eventId, [0, 1]);
  await far.request('seats:hold', { eventId, seats: [5], requestId: requestId() });
  const ask = { eventId, seats: [10, 11], requestId: requestId() };
  expect(await near.expectDenied('seats:hold', ask, 'seats-per-buyer')).toEqual({ allowed: 4, left: 1 });
  await near.request('seats:hold', { eventId, seats: [10], requestId: requestId() });
  const one = { eventId, seats: [11], requestId: requestId() };
  expect(await far.expectDenied('seats:hold', one, 'seats-per-buyer')).toEqual({ allowed: 4, left: 0 });
});

test('[HOLD-12] a cancelled booking counts no more', async () => {
  const eventId = await hubs.event({ rules: { seatsPerBuyer: 2 } });
  const buyer = await hubs.connect(await hubs.user());
  const { id: bookingId } = await book(buyer, eventId, [0, 1]);
  await buyer.request('bookings:cancel', { bookingId, requestId: requestId() });
  await buyer.request('seats:hold', { eventId, seats: [0, 1], requestId: requestId() });
});

test('[HOLD-9] seats can be added to a live hold and run out with it', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const [near, far] = [await hubs.connect(user), await hubs.connect(user, 1)];
  const { hold } = await near.request('seats:hold', { eventId, seats: [4], requestId: requestId() });
  const { holdId } = hold;
  const { hold: grown } = await far.request('seats:hold', {
    eventId,
    seats: [5, 6],
    holdId,
    requestId: requestId(),
  });
  expect(grown).toEqual({ ...hold, seats: [4, 5, 6], totalCents: 7500 });
});

test('[HOLD-9] seats that cannot be added leave the hold as it was', async () => {
  const eventId = await hubs.event();
  const [ada, bob] = [await hubs.connect(await hubs.user()), await hubs.connect(await hubs.user())];
  const { hold } = await ada.request('seats:hold', { eventId, seats: [4], requestId: requestId() });
  await bob.request('seats:hold', { eventId, seats: [6], requestId: requestId() });
  const more = { eventId, seats: [5, 6], holdId: hold.holdId, requestId: requestId() };
  await ada.expectDenied('seats:hold', more, 'seats-taken');
  const { holds } = await ada.request('seats:watch', { eventId });
  expect(holds).toEqual([hold]);
});

test('[HOLD-9] all seats of a hold that grew run out together', async () => {
  const eventId = await hubs.event({ rules: { holdMs: 700 } });
  const buyer = await hubs.connect(await hubs.user());
  await buyer.watching(eventId);
  const expired = buyer.next('seats:hold-expired');
  const { hold } = await buyer.request('seats:hold', { eventId, seats: [4], requestId: requestId() });
  await buyer.request('seats:hold', { eventId, seats: [5], holdId: hold.holdId, requestId: requestId() });
  expect(await expired).toEqual({ eventId, holdId: hold.holdId, seats: [4, 5] });
});

test('hold-not-found: there is no such hold to add to', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const ask = { eventId, seats: [4], holdId: noHold, requestId: requestId() };
  await buyer.expectDenied('seats:hold', ask, 'hold-not-found');
});

test('[HOLD-8] nobody adds to the hold of somebody else', async () => {
  const eventId = await hubs.event();
  const [ada, bob] = [await hubs.connect(await hubs.user()), await hubs.connect(await hubs.user())];
  const { hold } = await ada.request('seats:hold', { eventId, seats: [4], requestId: requestId() });
  const ask = { eventId, seats: [5], holdId: hold.holdId, requestId: requestId() };
  await bob.expectDenied('seats:hold', ask, 'hold-not-found');
});

test('hold-confirming: nothing is added to a hold that is being booked', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const { hold } = await buyer.request('seats:hold', { eventId, seats: [4], requestId: requestId() });
  const booking = await whileConfirming(hubs, buyer, hold, async () => {
    const ask = { eventId, seats: [5], holdId: hold.holdId, requestId: requestId() };
    await buyer.expectDenied('seats:hold', ask, 'hold-confirming');
  });
  expect(booking.seats.map((line) => line.seat)).toEqual([4]);
});

test('[HOLD-6] a repeated request is answered with the first answer, on any node', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const [near, far] = [await hubs.connect(user), await hubs.connect(user, 1)];
  const ask = { eventId, seats: [4, 5], requestId: requestId() };
  const replies = await Promise.all(
    Array.from({ length: 20 }, (_, i) => (i % 2 ? near : far).request('seats:hold', ask)),
  );
  for (const { hold } of replies) expect(hold).toEqual(replies[0]?.hold);
  const { holds } = await near.request('seats:watch', { eventId });
  expect(holds).toEqual([replies[0]?.hold]);
});

test('a refusal has changed nothing, so it is judged anew when it is asked again', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const [near, far] = [await hubs.connect(user), await hubs.connect(user, 1)];
  const rival = await hubs.connect(await hubs.user());
  const { hold } = await rival.request('seats:hold', { eventId, seats: [4], requestId: requestId() });
  const ask = { eventId, seats: [4], requestId: requestId() };
  await near.expectDenied('seats:hold', ask, 'seats-taken');
  await rival.request('seats:release', { eventId, holdId: hold.holdId, requestId: requestId() });
  await far.request('seats:hold', ask);
});

test('[HOLD-6] a request id belongs to its sender: somebody else may use the same', async () => {
  const eventId = await hubs.event();
  const [ada, bob] = [await hubs.connect(await hubs.user()), await hubs.connect(await hubs.user())];
  const id = requestId();
  const mine = await ada.request('seats:hold', { eventId, seats: [4], requestId: id });
  const theirs = await bob.request('seats:hold', { eventId, seats: [5], requestId: id });
  expect(mine.hold.seats).toEqual([4]);
  expect(theirs.hold.seats).toEqual([5]);
});

test('[HOLD-7] request-id-reused: one request id for two different requests is refused', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const [near, far] = [await hubs.connect(user), await hubs.connect(user, 1)];
  const ask = { eventId, seats: [4], requestId: requestId() };
  const { hold } = await near.request('seats:hold', ask);
  await far.expectDenied('seats:hold', { ...ask, seats: [5] }, 'request-id-reused');
  await far.expectDenied('seats:hold', { ...ask, holdId: hold.holdId }, 'request-id-reused');
});

test('[HOLD-2] an event has one name and so one map: its id in capitals is not one', async () => {
  const eventId = (await hubs.event()).toUpperCase();
  const client = await hubs.connect(await hubs.user());
  const ask = { eventId, seats: [4], requestId: requestId() };
  const details = await client.expectDenied('seats:hold', ask, 'invalid-request');
  expect(details.field).toBe('eventId');
});

test('[EVENT-5] sale-not-started: nothing can be held before the sale begins, which says when that is', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const salesStartAt = new Date(Date.now() + 3_600_000).toISOString();
  await call(node(hubs), 'events:update', { eventId, salesStartAt }, organizer);
  for (const index of [0, 1]) {
    const buyer = await hubs.connect(await hubs.user(), index);
    const ask = { eventId, seats: [index], requestId: requestId() };
    await until(
      () =>
        buyer.request('seats:hold', ask).then(
          () => false,
          (error) => error.code === 'sale-not-started',
        ),
      'the node to know when the sale begins',
    );
    await buyer.expectDenied('bookings:book', { ...ask, requestId: requestId() }, 'sale-not-started');
    const details = await buyer.expectDenied('seats:hold', ask, 'sale-not-started');
    expect(details).toEqual({ from: Date.parse(salesStartAt) });
  }
  await call(node(hubs), 'events:update', { eventId, salesStartAt: null }, organizer);
  const buyer = await hubs.connect(await hubs.user());
  await buyer.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
});

test('[EVENT-5] nothing can be held, or booked, after the sale has ended', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const buyer = await hubs.connect(await hubs.user());
  const { hold } = await buyer.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
  const salesEndAt = new Date(Date.now() - 1000).toISOString();
  await call(node(hubs), 'events:update', { eventId, salesEndAt }, organizer);
  const ask = { eventId, seats: [2], requestId: requestId() };
  await buyer.expectDenied('seats:hold', ask, 'event-not-on-sale');
  const confirm = { eventId, holdId: hold.holdId, requestId: requestId() };
  await buyer.expectDenied('bookings:confirm', confirm, 'event-not-on-sale');
  // Whatever Redis believes.
  const { keys, links } = node(hubs);
  const [, , , meta = ''] = keys.event(eventId);
  await links.commands.hset(meta, 'closesAt', Date.now() + 60_000);
  await buyer.expectDenied('bookings:confirm', { ...confirm, requestId: requestId() }, 'event-not-on-sale');
});

test('[EVENT-5] an event that is sold elsewhere is shown, and no seat of it is held', async () => {
  const eventId = await hubs.event({ publish: false });
  const organizer = await organizerOf(hubs, eventId);
  await call(node(hubs), 'events:update', { eventId, sellMode: 'offline' }, organizer);
  await call(node(hubs), 'events:publish', { eventId }, organizer);
  const buyer = await hubs.connect(await hubs.user());
  await buyer.watching(eventId);
  const ask = { eventId, seats: [1], requestId: requestId() };
  await buyer.expectDenied('seats:hold', ask, 'event-not-on-sale');
});
