import { expect, test } from 'vitest';
import { decodeSnapshot, lettersOfStates } from '../../../src/seats/codec.ts';
import { requestId, type TestClient, until } from '../../support/client.ts';
import { startTestHubs, type TestUser } from '../../support/hub.ts';
import { book, call, expectRefused, node, nobody } from '../support.ts';

const hubs = await startTestHubs(2);
const admin = await hubs.user('admin');

async function seatsAt(eventId: string, at: number): Promise<string> {
  await Promise.all(hubs.nodes.map(({ engine }) => engine.audit.flush()));
  const past = await call(node(hubs), 'audit:seats', { eventId, at: new Date(at).toISOString() }, admin);
  const letters = lettersOfStates(decodeSnapshot(past.snapshot));
  const count = (letter: string) => [...letters].filter((each) => each === letter).length;
  expect(past.counts).toEqual({ free: count('f'), held: count('h'), sold: count('s') });
  return letters;
}

/** The map in Redis, once every booking is shown on it. */
async function mapNow(eventId: string): Promise<string> {
  const { links, keys, engine } = node(hubs);
  await Promise.all(hubs.nodes.map((hub) => hub.engine.confirms.idle()));
  await engine.inventory.load(eventId);
  return (await links.commands.get(keys.event(eventId)[0] as string)) ?? '';
}

/** A moment with nothing but itself: in another millisecond than what was before and what comes after. */
async function moment(): Promise<number> {
  const start = Date.now();
  await until(() => Date.now() > start + 1, 'the clock to go on');
  const now = Date.now();
  await until(() => Date.now() > now + 1, 'the clock to go on');
  return now;
}

/** Numbers from a seed, so that a run that fails can be run again (mulberry32). */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % below;
  };
}

test('[AUDIT-2] the audit log gives the seat map of any past moment', async () => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  const pick = numbers(seed);
  const eventId = await hubs.event({ seats: 60, rules: { holdMs: 1200, seatsPerBuyer: 60, extensions: 1 } });
  const users = (await hubs.users(3)) as TestUser[];
  const clients = await Promise.all(users.map((user, i) => hubs.connect(user, i % 2)));
  const holds: { client: TestClient; holdId: string; seats: number[] }[] = [];
  const bookings: { client: TestClient; bookingId: string; seats: number[] }[] = [];
  const seen: { at: number; map: string; after: string }[] = [];

  const acts: Record<string, (client: TestClient) => Promise<unknown>> = {
    async hold(client) {
      const seats = [...new Set([pick(60), pick(60), pick(60)])];
      const { hold } = await client.request('seats:hold', { eventId, seats, requestId: requestId() });
      holds.push({ client, holdId: hold.holdId, seats });
    },
    async add() {
      const hold = holds[pick(holds.length || 1)];
      if (!hold) return;
      const { client, holdId } = hold;
      await client.request('seats:hold', { eventId, seats: [pick(60)], holdId, requestId: requestId() });
    },
    async extend() {
      const hold = holds[pick(holds.length || 1)];
      const ask = { eventId, holdId: hold?.holdId ?? '', requestId: requestId() };
      await hold?.client.request('seats:extend', ask);
    },
    async release() {
      const hold = holds[pick(holds.length || 1)];
      const seats = pick(2) === 0 && hold?.seats[0] !== undefined ? { seats: [hold.seats[0]] } : {};
      await hold?.client.request('seats:release', {
        eventId,
        holdId: hold.holdId,
        ...seats,
        requestId: requestId(),
      });
    },
    async confirm() {
      const [hold] = holds.splice(pick(holds.length || 1), 1);
      if (!hold) return;
      const { client, holdId } = hold;
      const ask = { eventId, holdId, requestId: requestId() };
      const { booking } = await client.request('bookings:confirm', ask);
      bookings.push({ client, bookingId: booking.id, seats: booking.seats.map(({ seat }) => seat) });
    },
    async cancel() {
      const booking = bookings[pick(bookings.length || 1)];
      if (!booking) return;
      const { client, bookingId, seats } = booking;
      const some = pick(2) === 0 ? { seats: seats.slice(0, 1) } : {};
      await client.request('bookings:cancel', { bookingId, ...some, requestId: requestId() });
    },
  };
  const names = ['hold', 'hold', 'hold', 'add', 'extend', 'release', 'confirm', 'confirm', 'cancel'];
  for (let i = 0; i < 150; i++) {
    const act = acts[names[pick(names.length)] as string];
    // Refusals are part of it: they change nothing.
    await act?.(clients[pick(clients.length)] as TestClient).catch(() => undefined);
    if (i % 5 > 0) continue;
    const map = await mapNow(eventId);
    const at = await moment();
    // A hold may run out at any time: only what stood still is a picture of its moment.
    seen.push({ at, map, after: await mapNow(eventId) });
  }
  await until(async () => !(await mapNow(eventId)).includes('h'), 'the holds to run out');
  const quiet = seen.filter(({ map, after }) => map === after);
  expect(quiet.length).toBeGreaterThan(10);
  const [held, sold] = [
    quiet.some(({ map }) => map.includes('h')),
    quiet.some(({ map }) => map.includes('s')),
  ];
  expect([held, sold]).toEqual([true, true]);
  for (const { at, map } of quiet) expect(await seatsAt(eventId, at), `seed ${seed}`).toBe(map);
  expect(await seatsAt(eventId, Date.now() + 1000)).toBe(await mapNow(eventId));
  expect(await seatsAt(eventId, Date.now() - 3_600_000)).toBe('f'.repeat(60));
});

test('[AUDIT-2] a hold whose end was never written, because its Redis was lost, ends with its time', async () => {
  const eventId = await hubs.event({ rules: { holdMs: 60_000 } });
  const buyer = await hubs.connect(await hubs.user());
  const { hold } = await buyer.request('seats:hold', { eventId, seats: [2], requestId: requestId() });
  const { keys, links } = node(hubs);
  await links.commands.del(...keys.event(eventId));
  expect((await seatsAt(eventId, hold.expiresAt - 1)).charAt(2)).toBe('h');
  expect((await seatsAt(eventId, hold.expiresAt + 1)).charAt(2)).toBe('f');
});

test('[AUDIT-2] a cancelled event has given its seats back', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  await book(buyer, eventId, [1, 2]);
  await buyer.request('seats:hold', { eventId, seats: [3], requestId: requestId() });
  await mapNow(eventId);
  const before = await moment();
  await call(node(hubs), 'events:cancel', { eventId }, admin);
  const after = await moment();
  expect(await seatsAt(eventId, before)).toMatch(/^fsshf+$/);
  expect(await seatsAt(eventId, after)).toBe('f'.repeat(40));
});

test('refuses what is no event and no moment', async () => {
  const at = new Date().toISOString();
  await expectRefused(node(hubs), 'audit:seats', { eventId: nobody, at }, admin, 'event-not-found');
  const early = { eventId: nobody, at: '1900-01-01T00:00:00Z' };
  const details = await expectRefused(node(hubs), 'audit:seats', early, admin, 'invalid-request');
  expect(details.field).toBe('at');
});
