import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, nobody, node } from '../support.ts';
import { house } from './support.ts';

const hubs = await startTestHubs(2);

test('[KIOSK-7] what was withdrawn is listed as such; to do it again changes nothing', async () => {
  const { organizer, venueId, announce } = await house(hubs);
  const announcementId = await announce({ venueId, kind: 'info', text: 'Welcome' });
  const { announcement } = await call(node(hubs), 'kiosk:withdraw', { announcementId }, organizer);
  expect(announcement).toMatchObject({ id: announcementId, withdrawnAt: expect.any(String) });
  const again = await call(node(hubs, 1), 'kiosk:withdraw', { announcementId }, organizer);
  expect(again.announcement).toEqual(announcement);
  const rows = await hubs.sql(
    "select from audit where action = 'announcement-withdrawn' and details ->> 'announcementId' = $1",
    [announcementId],
  );
  expect(rows).toHaveLength(1);
});

test("'announcement-not-found': there is none, or it is somebody else's; admins withdraw any", async () => {
  const [one, two] = [await house(hubs), await house(hubs)];
  const announcementId = await one.announce({ venueId: one.venueId, kind: 'info', text: 'Welcome' });
  const refuse = (request: { announcementId: string }, user = two.organizer) =>
    expectRefused(node(hubs), 'kiosk:withdraw', request, user, 'announcement-not-found');
  await refuse({ announcementId });
  await refuse({ announcementId: nobody }, one.organizer);
  await call(node(hubs), 'kiosk:withdraw', { announcementId }, await hubs.user('admin'));
});
