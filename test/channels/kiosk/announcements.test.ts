import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, nobody, node } from '../support.ts';
import { house } from './support.ts';

const hubs = await startTestHubs(1);
const hub = node(hubs);

test('[KIOSK-7] what is shown now is listed page by page, on demand also what was', async () => {
  const { organizer, venueId, announce } = await house(hubs);
  const ids: string[] = [];
  for (const text of ['one', 'two', 'three']) {
    ids.unshift(await announce({ venueId, kind: 'info', text }));
  }
  const [three, two, one] = ids as [string, string, string];
  await call(hub, 'kiosk:withdraw', { announcementId: two }, organizer);
  const list = (request: object) => call(hub, 'kiosk:announcements', { venueId, ...request }, organizer);
  const idsOf = ({ announcements }: { announcements: { id: string }[] }) => announcements.map(({ id }) => id);
  expect(idsOf(await list({}))).toEqual([three, one]);
  expect(idsOf(await list({ all: true }))).toEqual([three, two, one]);
  const first = await list({ limit: 1 });
  expect(idsOf(first)).toEqual([three]);
  const rest = await list({ limit: 1, cursor: first.nextCursor });
  expect([idsOf(rest), rest.nextCursor]).toEqual([[one], null]);
});

test("'venue-not-found', 'cursor-invalid'", async () => {
  const { organizer, venueId } = await house(hubs);
  const stranger = await hubs.user('organizer');
  await expectRefused(hub, 'kiosk:announcements', { venueId }, stranger, 'venue-not-found');
  await expectRefused(hub, 'kiosk:announcements', { venueId: nobody }, organizer, 'venue-not-found');
  await expectRefused(hub, 'kiosk:announcements', { venueId, cursor: 'x' }, organizer, 'cursor-invalid');
});
