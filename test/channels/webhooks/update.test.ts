import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, node, nobody } from '../support.ts';
import { create, delivery, url } from './support.ts';

const hubs = await startTestHubs(2);

test('what is left out stays; what is changed is in the audit log, without its content', async () => {
  const organizer = await hubs.user('organizer');
  const { webhook } = await create(hubs, organizer);
  const change = { webhookId: webhook.id, types: ['booking.cancelled'], active: false };
  const changed = await call(node(hubs), 'webhooks:update', change, organizer);
  expect(changed).toEqual({
    webhook: { ...webhook, types: ['booking.cancelled'], state: 'off' },
    secret: null,
  });
  expect((await call(node(hubs, 1), 'webhooks:list', {}, organizer)).webhooks).toEqual([changed.webhook]);
  const [noted] = await hubs.sql("select details from audit where action = 'webhook-updated'");
  expect(noted).toEqual({ details: { webhookId: webhook.id, fields: ['types', 'active'] } });
});

test('a pause ends, and what was put off is due, when its owner says that it is well', async () => {
  const organizer = await hubs.user('organizer');
  const made = await create(hubs, organizer);
  await hubs.sql(
    "update webhooks set paused_until = now() + interval '1 hour', failures = 5, last_error = 'no' where id = $1",
    [made.webhook.id],
  );
  const waiting = await delivery(hubs, made, 'waiting');
  const { webhooks } = await call(node(hubs), 'webhooks:list', {}, organizer);
  expect(webhooks[0]).toMatchObject({ state: 'paused', failures: 5, lastError: 'no' });
  const request = { webhookId: made.webhook.id, active: true };
  const { webhook } = await call(node(hubs), 'webhooks:update', request, organizer);
  expect(webhook).toMatchObject({ state: 'on', failures: 0, pausedUntil: null, lastError: '' });
  const [row] = await hubs.sql(
    "select next_at < now() + interval '30 minutes' as is_due from deliveries where id = $1",
    [waiting],
  );
  expect(row).toEqual({ is_due: true });
});

test("'request-id-reused': a new secret is made once", async () => {
  const organizer = await hubs.user('organizer');
  const { webhook, secret } = await create(hubs, organizer);
  const change = { webhookId: webhook.id, newSecret: true } as const;
  const first = await expectOnce(hubs, 'webhooks:update', [change, { ...change, active: true }], organizer);
  const [row] = await hubs.sql('select secret, old_secret from webhooks where id = $1', [webhook.id]);
  expect(row).toEqual({ secret: first.secret, old_secret: secret });
});

test('webhook-refused: the address is judged as that of a new one', async () => {
  const organizer = await hubs.user('organizer');
  const { webhook } = await create(hubs, organizer);
  const change = { webhookId: webhook.id, url: 'https://169.254.169.254/latest' };
  await expectRefused(node(hubs), 'webhooks:update', change, organizer, 'webhook-refused');
  expect((await call(node(hubs), 'webhooks:list', {}, organizer)).webhooks[0]?.url).toBe(url);
});

test('webhook-not-found: of somebody else, deleted, or none', async () => {
  const [organizer, other, admin] = [
    await hubs.user('organizer'),
    await hubs.user('organizer'),
    await hubs.user('admin'),
  ];
  const { webhook } = await create(hubs, organizer);
  const change = { webhookId: webhook.id, description: 'x' };
  await expectRefused(node(hubs), 'webhooks:update', change, other, 'webhook-not-found');
  await expectRefused(
    node(hubs),
    'webhooks:update',
    { ...change, webhookId: nobody },
    admin,
    'webhook-not-found',
  );
  await call(node(hubs), 'webhooks:update', change, admin);
  await call(node(hubs), 'webhooks:delete', { webhookId: webhook.id }, organizer);
  await expectRefused(node(hubs), 'webhooks:update', change, organizer, 'webhook-not-found');
});
