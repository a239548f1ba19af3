import { expect, test } from 'vitest';
import { until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, node } from '../support.ts';
import { house, untilShows } from './support.ts';

const hubs = await startTestHubs(2);

test('[KIOSK-2] a kiosk that is given another venue shows the board of that one at once', async () => {
  const one = await house(hubs);
  const venueId = await one.venue('Opera', 'Liège');
  const screen = await one.screen(1);
  const [kiosk] = (await call(node(hubs), 'kiosks:list', {}, one.organizer)).kiosks;
  const kioskId = kiosk?.id ?? '';
  const told = screen.client.next('kiosk:assigned');
  await call(node(hubs), 'kiosks:update', { kioskId, venueId }, one.organizer);
  expect(await told).toEqual({ venueId, name: 'Foyer' });
  await untilShows(screen, (board) => board.venueId === venueId && board.name === 'Opera', 'the other board');
  expect(node(hubs, 1).sockets.isBoardWatched(one.venueId)).toBe(false);
  const missing = new Promise((resolve) => screen.copy.on('missing', resolve));
  await call(node(hubs), 'kiosks:update', { kioskId, venueId: null }, one.organizer);
  expect(await missing).toBe('kiosk-unassigned');
  await until(() => screen.copy.board === undefined, 'the board to be gone');
});
