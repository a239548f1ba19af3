/** Whatever happened, in whatever order and with whatever crashes: the numbers are those of the bookings. */
import fc from 'fast-check';
import pg from 'pg';
import { expect, test } from 'vitest';
import { foldSales, forgetHoldStarts } from '../../src/database/analytics-statements.ts';
import type { HoldToConfirm } from '../../src/database/statements.ts';
import { cancelEventBatch, cancelSeats, confirmHolds } from '../../src/database/statements.ts';
import { insertEvent, setStatus } from '../../src/events/catalogue.ts';
import { importPlan } from '../../src/events/plans.ts';
import { newHoldId, newId } from '../../src/ids.ts';
import { call, node } from '../channels/support.ts';
import { startTestHubs, type TestUser, testPlan } from '../support/hub.ts';
import {
  conversionOf,
  during,
  groupBy,
  holdsOf,
  linesOf,
  type NaiveLine,
  salesOf,
  seatsOf,
} from './naive.ts';

const hubs = await startTestHubs(1);
const { db } = node(hubs).engine;
const admin = await hubs.user('admin');
const buyers = await hubs.users(4);
const zones = ['UTC', 'Europe/Brussels', 'America/New_York', 'Asia/Kathmandu'];
const categories = ['Stalls', 'Balcony', 'Box'];
const dayMs = 86_400_000;
const dateOf = (ms: number) => new Date(ms).toISOString().slice(0, 10);

/** What somebody does, as numbers that are taken modulo what there is. */
const step = fc.record({
  kind: fc.constantFrom(
    'book',
    'book',
    'book',
    'cancel-seat',
    'cancel',
    'hold',
    'fold',
    'crash',
    'forget',
    'move',
  ),
  event: fc.nat(2),
  buyer: fc.nat(3),
  pick: fc.nat(1000),
  seats: fc.integer({ min: 1, max: 4 }),
  /** How long ago, in minutes: up to 80 days, so that months and clock changes lie between. */
  ago: fc.nat(80 * 1440),
});
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Scene {
  organizer: TestUser;
  events: { id: string; currency: string; nextSeat: number }[];
  bookings: { id: string; seats: number[] }[];
}

async function makeScene(): Promise<Scene> {
  const organizer = await hubs.user('organizer');
  const plan = await importPlan(db, organizer.id, testPlan(40));
  const events = await Promise.all(
    (['EUR', 'EUR', 'CHF'] as const).map(async (currency, i) => {
      const row = await insertEvent(db, organizer.id, {
        planId: plan.id,
        title: `Event ${i}`,
        venue: `Venue ${i % 2}`,
        startsAt: new Date(Date.now() + (i + 1) * dayMs).toISOString(),
        endsAt: new Date(Date.now() + (i + 2) * dayMs).toISOString(),
        currency,
        prices: { Stalls: 2500 },
      });
      await setStatus(db, row, 'published');
      return { id: row.id, currency, nextSeat: 0 };
    }),
  );
  return { organizer, events, bookings: [] };
}

async function book(scene: Scene, { event, buyer, seats, pick, ago }: Step): Promise<void> {
  const target = scene.events[event];
  const user = buyers[buyer];
  if (!target || !user) return;
  const lines = Array.from({ length: seats }, (_, i) => ({
    seat: target.nextSeat + i,
    label: `Seat ${target.nextSeat + i}`,
    category: categories[(pick + i) % 3] ?? '',
    priceCents: ((pick * 37 + i * 911) % 9000) + 1,
  }));
  target.nextSeat += seats;
  const holdId = newHoldId();
  const ask: HoldToConfirm = {
    holdId,
    bookingId: newId(),
    eventId: target.id,
    userId: user.id,
    sessionId: null,
    requestId: null,
    currency: target.currency,
    leftMs: null,
    seats: lines,
  };
  const [verdict] = await db.run(confirmHolds, JSON.stringify([ask]));
  expect(verdict?.verdict).toBe('booked');
  await holdBegan(target.id, holdId, user.id, ago + 5);
  await moveBooking(ask.bookingId, ago);
  scene.bookings.push({ id: ask.bookingId, seats: lines.map(({ seat }) => seat) });
}

const moveBooking = (id: string, ago: number) =>
  hubs.sql("update bookings set created_at = now() - $2 * interval '1 minute' where id = $1", [id, ago]);

