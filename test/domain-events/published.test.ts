/** What is told, brought about through the front door and compared with its schemas. */
import pg from 'pg';
import { expect, test } from 'vitest';
import { completeEvents } from '../../src/database/event-statements.ts';
import { confirmHolds } from '../../src/database/statements.ts';
import { domainEventTypes } from '../../src/domain-events/cloud-event.ts';
import { newHoldId, newId } from '../../src/ids.ts';
import { book, call, node, organizerOf } from '../channels/support.ts';
import { fullEvent, offered, waiting } from '../channels/waitlist/support.ts';
import { organizerIn } from '../events/support.ts';
import { requestId } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { type Entry, faultsOf, untilPublished } from './support.ts';

const hubs = await startTestHubs(2);
const organizer = await organizerIn(hubs, 40);
const { user } = organizer;
const seen = new Map<string, Entry>();

/** What was told of these things, in its order. Whatever it is, it fits its schema. */
async function toldOf(...subjects: string[]): Promise<Entry[]> {
  const told = (await untilPublished(hubs)).filter(({ event }) => subjects.includes(event.subject));
  for (const entry of told) {
    expect(faultsOf(entry)).toEqual([]);
    seen.set(entry.event.type, entry);
  }
  return told;
}

const typesOf = (told: readonly Entry[]) =>
  told.map(({ event }) => event.type.replace(/^com\.seatcast\.(.+)\.v1$/, '$1'));

test('[STREAM-1] an event is told of from when it is published, each change once', async () => {
  const hub = node(hubs);
  const draft = await organizer.draft({ tags: ['opera'], capacity: 40 });
  const eventId = draft.id;
  await call(hub, 'events:update', { eventId, title: 'Still a draft' }, user);
  await call(hub, 'events:publish', { eventId }, user);
  await call(hub, 'events:publish', { eventId }, user);
  await call(hub, 'events:update', { eventId, title: 'An evening', description: 'Long.' }, user);
  // The same as it is.
  await call(hub, 'events:update', { eventId, title: 'An evening' }, user);
  const [startsAt, endsAt] = ['2090-03-15T19:30:00Z', '2090-03-15T22:00:00Z'];
  await call(hub, 'events:update', { eventId, startsAt, endsAt }, user);
  await call(node(hubs, 1), 'events:update', { eventId, timeZone: 'Europe/Paris', category: 'opera' }, user);
  await call(hub, 'events:cancel', { eventId, reason: 'The tenor has a cold.' }, user);
  await call(hub, 'events:cancel', { eventId }, user);
  await call(hub, 'events:delete', { eventId }, user);
  await call(hub, 'events:delete', { eventId }, user);
  await call(hub, 'events:restore', { eventId }, user);

  const told = await toldOf(eventId);
  expect(typesOf(told)).toEqual([
    'event.published',
    'event.updated',
    'event.rescheduled',
    'event.rescheduled',
    'event.updated',
    'event.cancelled',
    'event.deleted',
    'event.restored',
  ]);
  const [published, updated, moved, zoned, categorised, cancelled] = told.map(({ event }) => event);
  expect(published?.data).toEqual({
    event: {
      id: eventId,
      organizerId: user.id,
      title: 'Still a draft',
      status: 'published',
      venue: draft.venue,
      venueId: null,
      category: null,
      tags: ['opera'],
      seriesId: null,
      startsAt: '2090-03-14T19:30:00.000Z',
      endsAt: '2090-03-14T22:00:00.000Z',
      timeZone: 'Europe/Brussels',
      sellMode: 'online',
      salesStartAt: null,
      salesEndAt: null,
      capacity: 40,
      currency: 'EUR',
      prices: { Stalls: 2500 },
      publishedAt: expect.any(String),
    },
  });
  expect(updated?.data).toMatchObject({ event: { title: 'An evening' }, changed: ['title', 'description'] });
  const before = {
    startsAt: '2090-03-14T19:30:00.000Z',
    endsAt: '2090-03-14T22:00:00.000Z',
    timeZone: 'Europe/Brussels',
  };
  expect(moved?.data).toMatchObject({ event: { startsAt: '2090-03-15T19:30:00.000Z' }, before });
  expect(zoned?.data).toMatchObject({
    event: { timeZone: 'Europe/Paris' },
    before: { timeZone: 'Europe/Brussels' },
  });
  expect(categorised?.data).toMatchObject({ changed: ['category'] });
  expect(cancelled?.data).toMatchObject({ event: { status: 'cancelled' } });
});

