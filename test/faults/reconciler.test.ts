import { describe, expect, test } from 'vitest';
import type { SeatMap } from '../../src/client/seat-map.ts';
import { newId } from '../../src/ids.ts';
import { beginConfirm } from '../../src/redis/scripts/begin-confirm.ts';
import { PastEvents } from '../../src/seats/past-events.ts';
import { book, heard, node } from '../channels/support.ts';
import { lettersOf, requestId, type TestClient, until } from '../support/client.ts';
import { startTestHubs, type TestUser } from '../support/hub.ts';

const hubs = await startTestHubs(2);
const { keys, links } = node(hubs);
const redis = links.commands;

interface Scene {
  eventId: string;
  user: TestUser;
  buyer: TestClient;
  map: SeatMap;
}

/** An event with a buyer on one node and somebody who watches on the other. */
async function scene(): Promise<Scene> {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const [buyer, viewer] = [await hubs.connect(user), await hubs.connect(undefined, 1)];
  return { eventId, user, buyer, map: await viewer.watching(eventId) };
}

const hold = async ({ buyer, eventId }: Scene, seats: number[]): Promise<string> =>
  (await buyer.request('seats:hold', { eventId, seats, requestId: requestId() })).hold.holdId;
/** Ordinary business, by which the event is looked at again. */
const anything = async (here: Scene): Promise<void> => void (await hold(here, [39]));
const seen = ({ map }: Scene, seat: number): string => lettersOf(map).charAt(seat);
const seenAs = (here: Scene, seat: number, letter: string, withinMs = 60_000): Promise<void> =>
  until(() => seen(here, seat) === letter, `seat ${seat} to be shown as ${letter}`, withinMs);
const buyerText = ({ eventId, user }: Scene) => redis.hget(keys.event(eventId)[8] as string, user.id);

async function mendings(eventId: string): Promise<{ action: string; seats: number[]; details: object }[]> {
  for (const hub of hubs.nodes) await hub.engine.audit.flush();
  return hubs.sql(
    "select action, seats, details from audit where event_id = $1 and action like '%-mended' order by id",
    [eventId],
  );
}

/** A booking that PostgreSQL has and nothing else knows of. */
async function sellSilently({ eventId, user }: Scene, holdId: string, seats: number[]): Promise<string> {
  const id = newId();
  await hubs.sql(
    `insert into bookings (id, event_id, user_id, hold_id, status, total_cents, currency, created_at)
     values ($1, $2, $3, $4, 'confirmed', 0, 'EUR', now())`,
    [id, eventId, user.id, holdId],
  );
  await hubs.sql(
    `insert into booking_seats (booking_id, event_id, seat, label, category, price_cents, active)
     select $1, $2, seat, 'label', 'Stalls', 0, true from unnest($3::integer[]) as seat`,
    [id, eventId, seats],
  );
  await hubs.sql("insert into outcomes (event_id, hold_id, outcome, reason) values ($1, $2, 'booked', '')", [
    eventId,
    holdId,
  ]);
  return id;
}

/** Made one after the other; the tests wait for looks, so they run at once. */
const scenes: Scene[] = [];
for (let i = 0; i < 6; i++) scenes.push(await scene());

