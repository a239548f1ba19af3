import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { claimsOf } from '../accounts.ts';
import { call, expectRefused, nobody, node, send } from '../support.ts';
import { begin, claim, paired } from './support.ts';

const hubs = await startTestHubs(2);

test('[KIOSK-1] a paired device fetches its token, which watches and does nothing else', async () => {
  const organizer = await hubs.user('organizer');
  const shown = await begin(hubs);
  const { pairingId, secret } = shown;
  const details = await expectRefused(
    node(hubs, 1),
    'kiosks:claim',
    { pairingId, secret },
    undefined,
    'pairing-pending',
  );
  expect(details.retryAfterMs).toBeGreaterThan(0);
  const { kiosk } = await call(node(hubs), 'kiosks:pair', { code: shown.code, name: 'Foyer' }, organizer);
  const claimed = await claim(hubs, shown, 1);
  expect(claimed.kiosk).toMatchObject({ id: kiosk.id, name: 'Foyer', claimedAt: expect.any(String) });
  expect(claimsOf(claimed.token)).toMatchObject({ sub: kiosk.id, role: 'kiosk' });
  expect(Date.parse(claimed.expiresAt)).toBeGreaterThan(Date.now() + 360 * 86_400_000);

  const user = { id: kiosk.id, token: claimed.token };
  const screen = await hubs.connect(user, 1);
  const eventId = await hubs.event();
  await screen.watching(eventId);
  await screen.expectDenied('seats:hold', { eventId, seats: [1], requestId: requestId() }, 'forbidden');
  await screen.expectDenied('me:read', {}, 'forbidden');
  await screen.expectDenied('kiosks:list', {}, 'forbidden');
  await expectRefused(node(hubs), 'bookings:list', {}, user, 'forbidden');
});

test('asked again it answers again, of the same session: the first answer may have been lost', async () => {
  const organizer = await hubs.user('organizer');
  const shown = await begin(hubs);
  await call(node(hubs), 'kiosks:pair', { code: shown.code, name: 'Foyer' }, organizer);
  const answers = await Promise.all([claim(hubs, shown), claim(hubs, shown, 1), claim(hubs, shown)]);
  expect(new Set(answers.map(({ token }) => claimsOf(token).sid)).size).toBe(1);
  expect(new Set(answers.map(({ kiosk }) => kiosk.claimedAt)).size).toBe(1);
});

test('pairing-not-found: unknown, over, the wrong secret, or revoked before it was fetched', async () => {
  const organizer = await hubs.user('organizer');
  const [over, revoked, other] = [await begin(hubs), await begin(hubs), await begin(hubs)];
  await hubs.sql('update kiosk_pairings set expires_at = now() where id = $1', [over.pairingId]);
  const { kiosk } = await call(node(hubs), 'kiosks:pair', { code: revoked.code, name: 'Foyer' }, organizer);
  await call(node(hubs), 'kiosks:revoke', { kioskId: kiosk.id }, organizer);
  for (const { pairingId, secret } of [
    { pairingId: nobody, secret: other.secret },
    { pairingId: other.pairingId, secret: over.secret },
    over,
    revoked,
  ]) {
    await expectRefused(node(hubs), 'kiosks:claim', { pairingId, secret }, undefined, 'pairing-not-found');
  }
});

test('[KIOSK-1] the code alone fetches nothing', async () => {
  const { code, pairingId } = await begin(hubs);
  const response = await send(node(hubs), 'kiosks:claim', { pairingId, secret: code });
  expect(response.status).toBe(400);
});

test('a kiosk can sign itself out', async () => {
  const { user } = await paired(hubs, await hubs.user('organizer'));
  await call(node(hubs), 'auth:logout', {}, user);
  await expect(hubs.connect(user, 1)).rejects.toThrow();
});
