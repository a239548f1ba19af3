import { expect, test } from 'vitest';
import { requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { begin, claim } from '../kiosks/support.ts';
import { book, call, nobody, node } from '../support.ts';
import { house } from './support.ts';

const hubs = await startTestHubs(2);

test('[KIOSK-2] a kiosk sees what is on at its venue, and how many seats of each category are left', async () => {
  const { venueId, kiosk, event } = await house(hubs);
  const eventId = await event({ title: 'The Cherry Orchard' });
  await event({ startsInMs: 7_200_000, title: 'Later' });
  await event({ publish: false, title: 'A draft' });
  await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  await book(buyer, eventId, [0, 1, 2]);
  await buyer.hold(eventId, [3, 4]);
  const screen = await hubs.connect(await kiosk(), 1);
  const { board, version } = await screen.request('kiosk:watch', {});
  expect(version).toMatch(/^\d/);
  expect(board).toMatchObject({ venueId, name: 'Concert hall', city: 'Ghent', pages: 1, announcements: [] });
  expect(board.events.map(({ title }) => title)).toEqual(['The Cherry Orchard', 'Later']);
  const counts = { seats: 40, free: 35, held: 2, sold: 3 };
  expect(board.events[0]).toMatchObject({
    id: eventId,
    state: 'scheduled',
    sale: 'open',
    delayMinutes: 0,
    currency: 'EUR',
    seats: {
      ...counts,
      stale: false,
      fromCents: 2500,
      categories: [{ category: 'Stalls', priceCents: 2500, ...counts }],
      moreCategories: 0,
    },
  });
});

test('[KIOSK-2] what is over is not on the board, what is running, cancelled or sold elsewhere has no counts', async () => {
  const { kiosk, event } = await house(hubs);
  const [over, running, cancelled, elsewhere, full] = [
    await event({ title: 'over' }),
    await event({ title: 'running' }),
    await event({ title: 'cancelled' }),
    await event({ title: 'elsewhere' }),
    await event({ title: 'full', seats: 3 }),
  ];
  await hubs.sql(
    `update events set starts_at = now() - interval '3 hours', ends_at = now() - interval '1 minute' where id = $1`,
    [over],
  );
  await hubs.sql("update events set starts_at = now() - interval '3 days' where id = $1", [running]);
  await hubs.sql("update events set status = 'cancelled' where id = $1", [cancelled]);
  await hubs.sql("update events set sell_mode = 'offline' where id = $1", [elsewhere]);
  await book(await hubs.connect(await hubs.user()), full, [0, 1, 2]);
  for (const id of [over, running, cancelled, elsewhere]) await node(hubs).engine.eventChanged(id);
  const screen = await hubs.connect(await kiosk());
  const { board } = await screen.request('kiosk:watch', {});
  const byTitle = Object.fromEntries(board.events.map((each) => [each.title, each]));
  expect(Object.keys(byTitle).sort()).toEqual(['cancelled', 'elsewhere', 'full', 'running']);
  expect(byTitle.running).toMatchObject({ state: 'running', sale: 'over', seats: null });
  expect(byTitle.cancelled).toMatchObject({ state: 'cancelled', sale: 'over', seats: null });
  expect(byTitle.elsewhere).toMatchObject({ state: 'scheduled', sale: 'elsewhere', seats: null });
  expect(byTitle.full?.seats).toMatchObject({ free: 0, sold: 3, fromCents: null });
});

test('[KIOSK-2] the next two days are on the board, and as much after them as fills the first page', async () => {
  const { kiosk, event } = await house(hubs);
  const hour = 3_600_000;
  for (let i = 0; i < 4; i++) await event({ startsInMs: (i + 1) * hour, title: `soon ${i}` });
  for (let i = 0; i < 4; i++) await event({ startsInMs: (100 + i) * hour, title: `late ${i}` });
  const screen = await hubs.connect(await kiosk());
  const { board } = await screen.request('kiosk:watch', {});
  const soon = ['soon 0', 'soon 1', 'soon 2', 'soon 3'];
  expect(board.events.map(({ title }) => title)).toEqual([...soon, 'late 0', 'late 1']);
  expect(board.pages).toBe(1);
});

test('[KIOSK-2] organizers look at the boards of their own venues, admins at all', async () => {
  const { venueId, organizer } = await house(hubs);
  for (const user of [organizer, await hubs.user('admin')]) {
    const client = await hubs.connect(user);
    expect((await client.request('kiosk:watch', { venueId })).board).toMatchObject({ venueId, events: [] });
    const details = await client.expectDenied('kiosk:watch', {}, 'invalid-request');
    expect(details.field).toBe('venueId');
  }
});

test("'venue-not-found': of somebody else, deleted, or not the kiosk's own", async () => {
  const [one, two] = [await house(hubs), await house(hubs)];
  const stranger = await hubs.connect(two.organizer);
  await stranger.expectDenied('kiosk:watch', { venueId: one.venueId }, 'venue-not-found');
  await stranger.expectDenied('kiosk:watch', { venueId: nobody }, 'venue-not-found');
  const screen = await hubs.connect(await one.kiosk());
  await screen.expectDenied('kiosk:watch', { venueId: two.venueId }, 'venue-not-found');
  await screen.request('kiosk:watch', { venueId: one.venueId });
  await call(node(hubs), 'venues:delete', { venueId: one.venueId }, one.organizer);
  const other = await hubs.connect(await hubs.user('admin'));
  await other.expectDenied('kiosk:watch', { venueId: one.venueId }, 'venue-not-found');
});

test("'kiosk-unassigned': no venue was chosen yet", async () => {
  const organizer = await hubs.user('organizer');
  const shown = await begin(hubs);
  await call(node(hubs), 'kiosks:pair', { code: shown.code, name: 'Foyer' }, organizer);
  const { kiosk, token } = await claim(hubs, shown);
  const screen = await hubs.connect({ id: kiosk.id, token });
  await screen.expectDenied('kiosk:watch', {}, 'kiosk-unassigned');
});

test('[KIOSK-4] however many screens of a venue there are, a node keeps one board, and nothing once they have gone', async () => {
  const own = await startTestHubs(1);
  const { engine, sockets } = node(own);
  const { kiosk, event } = await house(own);
  const eventId = await event();
  const roomsBefore = sockets.io.of('/').adapter.rooms.size;
  const clients = [];
  for (let i = 0; i < 5; i++) clients.push(await own.connect(await kiosk()));
  const replies = await Promise.all(clients.map((client) => client.request('kiosk:watch', {})));
  expect(new Set(replies.map(({ board }) => board.epoch)).size).toBe(1);
  expect([engine.boards.size, engine.boards.following, engine.kioskPresence.size]).toEqual([1, 1, 5]);
  expect(engine.maps.has(eventId)).toBe(true);
  for (const client of clients) client.close();
  await until(() => engine.boards.size + engine.kioskPresence.size === 0, 'nothing to be left');
  expect(engine.boards.following).toBe(0);
  expect(engine.maps.has(eventId)).toBe(false);
  expect([...engine.maps.watched()]).toEqual([]);
  expect(sockets.io.of('/').adapter.rooms.size).toBe(roomsBefore);
});

test('[KIOSK-4] a map that others watch as well stays when the last screen has gone', async () => {
  const own = await startTestHubs(2);
  const { kiosk, event } = await house(own);
  const eventId = await event();
  const screen = await own.connect(await kiosk(), 1);
  const viewer = await own.connect(undefined, 1);
  const map = await viewer.watching(eventId);
  await screen.request('kiosk:watch', {});
  await screen.request('kiosk:unwatch', {});
  expect(node(own, 1).engine.boards.size).toBe(0);
  const changed = viewer.next('seats:changed');
  const buyer = await own.connect(await own.user());
  await buyer.request('seats:hold', { eventId, seats: [1], requestId: requestId() });
  await changed;
  expect(map.replica.seats[1]).toBe(1);
});

test('[KIOSK-2] of two boards asked for at once the later one is watched, however late PostgreSQL says whose the first is', async () => {
  const { venueId, organizer, venue } = await house(hubs);
  const other = await venue('Other', 'Bruges');
  const client = await hubs.connect(organizer);
  const { db } = node(hubs).engine;
  const em = db.em.bind(db);
  let release: () => void = () => undefined;
  const late = new Promise<void>((resolve) => {
    release = resolve;
  });
  // The answer to the first question is under way while the second is asked and answered.
  let isAsked = false;
  db.em = () => {
    const slow = em();
    const findOne = slow.findOne.bind(slow);
    slow.findOne = (async (...args: Parameters<typeof findOne>) => {
      const row = await findOne(...args);
      if (JSON.stringify(args[1]) === JSON.stringify({ id: venueId })) {
        isAsked = true;
        await late;
      }
      return row;
    }) as typeof slow.findOne;
    return slow;
  };
  const inOrder = async () => {
    await until(() => isAsked, 'the first to be looked up');
    await client.request('kiosk:watch', { venueId: other });
    release();
  };
  await Promise.all([client.expectDenied('kiosk:watch', { venueId }, 'try-later'), inOrder()]);
  db.em = em;
  const told = client.next('kiosk:announced');
  const note = { venueId: other, kind: 'info', text: 'Hear, hear' } as const;
  await call(node(hubs), 'kiosk:announce', note, organizer);
  expect(await told).toMatchObject({ venueId: other });
});
