import { expect, test } from 'vitest';
import { found, holderOf, untilTold } from '../../alerts/support.ts';
import { requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, heard, node, organizerOf } from '../support.ts';
import { waiting } from '../waitlist/support.ts';

const hubs = await startTestHubs(2);
const hourMs = 3_600_000;

async function startOf(eventId: string): Promise<number> {
  const [row] = await hubs.sql<{ starts_at: Date }>('select starts_at from events where id = $1', [eventId]);
  return row?.starts_at.getTime() ?? 0;
}

test('[NOTE-4] holders and watchers are told of a new start on every node, once, and of nothing else', async () => {
  const [eventId, other] = [await hubs.event(), await hubs.event()];
  const organizer = await organizerOf(hubs, eventId);
  const holder = await holderOf(hubs, eventId, { node: 1 });
  const stranger = await holderOf(hubs, other);
  const watcher = await hubs.connect(undefined, 1);
  await watcher.watching(eventId);
  const before = await startOf(eventId);
  const after = before + hourMs;
  const told = [holder.client, watcher].map((client) => client.next('events:rescheduled'));
  const startsAt = new Date(after).toISOString();
  await call(node(hubs), 'events:update', { eventId, title: 'Another evening' }, organizer);
  await call(node(hubs), 'events:update', { eventId, startsAt }, organizer);
  const moved = { before: new Date(before).toISOString(), after: startsAt };
  for (const tell of await Promise.all(told)) {
    expect(tell).toEqual({ eventId, title: 'Another evening', ...moved });
  }
  await untilTold(hubs);
  expect(heard(holder.client, 'events:rescheduled')).toHaveLength(1);
  expect(heard(watcher, 'events:rescheduled')).toHaveLength(1);
  expect(heard(stranger.client, 'events:rescheduled')).toEqual([]);
  const notified = await found(hubs, holder.id, 'event-rescheduled');
  expect(notified.map(({ payload }) => payload)).toEqual([
    { title: 'Another evening', timeZone: 'Europe/Brussels', ...moved },
  ]);
  expect(await found(hubs, stranger.id, 'event-rescheduled')).toEqual([]);
});

test('[NOTE-4] each of two moves is told, also back to where it was; a draft moves in silence', async () => {
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const holder = await holderOf(hubs, eventId);
  const before = await startOf(eventId);
  for (const start of [before + hourMs, before]) {
    await call(node(hubs), 'events:update', { eventId, startsAt: new Date(start).toISOString() }, organizer);
  }
  const draft = await hubs.event({ publish: false });
  const startsAt = new Date(before + hourMs).toISOString();
  await call(node(hubs), 'events:update', { eventId: draft, startsAt }, await organizerOf(hubs, draft));
  await untilTold(hubs);
  const notified = await found(hubs, holder.id, 'event-rescheduled');
  // Two nodes may have told of the two at once.
  const starts = [new Date(before).toISOString(), startsAt];
  expect(notified.map(({ payload }) => payload.after).toSorted()).toEqual(starts);
  const rows = await hubs.sql(
    "select from outbox where topic = 'holders-notice' and payload ->> 'eventId' = $1",
    [draft],
  );
  expect(rows).toEqual([]);
});

