import { expect, test } from 'vitest';
import { buy, expectBalanced } from '../channels/sagas/support.ts';
import { book, call, heard, node, organizerOf } from '../channels/support.ts';
import { lettersOf, type TestClient, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';

/** How many paid bookings the event has that is cancelled. */
const count = Number(process.env.CANCELLED ?? 150);
const buyersAtOnce = 25;

const hubs = await startTestHubs(2);

const refunded = async (eventId: string): Promise<number> => {
  const [row] = await hubs.sql<{ n: number }>(
    "select count(*)::integer as n from sagas where event_id = $1 and state = 'refunded'",
    [eventId],
  );
  return row?.n ?? 0;
};

test(`[EVENT-3] ${count} paid bookings of a cancelled event are refunded and freed while others keep booking`, async () => {
  const eventId = await hubs.event({
    seats: count,
    rules: { payment: 'online', seatsPerBuyer: 1000, seatsPerHold: 50 },
  });
  const clients = await Promise.all(
    (await hubs.users(buyersAtOnce)).map((user, i) => hubs.connect(user, i % 2)),
  );
  await Promise.all(
    clients.map(async (client, first) => {
      for (let seat = first; seat < count; seat += buyersAtOnce) await buy(client, eventId, [seat]);
    }),
  );
  const busy = await hubs.event({ seats: 5000, rules: { seatsPerBuyer: 1000 } });
  const others = await Promise.all((await hubs.users(4)).map((user, i) => hubs.connect(user, i % 2)));
  let over = false;
  const booking = Promise.all(others.map((client, i) => keepBooking(client, busy, i * 1000, () => over)));
  const user = await organizerOf(hubs, eventId);
  const organizer = await hubs.connect(user, 1);
  const began = performance.now();
  await call(node(hubs), 'events:cancel', { eventId }, user);
  await until(async () => (await refunded(eventId)) === count, 'every refund', 400_000);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  over = true;
  const booked = (await booking).reduce((sum, each) => sum + each, 0);
  console.log(`${count} bookings cancelled and refunded in ${seconds} s; ${booked} others booked meanwhile`);
  expect(booked).toBeGreaterThan(0);
  const progress = heard(organizer, 'events:unwound') as { done: number; total: number }[];
  expect(progress.at(-1)).toMatchObject({ done: count, total: count });
  const map = await (others[0] as TestClient).watching(eventId);
  await until(() => lettersOf(map) === 'f'.repeat(count), 'all seats to be free');
  await expectBalanced(hubs);
}, 600_000);

/** @returns how many */
async function keepBooking(
  client: TestClient,
  eventId: string,
  from: number,
  over: () => boolean,
): Promise<number> {
  let seat = from;
  while (!over() && seat < from + 1000) await book(client, eventId, [seat++]);
  return seat - from;
}