async function holdBegan(eventId: string, holdId: string, userId: string, ago: number): Promise<void> {
  const { audit } = node(hubs).engine;
  const at = Date.now() - ago * 60_000;
  // Seats are added to it a minute later: still one hold.
  for (const later of [0, 60_000]) {
    const details = { holdId, position: 1, until: at + 600_000, userId };
    const by = { userId, sessionId: null, requestId: null };
    audit.note({ at: at + later, action: 'seats-held', eventId, by, seats: [1], details });
  }
  await audit.flush();
}

/** Does something in a transaction whose connection dies before it commits. */
async function crash(text: string, values: unknown[]): Promise<void> {
  const client = new pg.Client({ connectionString: hubs.databaseUrl });
  client.on('error', () => undefined);
  await client.connect();
  const [{ pid } = { pid: 0 }] = (await client.query('select pg_backend_pid() as pid')).rows;
  await client.query('begin');
  await client.query(text, values);
  const gone = new Promise((resolve) => client.once('end', resolve));
  await hubs.sql('select pg_terminate_backend($1)', [pid]);
  await gone;
}

const by = [null, null, null, 'test'] as const;

async function take(scene: Scene, each: Step): Promise<void> {
  const booking = scene.bookings[each.pick % Math.max(1, scene.bookings.length)];
  const seat = booking?.seats[each.seats % booking.seats.length];
  switch (each.kind) {
    case 'book':
      return book(scene, each);
    case 'hold':
      return holdBegan(scene.events[each.event]?.id ?? '', newHoldId(), buyers[0]?.id ?? '', each.ago);
    case 'cancel-seat':
      if (booking) await db.run(cancelSeats, booking.id, [seat ?? 0], ...by);
      return;
    case 'cancel':
      if (booking) await db.run(cancelSeats, booking.id, null, ...by);
      return;
    case 'fold':
      // Of two at once one does nothing, or goes on after the other.
      await Promise.all([0, 3].map((more) => db.run(foldSales, (each.pick % 7) + 1 + more)));
      return;
    case 'forget':
      await db.run(forgetHoldStarts, dayMs, 3);
      return;
    case 'move':
      if (booking) await moveBooking(booking.id, each.ago);
      return;
    case 'crash':
      if (each.pick % 2 === 0 || !booking) return crash(foldSales.text, [1000]);
      return crash(cancelSeats.text, [booking.id, null, ...by]);
  }
}

