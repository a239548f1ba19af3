import { expect, test } from 'vitest';
import { until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, nobody, node } from '../support.ts';
import { paired } from './support.ts';

const hubs = await startTestHubs(2);

test('[KIOSK-1] a revoked kiosk is disconnected at once on every node, and its token is refused', async () => {
  const organizer = await hubs.user('organizer');
  const [gone, kept] = [await paired(hubs, organizer), await paired(hubs, organizer)];
  const screens = [await hubs.connect(gone.user, 0), await hubs.connect(gone.user, 1)];
  const other = await hubs.connect(kept.user, 1);
  const kioskId = gone.kiosk.id;
  expect(await call(node(hubs), 'kiosks:revoke', { kioskId }, organizer)).toEqual({ revoked: true });
  for (const screen of screens) {
    await until(() => screen.state === 'closed', 'the screen to be disconnected');
    expect(screen.lastDisconnect?.code).toBe('session-revoked');
  }
  for (const index of [0, 1]) {
    await expect(hubs.connect(gone.user, index)).rejects.toThrow();
    await expectRefused(node(hubs, index), 'events:list', {}, gone.user, 'unauthenticated');
  }
  await other.request('events:list', {});
  expect((await call(node(hubs), 'kiosks:list', {}, organizer)).kiosks).toEqual([kept.kiosk]);
});

test('kiosk-not-found: unknown, revoked already, or of somebody else; admins revoke any', async () => {
  const organizer = await hubs.user('organizer');
  const { kiosk, user } = await paired(hubs, organizer);
  const kioskId = kiosk.id;
  const stranger = await hubs.user('organizer');
  await expectRefused(node(hubs), 'kiosks:revoke', { kioskId }, stranger, 'kiosk-not-found');
  await expectRefused(node(hubs), 'kiosks:revoke', { kioskId: nobody }, organizer, 'kiosk-not-found');
  await call(node(hubs), 'events:list', {}, user);
  await call(node(hubs), 'kiosks:revoke', { kioskId }, await hubs.user('admin'));
  await expectRefused(node(hubs), 'kiosks:revoke', { kioskId }, organizer, 'kiosk-not-found');
  await expectRefused(node(hubs), 'events:list', {}, user, 'unauthenticated');
});