describe('[MEND-1] what differs between Redis and PostgreSQL is mended within seconds', () => {
  test.concurrent('a seat that is shown sold, and was cancelled', async () => {
    const here = scenes.pop() as Scene;
    const { id } = await book(here.buyer, here.eventId, [4, 5]);
    await seenAs(here, 4, 's');
    // A cancellation of which nothing but the table tells.
    await hubs.sql(
      'update booking_seats set active = false, cancelled_at = now() where booking_id = $1 and seat = 4',
      [id],
    );
    await anything(here);
    await seenAs(here, 4, 'f');
    expect(seen(here, 5)).toBe('s');
    await until(
      async () => (await buyerText(here))?.startsWith('1|') ?? false,
      'the buyer to have one seat booked',
    );
    const found = await mendings(here.eventId);
    expect(found).toContainEqual({ action: 'seat-mended', seats: [4], details: { from: 's', to: 'f' } });
    expect(found).toContainEqual({
      action: 'buyer-mended',
      seats: [],
      details: { userId: here.user.id, from: 2, to: 1 },
    });
    expect(
      await here.buyer.request('seats:hold', { eventId: here.eventId, seats: [4], requestId: requestId() }),
    ).toMatchObject({ hold: { seats: [4] } });
  });

  test.concurrent('a seat that is shown free, and was sold', async () => {
    const here = scenes.pop() as Scene;
    await hold(here, [1]);
    await sellSilently(here, `silent-${here.eventId}`, [7]);
    await anything(here);
    await seenAs(here, 7, 's');
    await until(
      async () => (await buyerText(here))?.startsWith('1|') ?? false,
      'the sale to count for its buyer',
    );
    expect(seen(here, 1)).toBe('h');
  });

  test.concurrent('a seat that is shown held, and no hold has it', async () => {
    const here = scenes.pop() as Scene;
    const [holdId, other] = [await hold(here, [8, 9]), await hold(here, [10])];
    await seenAs(here, 8, 'h');
    const [, holds = '', expiry = ''] = keys.event(here.eventId);
    await redis.multi().hdel(holds, holdId).zrem(expiry, holdId).exec();
    await anything(here);
    await seenAs(here, 8, 'f');
    await seenAs(here, 9, 'f');
    expect(seen(here, 10)).toBe('h');
    const { eventId } = here;
    await here.buyer.request('bookings:confirm', { eventId, holdId: other, requestId: requestId() });
  });

  test.concurrent('a buyer of whom too much is counted', async () => {
    const here = scenes.pop() as Scene;
    await book(here.buyer, here.eventId, [2]);
    await until(async () => (await buyerText(here)) === '1|', 'the booking to count');
    await redis.hset(keys.event(here.eventId)[8] as string, here.user.id, '20|');
    const full = { eventId: here.eventId, seats: [3], requestId: requestId() };
    await here.buyer.expectDenied('seats:hold', full, 'seats-per-buyer');
    // Another one's business.
    await anything({ ...here, buyer: await hubs.connect(await hubs.user()) });
    await until(async () => (await buyerText(here)) === '1|', 'the count to be right', 60_000);
    await here.buyer.request('seats:hold', { ...full, requestId: requestId() });
  });

  test.concurrent('a hold that was booked, and is still there: its buyer is told as well', async () => {
    const here = scenes.pop() as Scene;
    const holdId = await hold(here, [11, 12]);
    const { inventory } = node(hubs).engine;
    await inventory.run(beginConfirm, here.eventId, { owner: here.user.id, holdId, graceMs: 60_000 });
    await sellSilently(here, holdId, [11, 12]);
    await anything(here);
    await seenAs(here, 11, 's');
    await seenAs(here, 12, 's');
    await until(() => heard(here.buyer, 'bookings:confirmed').length > 0, 'the buyer to be told');
    expect(heard(here.buyer, 'bookings:confirmed')).toMatchObject([{ booking: { holdId } }]);
    expect(await mendings(here.eventId)).toEqual([{ action: 'hold-mended', seats: [], details: { holdId } }]);
  });

  test.concurrent('the seat of a live hold is taken only for who has bought it', async () => {
    const here = scenes.pop() as Scene;
    const holdId = await hold(here, [13, 14, 15]);
    await seenAs(here, 13, 'h');
    const [seats = ''] = keys.event(here.eventId);
    // Shown sold and shown free over the head of the hold; and one that was sold indeed.
    await redis.multi().setrange(seats, 13, 's').setrange(seats, 14, 'f').exec();
    await sellSilently({ ...here, user: await hubs.user() }, `silent-${here.eventId}`, [15]);
    await anything(here);
    await seenAs(here, 15, 's');
    await until(async () => (await redis.getrange(seats, 13, 15)) === 'hhs', 'the map to be right', 60_000);
    const { eventId } = here;
    const details = await here.buyer.expectDenied(
      'bookings:confirm',
      { eventId, holdId, requestId: requestId() },
      'seats-taken',
    );
    expect(details.seats).toEqual([15]);
  });
});

