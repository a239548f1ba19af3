import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { expectRefused, node, send } from '../support.ts';

const hubs = await startTestHubs(2);

test('the page of a link asks, on any node, and may load and run nothing', async () => {
  const user = await hubs.user();
  const url = new URL(await node(hubs).engine.mailLinks.unsubscribe(user.id, 'booking-confirmed'));
  const link = url.searchParams.get('link') ?? '';
  const response = await send(node(hubs, 1), 'mail:unsubscribe-page', { link });
  expect(response.status).toBe(200);
  const policy = response.headers.get('content-security-policy') ?? '';
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).not.toContain('unsafe');
  const text = await response.text();
  expect(text).toContain('<form method="post"');
  expect(text).not.toMatch(/<script|https?:\/\//);
  expect(response.headers.get('referrer-policy')).toBe('no-referrer');
});

test('link-invalid: one that nobody was sent', async () => {
  const { id } = await hubs.user();
  const link = `${id}.booking-confirmed.${'A'.repeat(43)}`;
  await expectRefused(node(hubs), 'mail:unsubscribe-page', { link }, undefined, 'link-invalid');
});
