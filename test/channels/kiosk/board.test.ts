import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, heard, node } from '../support.ts';
import { house, lineOf, untilShows } from './support.ts';

const hubs = await startTestHubs(2);
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const hour = 3_600_000;

test('[KIOSK-5] what is published, moved, renamed and cancelled changes its place on every screen', async () => {
  const { organizer, event, screen } = await house(hubs);
  const [first, second] = [
    await event({ title: 'one' }),
    await event({ title: 'two', startsInMs: 2 * hour }),
  ];
  const screens = [await screen(0), await screen(1)];
  const shows = async (titles: string[]) => {
    for (const each of screens) {
      await untilShows(
        each,
        ({ events }) => `${events.map(({ title }) => title)}` === `${titles}`,
        `${titles}`,
      );
    }
  };
  await shows(['one', 'two']);
  const draft = await event({ title: 'three', startsInMs: 90 * 60_000, publish: false });
  await call(node(hubs, 1), 'events:publish', { eventId: draft }, organizer);
  await shows(['one', 'three', 'two']);
  const moved = { eventId: first, startsAt: inMs(3 * hour), endsAt: inMs(4 * hour), title: 'moved' };
  await call(node(hubs), 'events:update', moved, organizer);
  await shows(['three', 'two', 'moved']);
  await call(node(hubs, 1), 'events:cancel', { eventId: second }, organizer);
  for (const each of screens) {
    await untilShows(each, () => lineOf(each, second)?.state === 'cancelled', 'it to be cancelled');
    expect(lineOf(each, second)?.seats).toBeNull();
    expect(heard(each.client, 'kiosk:board').length).toBeGreaterThan(0);
  }
});

test('[KIOSK-5] an event goes to the board of the venue it is moved to', async () => {
  const [one, two] = [await house(hubs), await house(hubs)];
  const [from, to] = [await one.screen(), await two.screen()];
  const eventId = await one.event({ title: 'guest' });
  await untilShows(from, ({ events }) => events.length === 1, 'the event');
  await call(node(hubs, 1), 'events:update', { eventId, venueId: two.venueId }, one.organizer);
  await untilShows(to, ({ events }) => events.length === 1, 'the event at the other venue');
  await untilShows(from, ({ events }) => events.length === 0, 'the board without it');
  const buyer = await hubs.connect(await hubs.user());
  await buyer.hold(eventId, [0]);
  await untilShows(to, () => lineOf(to, eventId)?.seats?.held === 1, 'the held seat');
});

test('[KIOSK-5] what begins is running, and what ends goes, by itself', async () => {
  const { event, screen } = await house(hubs);
  const eventId = await event({ startsInMs: 2500 });
  await hubs.sql('update events set ends_at = $2 where id = $1', [eventId, new Date(Date.now() + 5000)]);
  const screens = [await screen(0), await screen(1)];
  for (const each of screens) expect(lineOf(each, eventId)?.state).toBe('scheduled');
  for (const each of screens) {
    await untilShows(each, () => lineOf(each, eventId)?.state === 'running', 'it to run');
    expect(lineOf(each, eventId)?.seats).toBeNull();
  }
  for (const each of screens) await untilShows(each, ({ events }) => events.length === 0, 'an empty board');
});

test('another name of the venue is on its screens at once', async () => {
  const { organizer, venueId, screen } = await house(hubs);
  const screens = [await screen(0), await screen(1)];
  await call(node(hubs), 'venues:update', { venueId, name: 'Opera' }, organizer);
  for (const each of screens) await untilShows(each, ({ name }) => name === 'Opera', 'the new name');
});
