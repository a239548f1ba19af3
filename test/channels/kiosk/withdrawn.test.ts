import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, node } from '../support.ts';
import { house, lineOf, untilShows } from './support.ts';

const hubs = await startTestHubs(2);
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();

test('[KIOSK-7] what is withdrawn disappears from every screen, and what ends does so by itself', async () => {
  const { organizer, venueId, screen, announce } = await house(hubs);
  const screens = [await screen(0), await screen(1)];
  const announcementId = await announce({ venueId, kind: 'info', text: 'Welcome' });
  for (const each of screens) await untilShows(each, (board) => board.announcements.length === 1, 'it');
  const gone = screens.map(({ client }) => client.next('kiosk:withdrawn'));
  await call(node(hubs, 1), 'kiosk:withdraw', { announcementId }, organizer);
  for (const told of await Promise.all(gone)) {
    expect(told).toMatchObject({ venueId, announcementId, reason: 'withdrawn' });
  }
  for (const each of screens) expect(each.copy.board?.announcements).toEqual([]);

  const ended = screens.map(({ client }) => client.next('kiosk:withdrawn'));
  const short = await announce({ venueId, kind: 'info', text: 'For a moment', until: inMs(1500) });
  for (const told of await Promise.all(ended)) {
    expect(told).toMatchObject({ announcementId: short, reason: 'ended' });
  }
});

test('[KIOSK-7] a start that is moved ends the delay that was announced for it', async () => {
  const { organizer, event, screen, announce } = await house(hubs);
  const eventId = await event();
  const shown = await screen(1);
  await announce({ eventId, kind: 'delay', minutes: 30 });
  await untilShows(shown, () => lineOf(shown, eventId)?.delayMinutes === 30, 'the delay');
  const gone = shown.client.next('kiosk:withdrawn');
  const moved = { eventId, startsAt: inMs(7_200_000), endsAt: inMs(9_000_000) };
  await call(node(hubs), 'events:update', moved, organizer);
  await gone;
  expect(lineOf(shown, eventId)).toMatchObject({ delayMinutes: 0, startsAt: moved.startsAt });
  expect(shown.copy.board?.announcements).toEqual([]);
});
