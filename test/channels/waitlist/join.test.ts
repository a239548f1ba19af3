import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { beginSaleInAnHour, call, nobody, node } from '../support.ts';
import { audited, fullEvent, waiting } from './support.ts';

const hubs = await startTestHubs(2);
const ask = (eventId: string, more: object = {}) => ({
  eventId,
  quantity: 1,
  requestId: requestId(),
  ...more,
});

test('more seats than there are, or than are beside each other, are refused: nobody could ever be offered them', async () => {
  const { eventId } = await fullEvent(hubs, { rules: { seatsPerHold: 50 } });
  const client = await hubs.connect(await hubs.user());
  const refusal = (more: object) =>
    client.expectDenied('waitlist:join', ask(eventId, more), 'invalid-request');
  const [row] = await hubs.sql<{ seat_count: number }>('select seat_count from events where id = $1', [
    eventId,
  ]);
  const seats = row?.seat_count ?? 0;
  expect(seats).toBeLessThan(50);
  expect(await refusal({ quantity: seats + 1 })).toEqual({
    field: 'quantity',
    allowed: `at most ${seats}: so many seats there are`,
  });
  expect(await refusal({ quantity: 11, together: true })).toMatchObject({ field: 'quantity' });
});

test('who joins is told where they stand, over a socket and over HTTP', async () => {
  const { eventId } = await fullEvent(hubs);
  const user = await hubs.user();
  const client = await hubs.connect(user);
  const first = await client.request(
    'waitlist:join',
    ask(eventId, { category: 'Stalls', together: true, quantity: 2 }),
  );
  expect(first).toMatchObject({
    entry: {
      eventId,
      quantity: 2,
      category: 'Stalls',
      together: true,
      state: 'waiting',
      position: 1,
      missedOffers: 0,
      offer: null,
      endedAt: null,
    },
    length: 1,
  });
  const other = await hubs.user();
  const second = await call(node(hubs, 1), 'waitlist:join', ask(eventId), other, requestId());
  expect(second).toMatchObject({ entry: { category: null, together: false, position: 2 }, length: 2 });
  expect(await audited(hubs, eventId)).toMatchObject([
    { action: 'waitlist-joined', actor_id: user.id, details: { quantity: 2, together: true } },
    { action: 'waitlist-joined', actor_id: other.id },
  ]);
});

test('[WAIT-12] once for each category, however often and wherever it is asked at once', async () => {
  const { eventId } = await fullEvent(hubs);
  const user = await hubs.user();
  const patient = { timeoutMs: 30_000 };
  const clients = [await hubs.connect(user, 0, patient), await hubs.connect(user, 1, patient)];
  const answers = await Promise.allSettled(
    Array.from({ length: 100 }, (_, n) => clients[n % 2]?.request('waitlist:join', ask(eventId))),
  );
  const made = answers.filter(({ status }) => status === 'fulfilled');
  expect(made).toHaveLength(1);
  for (const answer of answers) {
    if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'already-waiting' });
  }
  const { entries, length } = (await clients[0]?.request('waitlist:position', { eventId })) ?? {
    entries: [],
    length: 0,
  };
  expect([entries.length, length]).toEqual([1, 1]);
  const details = await clients[1]?.expectDenied('waitlist:join', ask(eventId), 'already-waiting');
  expect(details).toEqual({ entryId: entries[0]?.id });
  // Another category is another thing to wait for.
  expect(await clients[1]?.request('waitlist:join', ask(eventId, { category: 'Stalls' }))).toMatchObject({
    length: 2,
  });
});

test('[WAIT-12] who leaves and joins again comes last', async () => {
  const { eventId } = await fullEvent(hubs);
  const ada = await waiting(hubs, eventId);
  const bob = await waiting(hubs, eventId);
  await ada.client.request('waitlist:leave', { eventId, entryId: ada.entryId, requestId: requestId() });
  const again = await ada.client.request('waitlist:join', ask(eventId));
  expect(again.entry).toMatchObject({ position: 2 });
  expect(again.entry.id).not.toBe(ada.entryId);
  expect((await bob.client.request('waitlist:position', { eventId })).entries).toMatchObject([
    { position: 1 },
  ]);
});

test('[REQ-1] a repeat gets the first answer', async () => {
  const { eventId } = await fullEvent(hubs);
  const user = await hubs.user();
  const [here, there] = [await hubs.connect(user, 0), await hubs.connect(user, 1)];
  const request = ask(eventId);
  const first = await here.request('waitlist:join', request);
  expect(await there.request('waitlist:join', request)).toEqual(first);
  await here.expectDenied('waitlist:join', { ...request, quantity: 2 }, 'request-id-reused');
});

test('[WAIT-12] not for what is free', async () => {
  const event = await fullEvent(hubs);
  await event.free(3, 4);
  const client = await hubs.connect(await hubs.user());
  const details = await client.expectDenied(
    'waitlist:join',
    ask(event.eventId, { quantity: 2 }),
    'seats-available',
  );
  expect(details).toEqual({ seats: [3, 4] });
  await client.request('waitlist:join', ask(event.eventId, { quantity: 3 }));
});

test('what cannot be waited for is refused', async () => {
  const client = await hubs.connect(await hubs.user());
  const full = await fullEvent(hubs, { rules: { seatsPerHold: 4, seatsPerBuyer: 3 } });
  const { eventId } = full;
  const known = { allowed: ['Stalls'] };
  expect(
    await client.expectDenied('waitlist:join', ask(eventId, { category: 'Moon' }), 'category-unknown'),
  ).toEqual(known);
  const many = ask(eventId, { quantity: 5 });
  expect(await client.expectDenied('waitlist:join', many, 'seats-per-hold')).toEqual({ allowed: 4 });
  const four = ask(eventId, { quantity: 4 });
  expect(await client.expectDenied('waitlist:join', four, 'seats-per-buyer')).toEqual({
    allowed: 3,
    left: 3,
  });
  await client.expectDenied('waitlist:join', ask(nobody), 'event-not-found');
  const draft = await hubs.event({ publish: false });
  await client.expectDenied('waitlist:join', ask(draft), 'event-not-found');
  const begun = await hubs.event({ startsInMs: -1000 });
  await client.expectDenied('waitlist:join', ask(begun), 'event-not-on-sale');
  const later = await hubs.event();
  await beginSaleInAnHour(hubs, later);
  await client.expectDenied('waitlist:join', ask(later), 'sale-not-started');
});