test('[MEND-1] while an event is busy nothing is mended that is not broken', async () => {
  const eventId = await hubs.event({ seats: 200, rules: { holdMs: 1500, seatsPerBuyer: 200 } });
  const users = await hubs.users(8);
  const clients = await Promise.all(users.map((user, i) => hubs.connect(user, i % 2)));
  const looks = () => hubs.nodes.reduce((sum, { engine }) => sum + engine.reconciler.counts.looks, 0);
  const before = looks();
  let isOver = false;
  let booked = 0;
  const crowd = clients.map(async (client, i) => {
    for (let n = 0; !isOver; n++) {
      const seats = [0, 1, 2].map((k) => (i * 25 + n * 7 + k * 3) % 200);
      const ask = { eventId, requestId: requestId() };
      const held = await client.request('seats:hold', { ...ask, seats }).catch(() => undefined);
      if (!held || n % 4 === 0) continue;
      const { holdId } = held.hold;
      const sold = await client.request('bookings:confirm', { ...ask, holdId, requestId: requestId() });
      booked++;
      const { id: bookingId } = sold.booking;
      await client.request('bookings:cancel', {
        bookingId,
        seats: seats.slice(0, 2),
        requestId: requestId(),
      });
      await client.request('bookings:cancel', { bookingId, requestId: requestId() });
    }
  });
  await until(() => looks() - before >= 5, 'the event to be compared while it is busy', 30_000);
  isOver = true;
  await Promise.all(crowd);
  expect(booked).toBeGreaterThan(20);
  expect(await mendings(eventId)).toEqual([]);
  expect(
    await hubs.sql("select 1 from audit where event_id = $1 and action = 'booking-confirmed'", [eventId]),
  ).toHaveLength(booked);
}, 60_000);

test('an event that is long over leaves Redis, and comes back when somebody asks', async () => {
  const over = await hubs.event({ startsInMs: 3000 });
  const coming = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  await book(buyer, over, [1]);
  await book(buyer, coming, [1]);
  const exists = (eventId: string) => redis.exists(...keys.event(eventId));
  expect(await exists(over)).toBeGreaterThan(0);
  await hubs.sql("update events set starts_at = now() - interval '25 hours' where id = $1", [over]);
  const { db, log } = node(hubs).engine;
  const pastEvents = new PastEvents({ links, keys, db, log, everyMs: 200, waitMs: 12_000 });
  pastEvents.start();
  try {
    await until(() => pastEvents.counts.retired === 1, 'the event to leave', 60_000);
  } finally {
    pastEvents.stop();
  }
  expect(await exists(over)).toBe(0);
  expect(await redis.smembers(keys.loadedEvents)).not.toContain(over);
  expect(await redis.hlen(keys.retiringEvents)).toBe(0);
  expect(await exists(coming)).toBeGreaterThan(0);
  expect(await redis.smembers(keys.loadedEvents)).toContain(coming);
  const viewer = await hubs.connect();
  expect(lettersOf(await viewer.watching(over)).slice(0, 3)).toBe('fsf');
}, 60_000);

test('an event that is long over stays while it has holds', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  const { hold: held } = await buyer.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
  await hubs.sql("update events set starts_at = now() - interval '25 hours' where id = $1", [eventId]);
  const { db, log } = node(hubs).engine;
  const pastEvents = new PastEvents({ links, keys, db, log, everyMs: 100, waitMs: 0 });
  pastEvents.start();
  try {
    await until(() => pastEvents.counts.kept === 1, 'the event to be tried');
    await until(async () => (await redis.hlen(keys.retiringEvents)) === 0, 'it to be back');
  } finally {
    pastEvents.stop();
  }
  expect(await redis.hget(keys.event(eventId)[1] as string, held.holdId)).toMatch(/^h\|/);
  expect(await redis.smembers(keys.loadedEvents)).toContain(eventId);
});

test('a Redis that knows a wrong end of the sale is told the right one', async () => {
  const here = await scene();
  await hold(here, [1]);
  const meta = keys.event(here.eventId)[3] as string;
  const right = await redis.hget(meta, 'closesAt');
  await redis.hset(meta, 'closesAt', '1');
  await until(async () => (await redis.hget(meta, 'closesAt')) === right, 'the end to be mended', 90_000);
  await anything(here);
}, 100_000);
