import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { heard } from '../support.ts';
import { house, untilShows } from './support.ts';

const hubs = await startTestHubs(2);

test('[KIOSK-7] what is announced is told to every screen of the venue, on every node, once, and to no other', async () => {
  const [one, two] = [await house(hubs), await house(hubs)];
  const screens = [await one.screen(0), await one.screen(1), await one.screen(1)];
  const other = await two.screen(1);
  const told = screens.map(({ client }) => client.next('kiosk:announced'));
  const announcementId = await one.announce({ venueId: one.venueId, kind: 'info', text: 'Welcome' });
  for (const { announcement, venueId } of await Promise.all(told)) {
    expect(venueId).toBe(one.venueId);
    expect(announcement).toMatchObject({ id: announcementId, text: 'Welcome', withdrawnAt: null });
  }
  await one.announce({ venueId: one.venueId, kind: 'info', text: 'Again' });
  for (const each of screens) {
    await untilShows(each, ({ announcements }) => announcements.length === 2, 'both');
    expect(each.copy.board?.announcements.map(({ text }) => text)).toEqual(['Again', 'Welcome']);
    expect(heard(each.client, 'kiosk:announced')).toHaveLength(2);
    expect(each.copy.counts.gaps).toBe(0);
  }
  expect(heard(other.client, 'kiosk:announced')).toEqual([]);
});

test('[KIOSK-7] a screen that comes later, or on a node that had none, has it as well', async () => {
  const { venueId, screen, announce } = await house(hubs);
  await announce({ venueId, kind: 'info', text: 'Welcome' });
  for (const index of [0, 1]) {
    expect((await screen(index)).copy.board?.announcements).toMatchObject([{ text: 'Welcome' }]);
  }
});