test('[STREAM-1] a draft that is changed, cancelled, put away and taken back is nobody else’s business', async () => {
  const hub = node(hubs);
  const { id: eventId } = await organizer.draft();
  await call(hub, 'events:update', { eventId, startsAt: '2090-03-14T19:00:00Z' }, user);
  await call(hub, 'events:cancel', { eventId }, user);
  await call(hub, 'events:delete', { eventId }, user);
  await call(hub, 'events:restore', { eventId }, user);
  expect(await toldOf(eventId)).toEqual([]);
});

test('[STREAM-1] all dates of a series, and an event that ends by itself', async () => {
  const { events } = await call(
    node(hubs),
    'events:create-series',
    { ...organizer.input(), rule: 'FREQ=DAILY;COUNT=3' },
    user,
  );
  const [first, ...others] = events.map(({ id }) => id);
  await call(node(hubs), 'events:publish', { eventId: first ?? '', scope: 'following' }, user);
  await call(
    node(hubs),
    'events:update',
    { eventId: first ?? '', scope: 'following', title: 'Renamed' },
    user,
  );
  await hubs.sql(
    "update events set starts_at = now() - interval '2 hours', ends_at = now() - interval '1 hour' where id = $1",
    [first],
  );
  const { db } = node(hubs).engine;
  await Promise.all([1, 2].map(() => db.run(completeEvents, 10, 'its end has come')));
  for (const eventId of others)
    expect(typesOf(await toldOf(eventId))).toEqual(['event.published', 'event.updated']);
  const told = await toldOf(first ?? '');
  expect(typesOf(told)).toEqual(['event.published', 'event.updated', 'event.rescheduled', 'event.completed']);
});

test('[STREAM-1] a booking, seats of it that are cancelled, the rest, and what goes with its event', async () => {
  const { id: eventId } = await organizer.published();
  const buyer = await hubs.user();
  const [one, two] = [await hubs.connect(buyer), await hubs.connect(buyer, 1)];
  const booking = await book(one, eventId, [3, 1, 2]);
  const bookingId = booking.id;
  const kept = await book(two, eventId, [7]);
  await one.request('bookings:cancel', { bookingId, seats: [2], requestId: requestId() });
  await two.request('bookings:cancel', { bookingId, requestId: requestId() });
  await call(node(hubs), 'events:cancel', { eventId }, user);

  const told = await toldOf(bookingId);
  expect(typesOf(told)).toEqual(['booking.confirmed', 'booking.seats-cancelled', 'booking.cancelled']);
  const [confirmed, part, rest] = told.map(({ event }) => event);
  const line = ({ seat, label, category, priceCents }: (typeof booking.seats)[number]) => ({
    seat,
    label,
    category,
    priceCents,
  });
  const lines = booking.seats.map(line).toSorted((a, b) => a.seat - b.seat);
  const whose = { bookingId, eventId, userId: buyer.id, currency: 'EUR' };
  expect(confirmed?.data).toEqual({
    ...whose,
    seats: lines,
    totalCents: 7500,
    confirmedAt: new Date(booking.createdAt).toISOString(),
  });
  const cancelled = { ...whose, refundCents: 0, cause: 'booking', cancelledAt: expect.any(String) };
  expect(part?.data).toEqual({
    ...cancelled,
    seats: lines.filter(({ seat }) => seat === 2),
    cancelledCents: 2500,
  });
  expect(rest?.data).toEqual({
    ...cancelled,
    seats: lines.filter(({ seat }) => seat !== 2),
    cancelledCents: 5000,
  });

  const both = await toldOf(eventId, kept.id);
  expect(typesOf(both)).toEqual([
    'event.published',
    'booking.confirmed',
    'event.cancelled',
    'booking.cancelled',
  ]);
  expect(both.at(-1)?.event.data).toMatchObject({ bookingId: kept.id, cause: 'event', cancelledCents: 2500 });
});

