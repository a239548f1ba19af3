import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, nobody, node, send } from '../support.ts';
import { begin } from './support.ts';

const hubs = await startTestHubs(2);

test('an organizer pairs the device whose code they type, however they write it', async () => {
  const organizer = await hubs.user('organizer');
  for (const write of [
    (code: string) => code,
    (code: string) => code.toLowerCase(),
    (code: string) => `${code.slice(0, 4)}-${code.slice(4)}`,
    (code: string) => `${code.slice(0, 4)} ${code.slice(4)}`.toLowerCase(),
  ]) {
    const { code } = await begin(hubs);
    const { kiosk } = await call(
      node(hubs, 1),
      'kiosks:pair',
      { code: write(code), name: ' Foyer ' },
      organizer,
    );
    expect(kiosk).toMatchObject({ name: 'Foyer', organizerId: organizer.id, claimedAt: null });
  }
  const rows = await hubs.sql("select from audit where action = 'kiosk-paired' and actor_id = $1", [
    organizer.id,
  ]);
  expect(rows).toHaveLength(4);
});

test('[KIOSK-1] pairing-not-found: a code counts once, also for two at once', async () => {
  const organizers = await hubs.users(2, 'organizer');
  const { code } = await begin(hubs);
  const answers = await Promise.all(
    organizers.map((organizer, i) => send(node(hubs, i), 'kiosks:pair', { code, name: 'Foyer' }, organizer)),
  );
  expect(answers.map(({ status }) => status).sort()).toEqual([201, 404]);
  await expectRefused(node(hubs), 'kiosks:pair', { code, name: 'Foyer' }, organizers[0], 'pairing-not-found');
});

test("'venue-not-found': a kiosk shows the board of a venue of one's own", async () => {
  const organizer = await hubs.user('organizer');
  const { code } = await begin(hubs);
  const request = { code, name: 'Foyer', venueId: nobody };
  await expectRefused(node(hubs), 'kiosks:pair', request, organizer, 'venue-not-found');
  await call(node(hubs), 'kiosks:pair', { code, name: 'Foyer' }, organizer);
});

test('[KIOSK-1] pairing-not-found: made up, or its ten minutes are over', async () => {
  const organizer = await hubs.user('organizer');
  const { code, pairingId } = await begin(hubs);
  await hubs.sql('update kiosk_pairings set expires_at = now() where id = $1', [pairingId]);
  for (const wrong of [code, 'AAAAAAAA', '00000000']) {
    const request = { code: wrong, name: 'Foyer' };
    await expectRefused(node(hubs), 'kiosks:pair', request, organizer, 'pairing-not-found');
  }
});

test('rate-limited: ten guesses a minute and account, on all nodes together', async () => {
  const organizer = await hubs.user('organizer');
  const request = { code: 'AAAAAAAA', name: 'Foyer' };
  for (let i = 0; i < 10; i++) {
    await expectRefused(node(hubs, i % 2), 'kiosks:pair', request, organizer, 'pairing-not-found');
  }
  await expectRefused(node(hubs), 'kiosks:pair', request, organizer, 'rate-limited');
});

test("[REQ-1] a repeat gets the first answer; 'request-id-reused': the same key for another code", async () => {
  const own = await startTestHubs(2);
  const organizer = await own.user('organizer');
  const [one, two] = [await begin(own), await begin(own)];
  const key = requestId();
  const first = await call(node(own), 'kiosks:pair', { code: one.code, name: 'Foyer' }, organizer, key);
  const repeat = await call(node(own, 1), 'kiosks:pair', { code: one.code, name: 'Foyer' }, organizer, key);
  expect(repeat).toEqual(first);
  const other = { code: two.code, name: 'Foyer' };
  await expectRefused(node(own, 1), 'kiosks:pair', other, organizer, 'request-id-reused', key);
});
