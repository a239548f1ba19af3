import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { heard, node } from '../support.ts';
import { house, untilShows } from './support.ts';

const hubs = await startTestHubs(1);

test('whoever has left the board hears no more of it', async () => {
  const { screen, event, venueId, announce } = await house(hubs);
  const [leaving, staying] = [await screen(), await screen()];
  expect(await leaving.client.request('kiosk:unwatch', {})).toEqual({ left: true });
  const before = leaving.client.told.length;
  await event({ title: 'New' });
  await announce({ venueId, kind: 'info', text: 'Welcome' });
  await untilShows(
    staying,
    ({ announcements, events }) => announcements.length + events.length === 2,
    'both',
  );
  // What was told before the answer is here before it.
  expect((await leaving.client.request('kiosk:alive', {})).board).toBeNull();
  expect(leaving.client.told.slice(before)).toEqual([]);
  expect(heard(staying.client, 'kiosk:announced')).toHaveLength(1);
});

test('a connection shows one board: whoever watches another leaves the first', async () => {
  const [one, two] = [await house(hubs), await house(hubs)];
  const client = await hubs.connect(await hubs.user('admin'));
  await client.request('kiosk:watch', { venueId: one.venueId });
  await client.request('kiosk:watch', { venueId: two.venueId });
  expect(node(hubs).sockets.isBoardWatched(one.venueId)).toBe(false);
  expect(node(hubs).sockets.isBoardWatched(two.venueId)).toBe(true);
});