test('[STREAM-1] who waits, what they are offered, and how each of them ends', async () => {
  const event = await fullEvent(hubs);
  const { eventId } = event;
  const other = await fullEvent(hubs);
  const ada = await waiting(hubs, other.eventId);
  let told = ada.client.next('waitlist:promoted');
  await other.free(1, 2);
  for (let missed = 1; missed <= 3; missed++) {
    const { holdId } = (await told).offer;
    // Whoever declines one of two seats is offered the other.
    told = ada.client.next('waitlist:promoted');
    told.catch(() => undefined);
    await ada.client.request('waitlist:decline', { eventId: other.eventId, holdId, requestId: requestId() });
  }
  const bob = await offered(hubs, event, 5);
  await bob.client.request('waitlist:accept', { eventId, holdId: bob.offer.holdId, requestId: requestId() });
  const cleo = await waiting(hubs, eventId);
  await cleo.client.request('waitlist:leave', { eventId, entryId: cleo.entryId, requestId: requestId() });
  const dan = await waiting(hubs, eventId, { quantity: 2 });
  const closed = dan.client.next('waitlist:closed');
  await call(node(hubs), 'events:cancel', { eventId }, await organizerOf(hubs, eventId));
  await closed;

  const offers = ['waitlist.offered', 'waitlist.offered', 'waitlist.offered'];
  const ofAda = await toldOf(ada.entryId);
  expect(typesOf(ofAda)).toEqual(['waitlist.joined', ...offers, 'waitlist.expired']);
  expect(ofAda.at(-1)?.event.data).toMatchObject({ missedOffers: 3, reason: 'offers-missed' });
  const ofBob = await toldOf(bob.entryId);
  expect(typesOf(ofBob)).toEqual(['waitlist.joined', 'waitlist.offered', 'waitlist.accepted']);
  expect(ofBob[1]?.event.data).toMatchObject({
    eventId,
    seats: [5],
    holdId: bob.offer.holdId,
    until: new Date(bob.offer.expiresAt).toISOString(),
  });
  expect(typesOf(await toldOf(cleo.entryId))).toEqual(['waitlist.joined', 'waitlist.left']);
  const ofDan = await toldOf(dan.entryId);
  expect(typesOf(ofDan)).toEqual(['waitlist.joined', 'waitlist.closed']);
  expect(ofDan[1]?.event.data).toMatchObject({ quantity: 2, reason: 'event-cancelled' });
});

test('[STREAM-1] what was undone is not told: a lost race for a seat, a connection that died', async () => {
  const { id: eventId } = await organizer.published();
  const buyers = await hubs.users(2);
  const { db } = node(hubs).engine;
  const asks = buyers.map(({ id: userId }) => ({
    holdId: newHoldId(),
    bookingId: newId(),
    eventId,
    userId,
    sessionId: null,
    requestId: null,
    currency: 'EUR',
    leftMs: 5000,
    seats: [{ seat: 5, label: 'Seat 5', category: 'Stalls', priceCents: 2500 }],
  }));
  const verdicts = await Promise.all(
    asks.map((ask) => db.run(confirmHolds, JSON.stringify([ask])).catch(() => [])),
  );
  expect(verdicts.flat().filter(({ verdict }) => verdict === 'booked')).toHaveLength(1);

  const client = new pg.Client({ connectionString: hubs.databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  await client.query('begin');
  await client.query("update events set title = 'Never' where id = $1", [eventId]);
  const { pid } = (await client.query('select pg_backend_pid() as pid')).rows[0];
  const gone = new Promise((resolve) => client.once('end', resolve));
  await hubs.sql('select pg_terminate_backend($1)', [pid]);
  await gone;

  const told = await toldOf(eventId, ...asks.map(({ bookingId }) => bookingId));
  expect(typesOf(told)).toEqual(['event.published', 'booking.confirmed']);
});

test('[STREAM-4] every type has been told by now, as its schema says, and the hub serves that schema', async () => {
  expect([...seen.keys()].sort()).toEqual(domainEventTypes.map((type) => `com.seatcast.${type}`));
  const emails = await hubs.sql<{ email: string }>('select email from users');
  for (const { event } of seen.values()) {
    const path = new URL(event.dataschema).pathname;
    const response = await fetch(`${node(hubs, 1).url}${path}`);
    expect(response.status, path).toBe(200);
    expect(await response.json()).toMatchObject({ title: expect.any(String) });
    for (const { email } of emails) expect(JSON.stringify(event)).not.toContain(email);
  }
  for (const file of ['types.v2.json', 'README.md', '..%2Ftypes.json']) {
    expect((await fetch(`${node(hubs).url}/schemas/domain-events/${file}`)).status, file).toBe(404);
  }
});

test('[STREAM-4] an event has its id, its number and its time', async () => {
  const all = await untilPublished(hubs);
  expect(new Set(all.map(({ event }) => event.id)).size).toBe(all.length);
  expect(all.map(({ event }) => Number(event.sequence))).toEqual(all.map((_, index) => index + 1));
  for (const { position, event } of all) {
    expect(position.split('-')[1]).toBe(String(Number(event.sequence)));
    // Noted before it was recorded.
    expect(Date.parse(event.time)).toBeLessThanOrEqual(Number(position.split('-')[0]));
  }
});
