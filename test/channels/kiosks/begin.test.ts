import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { expectRefused, node } from '../support.ts';
import { begin } from './support.ts';

const hubs = await startTestHubs(2);

test('a device gets a code to show and a secret to keep, for ten minutes', async () => {
  const shown = await begin(hubs);
  const leftMs = Date.parse(shown.expiresAt) - Date.now();
  expect(leftMs).toBeGreaterThan(9 * 60_000);
  expect(leftMs).toBeLessThanOrEqual(10 * 60_000);
  const other = await begin(hubs, 1);
  expect(other.code).not.toBe(shown.code);
  expect(other.secret).not.toBe(shown.secret);
  const [row] = await hubs.sql<{ text: string }>(
    'select p::text as text from kiosk_pairings p where id = $1',
    [shown.pairingId],
  );
  expect(row?.text).toContain(shown.code);
  expect(row?.text).not.toContain(shown.secret);
});

test('rate-limited: an address gets twenty codes a minute, on all nodes together', async () => {
  const own = await startTestHubs(2);
  for (let i = 0; i < 20; i++) await begin(own, i % 2);
  for (const index of [0, 1]) {
    await expectRefused(node(own, index), 'kiosks:begin', {}, undefined, 'rate-limited');
  }
});