/** Every number of every route that counts sales, for one scope and range, against the plain sums. */
async function compare(
  user: TestUser,
  organizerId: string | undefined,
  eventId: string | undefined,
  salt: number,
) {
  const zone = zones[salt % zones.length] ?? 'UTC';
  const to = dateOf(Date.now() - (salt % 5) * dayMs);
  const from = dateOf(Date.now() - ((salt % 5) + (salt % 75)) * dayMs);
  const hub = node(hubs);
  const whose = <T extends { organizer_id: string; event_id: string }>(rows: T[]) =>
    rows.filter(
      (row) => (!organizerId || row.organizer_id === organizerId) && (!eventId || row.event_id === eventId),
    );
  const all = whose(await linesOf(hubs));
  const lines = during(all, from, to, zone);
  const holds = during(whose(await holdsOf(hubs)), from, to, zone);
  const range = { from, to, timeZone: zone, ...(user.id === admin.id && organizerId ? { organizerId } : {}) };
  const ofEvent = eventId ? { eventId } : {};

  const summary = await call(hub, 'analytics:summary', { ...range, ...ofEvent }, user);
  const currencies = new Set([...lines, ...holds].map(({ currency }) => currency));
  for (const row of summary.currencies.filter(({ holds: h, bookings }) => h > 0 || bookings > 0)) {
    currencies.delete(row.currency);
    const { conversionRate, currency, ...numbers } = row;
    expect(numbers).toEqual({
      ...salesOf(lines.filter((line) => line.currency === currency)),
      ...conversionOf(holds.filter((hold) => hold.currency === currency)),
    });
    expect(conversionRate === null).toBe(numbers.holds === 0);
  }
  expect([...currencies]).toEqual([]);
  const conversion = await call(hub, 'analytics:conversion', { ...range, ...ofEvent }, user);
  expect(conversion).toMatchObject(conversionOf(holds));

  const trend = await call(hub, 'analytics:trend', { ...range, ...ofEvent, by: 'day' }, user);
  for (const [i, startsAt] of trend.startsAt.entries()) {
    const day = startsAt.slice(0, 10);
    const onDay = during(lines, day, day, zone);
    for (const series of trend.currencies) {
      const expected = salesOf(onDay.filter(({ currency }) => currency === series.currency));
      expect([series.bookings[i], series.seats[i], series.cancelledSeats[i], series.revenueCents[i]]).toEqual(
        [expected.bookings, expected.seats, expected.cancelledSeats, expected.revenueCents],
      );
      const held = during(holds, day, day, zone).filter(({ currency }) => currency === series.currency);
      expect({ holds: series.holds[i], converted: series.converted[i] }).toEqual(conversionOf(held));
    }
  }

  const byCategory = groupBy(lines, (line) => `${line.category} ${line.currency}`);
  const categoryRows = await call(hub, 'analytics:categories', { ...range, ...ofEvent, limit: 200 }, user);
  expect(categoryRows.categories).toHaveLength(byCategory.size);
  for (const { category, currency, events, ...numbers } of categoryRows.categories) {
    const these = byCategory.get(`${category} ${currency}`) ?? [];
    expect(numbers).toEqual(seatsOf(these));
    expect(events).toBe(new Set(these.map(({ event_id }) => event_id)).size);
  }

  // Of all events of somebody a month at most.
  const shortFrom = eventId ? from : [from, dateOf(Date.parse(to) - 30 * dayMs)].sort()[1];
  const theirs = { ...range, ...ofEvent, from: shortFrom ?? from, limit: 100 };
  const buyerRows = await call(hub, 'analytics:buyers', theirs, user);
  const byBuyer = groupBy(during(lines, theirs.from, to, zone), (line) => `${line.user_id} ${line.currency}`);
  expect(buyerRows.buyers).toHaveLength(byBuyer.size);
  for (const { userId, name, email, currency, ...numbers } of buyerRows.buyers) {
    expect(name).toBe('Test');
    expect(email).toContain(userId);
    expect(numbers).toEqual(salesOf(byBuyer.get(`${userId} ${currency}`) ?? []));
  }
  if (eventId) return;

  const byEvent = groupBy(lines, (line) => line.event_id);
  const eventRows = await call(hub, 'analytics:events', { ...range, limit: 100, sort: 'revenue' }, user);
  expect(eventRows.events).toHaveLength(Math.min(100, byEvent.size));
  for (const row of eventRows.events) {
    expect(row).toMatchObject(salesOf(byEvent.get(row.eventId) ?? []));
    expect(row.soldSeats).toBe(soldOf(all, row.eventId));
  }
  const revenues = eventRows.events.map(({ revenueCents }) => revenueCents);
  expect(revenues).toEqual(revenues.toSorted((a, b) => b - a));

  const byVenue = groupBy(lines, (line) => `${line.venue} ${line.currency}`);
  const venueRows = await call(hub, 'analytics:venues', { ...range, limit: 200 }, user);
  expect(venueRows.venues).toHaveLength(byVenue.size);
  for (const { venue, currency, events: _, ...numbers } of venueRows.venues) {
    expect(numbers).toEqual(salesOf(byVenue.get(`${venue} ${currency}`) ?? []));
  }
  const full = await call(
    hub,
    'analytics:utilisation',
    { ...(organizerId && user.id === admin.id ? { organizerId } : {}), limit: 200 },
    user,
  );
  for (const row of full.list) expect(row.soldSeats).toBe(soldOf(all, row.eventId));
}

const soldOf = (lines: NaiveLine[], eventId: string) =>
  lines.filter((line) => line.event_id === eventId && line.active).length;

test('[STATS-1] every number agrees with the bookings to the cent, whatever was cancelled, moved or crashed between', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), fc.nat(1000), async (steps, salt) => {
      const scene = await makeScene();
      for (const each of steps) await take(scene, each);
      const { organizer, events } = scene;
      await compare(organizer, organizer.id, undefined, salt);
      await compare(organizer, organizer.id, events[0]?.id, salt + 1);
      await compare(admin, undefined, undefined, salt + 2);
      await compare(admin, organizer.id, undefined, salt + 3);
      // A cancelled event takes all of its bookings back, in one statement.
      await db.run(cancelEventBatch, events[1]?.id ?? '', 200, ...by);
      await compare(organizer, organizer.id, undefined, salt + 4);
      for (const at of [1, 2]) await db.run(foldSales, 10_000 * at);
      await compare(organizer, organizer.id, undefined, salt + 5);
    }),
    { numRuns: Number(process.env.ANALYTICS_RUNS ?? 12), endOnFailure: true },
  );
}, 300_000);
