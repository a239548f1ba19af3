/** An evening at a box office in a minute: everything changes, connections are cut all the time, screens stay right. */
import { expect, test } from 'vitest';
import { BoardCopy } from '../../src/client/board-copy.ts';
import type { Board } from '../../src/contracts.gen.ts';
import { type TestClient, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { startProxy } from '../support/proxy.ts';
import { house } from '../channels/kiosk/support.ts';
import { call, node } from '../channels/support.ts';

/** A second of this is a minute of an evening. */
const boards = { changedMs: 50, rereadMs: 1000, pageMs: 200 };
const cuts = 40;
const changesACut = 10;
const seatsOfEach = 60;

const hubs = await startTestHubs(2, { patience: { boards } });
const proxies = await Promise.all([0, 1].map((index) => startProxy(() => node(hubs, index).port)));

/** A generator of one's own, so that a run that fails can be had again. */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

const linesOf = ({ events, announcements }: Board) => ({
  events: events.map(({ id, title, startsAt, state, delayMinutes, seats }) => {
    const counts = seats && { free: seats.free, held: seats.held, sold: seats.sold, stale: seats.stale };
    return { id, title, startsAt, state, delayMinutes, counts };
  }),
  announcements: announcements.map(({ id }) => id),
});

test('[KIOSK-9] whatever is sold and announced, and however often connections are cut, screens end up with the truth', async () => {
  const seed = Date.now() % 1_000_000;
  const chance = random(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(chance() * list.length)] as T;
  const { organizer, venueId, event, kiosk, announce } = await house(hubs);
  const events: string[] = [];
  for (let i = 0; i < 8; i++) {
    events.push(await event({ title: `event ${i}`, startsInMs: (i + 1) * 3_600_000, seats: seatsOfEach }));
  }
  const screens: { client: TestClient; copy: BoardCopy }[] = [];
  for (const { url } of [...proxies, ...proxies]) {
    const client = await hubs.connect(await kiosk(), 0, { urls: [url], timeoutMs: 20_000 });
    screens.push({ client, copy: new BoardCopy(client, { aliveEveryMs: 500 }) });
  }
  const buyers = await Promise.all((await hubs.users(6)).map((user, i) => hubs.connect(user, i % 2)));
  const bookings: { buyer: TestClient; id: string }[] = [];
  const announced: string[] = [];
  const index = () => Math.floor(chance() * 2);

  /** Refusals are a part of it: seats are taken, events are cancelled. */
  async function change(): Promise<void> {
    const [eventId, buyer, kind] = [pick(events), pick(buyers), chance()];
    if (kind < 0.45) {
      const hold = await buyer.hold(eventId, [Math.floor(chance() * seatsOfEach)]);
      const then = chance();
      if (then < 0.5) bookings.push({ buyer, id: (await buyer.confirm(eventId, hold.holdId)).id });
      else if (then < 0.8) await buyer.release(eventId, hold.holdId);
    } else if (kind < 0.65) {
      const booking = bookings.splice(Math.floor(chance() * bookings.length), 1)[0];
      if (booking) await booking.buyer.cancel(booking.id);
    } else if (kind < 0.75) {
      const startsAt = Date.now() + (1 + chance() * 20) * 3_600_000;
      const times = { startsAt: iso(startsAt), endsAt: iso(startsAt + 7_200_000) };
      await call(node(hubs, index()), 'events:update', { eventId, ...times }, organizer);
    } else if (kind < 0.87) {
      announced.push(
        chance() < 0.5
          ? await announce({ eventId, kind: 'delay', minutes: 1 + Math.floor(chance() * 90) }, index())
          : await announce({ venueId, kind: 'info', text: `${chance()}` }, index()),
      );
    } else if (kind < 0.97) {
      const announcementId = announced.pop();
      if (announcementId) await call(node(hubs, index()), 'kiosk:withdraw', { announcementId }, organizer);
    } else if (events.length > 5) {
      events.splice(events.indexOf(eventId), 1);
      await call(node(hubs, index()), 'events:cancel', { eventId }, organizer);
    }
  }
  const iso = (ms: number) => new Date(ms).toISOString();

  for (let cut = 0; cut < cuts; cut++) {
    const several = Array.from({ length: changesACut }, () => change().catch(() => undefined));
    const proxy = pick(proxies);
    proxy.cut();
    proxy.mend();
    await Promise.all(several);
  }
  for (const { copy } of screens) await until(() => copy.fresh, 'every screen to be connected');

  // What a screen that has missed nothing is answered, on either node, and what PostgreSQL and Redis say.
  const fresh = await hubs.connect(await kiosk());
  const { board } = await fresh.request('kiosk:watch', {});
  const truth = linesOf(board);
  for (const [i, { client, copy }] of screens.entries()) {
    await until(
      () => copy.board !== undefined && JSON.stringify(linesOf(copy.board)) === JSON.stringify(truth),
      `screen ${i} to be right (seed ${seed}): ${JSON.stringify(copy.board && linesOf(copy.board))}, not ${JSON.stringify(truth)}`,
    );
    expect(copy.counts.loads).toBeGreaterThan(1);
    expect(client.state).toBe('connected');
  }
  for (const { id, counts } of truth.events) {
    const [row] = await hubs.sql<{ status: string; starts_at: Date; sold: number }>(
      `select status, starts_at, (select count(*)::int from booking_seats s where s.event_id = e.id and s.active) as sold from events e where id = $1`,
      [id],
    );
    expect(counts === null).toBe(row?.status === 'cancelled');
    if (!counts) continue;
    const capacity = await call(node(hubs, 1), 'seats:capacity', { eventId: id });
    const { free, held, sold } = capacity;
    expect(counts, `event ${id}, seed ${seed}`).toEqual({ free, held, sold, stale: false });
    expect(sold).toBe(row?.sold);
  }
  expect(truth.events).toHaveLength(8);
  console.info(
    `seed ${seed}: ${screens.map(({ copy }) => `${copy.counts.loads} loads, ${copy.counts.tells} tells, ${copy.counts.gaps} gaps`).join('; ')}`,
  );
}, 300_000);
