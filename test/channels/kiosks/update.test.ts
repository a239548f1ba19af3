import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { house } from '../kiosk/support.ts';
import { call, expectRefused, nobody, node } from '../support.ts';
import { begin, claim } from './support.ts';

const hubs = await startTestHubs(2);

test('a kiosk is given another name, another venue, or none; what is left out stays', async () => {
  const { organizer, venueId, kiosk } = await house(hubs);
  const { id: kioskId } = await kiosk('Foyer');
  const update = async (changes: object) =>
    (await call(node(hubs), 'kiosks:update', { kioskId, ...changes }, organizer)).kiosk;
  expect(await update({ name: ' Bar ' })).toMatchObject({ id: kioskId, name: 'Bar', venueId });
  expect(await update({ venueId: null })).toMatchObject({ name: 'Bar', venueId: null });
  const kioskNow = await update({ venueId });
  expect(kioskNow).toMatchObject({ name: 'Bar', venueId });
  expect((await call(node(hubs, 1), 'kiosks:list', {}, organizer)).kiosks).toEqual([kioskNow]);
  const rows = await hubs.sql("select from audit where action = 'kiosk-updated' and actor_id = $1", [
    organizer.id,
  ]);
  expect(rows).toHaveLength(3);
});

test("'kiosk-not-found': unknown, revoked, or of somebody else; admins change any", async () => {
  const { organizer, kiosk } = await house(hubs);
  const { id: kioskId } = await kiosk();
  const change = { kioskId, name: 'Bar' };
  const stranger = await hubs.user('organizer');
  await expectRefused(node(hubs), 'kiosks:update', change, stranger, 'kiosk-not-found');
  await expectRefused(
    node(hubs),
    'kiosks:update',
    { ...change, kioskId: nobody },
    organizer,
    'kiosk-not-found',
  );
  await call(node(hubs), 'kiosks:update', change, await hubs.user('admin'));
  await call(node(hubs), 'kiosks:revoke', { kioskId }, organizer);
  await expectRefused(node(hubs), 'kiosks:update', change, organizer, 'kiosk-not-found');
});

test("'venue-not-found': the venue of somebody else, when pairing as well", async () => {
  const [one, two] = [await house(hubs), await house(hubs)];
  const { id: kioskId } = await one.kiosk();
  const { venueId } = two;
  await expectRefused(node(hubs), 'kiosks:update', { kioskId, venueId }, one.organizer, 'venue-not-found');
  const shown = await begin(hubs);
  const pairing = { code: shown.code, name: 'Foyer' };
  await expectRefused(node(hubs), 'kiosks:pair', { ...pairing, venueId }, one.organizer, 'venue-not-found');
  const own = { ...pairing, venueId: one.venueId };
  const { kiosk } = await call(node(hubs), 'kiosks:pair', own, one.organizer);
  expect(kiosk.venueId).toBe(one.venueId);
  expect((await claim(hubs, shown)).kiosk.venueId).toBe(one.venueId);
});
