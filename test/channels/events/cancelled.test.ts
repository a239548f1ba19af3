import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, heard, node, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2);

test('[EVENT-3] who watches is told on every node, who watches something else is not', async () => {
  const [eventId, other] = [await hubs.event(), await hubs.event()];
  const organizer = await organizerOf(hubs, eventId);
  const viewers = [await hubs.connect(), await hubs.connect(await hubs.user('kiosk'), 1)];
  const strangers = [await hubs.connect(), await hubs.connect(undefined, 1)];
  await Promise.all(viewers.map((viewer) => viewer.watching(eventId)));
  await Promise.all(strangers.map((stranger) => stranger.watching(other)));
  const told = Promise.all(viewers.map((viewer) => viewer.next('events:cancelled')));
  await call(node(hubs), 'events:cancel', { eventId }, organizer);
  for (const tell of await told) expect(tell).toEqual({ eventId, reason: '' });
  const theirs = Promise.all(strangers.map((stranger) => stranger.next('events:cancelled')));
  await call(node(hubs), 'events:cancel', { eventId: other, reason: 'Rain' }, organizer);
  await theirs;
  for (const stranger of strangers) {
    expect(heard(stranger, 'events:cancelled')).toEqual([{ eventId: other, reason: 'Rain' }]);
  }
});