test('[NOTE-4] who waits for seats is told of a new start, once, and neither who has left nor a stranger', async () => {
  const eventId = await hubs.event({ seats: 2 });
  const holder = await holderOf(hubs, eventId);
  await holder.client.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
  await holder.client.request('waitlist:join', { eventId, quantity: 1, requestId: requestId() });
  const waiter = await waiting(hubs, eventId, {}, 1);
  const leaver = await waiting(hubs, eventId);
  const leaves = { eventId, entryId: leaver.entryId, requestId: requestId() };
  await leaver.client.request('waitlist:leave', leaves);
  const ofLeaver = () =>
    hubs.sql('select from waitlist_entries where id = $1 and state = $2', [leaver.entryId, 'left']);
  await until(async () => (await ofLeaver()).length === 1, 'who left to be recorded');

  const startsAt = new Date((await startOf(eventId)) + hourMs).toISOString();
  const told = waiter.client.next('notifications:made');
  await call(node(hubs), 'events:update', { eventId, startsAt }, await organizerOf(hubs, eventId));
  expect((await told).notification).toMatchObject({
    kind: 'event-rescheduled',
    payload: { after: startsAt, waiting: true },
  });
  await untilTold(hubs);
  const [ofHolder, ofWaiter, ofOther] = await Promise.all(
    [holder.id, waiter.user.id, leaver.user.id].map((id) => found(hubs, id, 'event-rescheduled')),
  );
  expect(ofHolder?.map(({ payload }) => payload.waiting)).toEqual([undefined]);
  expect(ofWaiter).toHaveLength(1);
  expect(ofOther).toEqual([]);
});

test('[NOTE-4] who takes an offer before the notice goes out is told all the same', async () => {
  const eventId = await hubs.event({ seats: 1 });
  const holder = await hubs.connect(await hubs.user());
  const hold = await holder.request('seats:hold', { eventId, seats: [0], requestId: requestId() });
  const waiter = await waiting(hubs, eventId);
  const offer = waiter.client.next('waitlist:promoted');
  const { holdId } = hold.hold;
  await holder.request('seats:release', { eventId, holdId, seats: [0], requestId: requestId() });
  await offer;
  // In the moment of the change, as if the outbox had been late.
  await hubs.sql(`create function accepts() returns trigger language plpgsql as $$ begin
    update waitlist_entries set state = 'accepted', ended_at = clock_timestamp() where id = '${waiter.entryId}';
    return null;
  end $$`);
  await hubs.sql(`create trigger accepts after insert on outbox for each row
    when (new.topic = 'holders-notice' and new.payload ->> 'eventId' = '${eventId}') execute function accepts()`);
  const startsAt = new Date((await startOf(eventId)) + hourMs).toISOString();
  await call(node(hubs), 'events:update', { eventId, startsAt }, await organizerOf(hubs, eventId));
  await hubs.sql('drop function accepts cascade');
  await untilTold(hubs);
  const told = await found(hubs, waiter.user.id, 'event-rescheduled');
  expect(told.map(({ payload }) => [payload.after, payload.waiting])).toEqual([[startsAt, undefined]]);
});

test('[NOTE-4] all dates of a series that move together are told, each to its holders', async () => {
  const eventId = await hubs.event({ publish: false });
  const organizer = await organizerOf(hubs, eventId);
  const [plan] = await hubs.sql<{ plan_id: string }>('select plan_id from events where id = $1', [eventId]);
  const first = Date.now() + 48 * hourMs;
  const { events } = await call(
    node(hubs),
    'events:create-series',
    {
      planId: plan?.plan_id ?? '',
      title: 'Every evening',
      startsAt: new Date(first).toISOString(),
      endsAt: new Date(first + hourMs).toISOString(),
      currency: 'EUR',
      prices: { Stalls: 100 },
      rule: 'FREQ=DAILY;COUNT=3',
    },
    organizer,
  );
  const ids = events.map(({ id }) => id);
  const [earliest = ''] = ids;
  await call(node(hubs), 'events:publish', { eventId: earliest, scope: 'following' }, organizer);
  const holders = await Promise.all(ids.map((id) => holderOf(hubs, id)));
  const startsAt = new Date(first + 1_800_000).toISOString();
  const request = { eventId: earliest, startsAt, scope: 'following' } as const;
  await call(node(hubs), 'events:update', request, organizer);
  await untilTold(hubs);
  for (const [i, holder] of holders.entries()) {
    const notified = await found(hubs, holder.id, 'event-rescheduled');
    expect(notified.map(({ event_id }) => event_id)).toEqual([ids[i]]);
  }
});
