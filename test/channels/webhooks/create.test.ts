import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, node } from '../support.ts';
import { create, url } from './support.ts';

const hubs = await startTestHubs(2);

test('a webhook is made with a secret that is shown this once', async () => {
  const organizer = await hubs.user('organizer');
  const types = ['booking.confirmed', 'event.rescheduled'];
  const made = await call(node(hubs), 'webhooks:create', { url, types, description: 'Books' }, organizer);
  expect(made.secret).toMatch(/^whsec_/);
  expect(made.webhook).toEqual({
    id: expect.any(String),
    userId: organizer.id,
    url,
    description: 'Books',
    types,
    state: 'on',
    failures: 0,
    pausedUntil: null,
    lastError: '',
    lastSentAt: null,
    createdAt: expect.any(String),
  });
  const { webhooks } = await call(node(hubs, 1), 'webhooks:list', {}, organizer);
  expect(webhooks).toEqual([made.webhook]);
  expect(JSON.stringify(webhooks)).not.toContain(made.secret.slice(6));
  const [noted] = await hubs.sql("select actor_id, details from audit where action = 'webhook-created'");
  expect(noted).toMatchObject({ actor_id: organizer.id, details: { webhookId: made.webhook.id } });
  expect(JSON.stringify(noted)).not.toContain(made.secret.slice(6));
});

test("'request-id-reused': a repeat gets the first answer, with its secret, and makes no second one", async () => {
  const organizer = await hubs.user('organizer');
  await expectOnce(hubs, 'webhooks:create', [{ url }, { url: `${url}/other` }], organizer);
  expect((await call(node(hubs), 'webhooks:list', {}, organizer)).webhooks).toHaveLength(1);
});

test('webhook-refused: an internal address, a password, or no https', async () => {
  const organizer = await hubs.user('organizer');
  for (const refused of [
    'https://127.0.0.1/',
    'https://[::ffff:10.0.0.1]/',
    'https://a:b@hooks.example.org/',
  ])
    await expectRefused(node(hubs), 'webhooks:create', { url: refused }, organizer, 'webhook-refused');
  const own = await startTestHubs(1, { mode: 'production' });
  const plain = { url: 'http://hooks.example.org/' };
  const details = await expectRefused(
    node(own),
    'webhooks:create',
    plain,
    await own.user('organizer'),
    'webhook-refused',
  );
  expect(details).toEqual({ reason: 'it must begin with https://' });
});

test('invalid-request: a type that there is not, and those there are', async () => {
  const request = { url, types: ['booking.confirmed', 'booking.dreamt'] };
  const details = await expectRefused(
    node(hubs),
    'webhooks:create',
    request,
    await hubs.user('organizer'),
    'invalid-request',
  );
  expect(details).toMatchObject({ field: 'types.1', allowed: expect.stringContaining('event.published') });
});

test('webhooks-full: ten, also of many that come at once', async () => {
  const organizer = await hubs.user('organizer');
  const all = await Promise.allSettled(Array.from({ length: 12 }, () => create(hubs, organizer)));
  expect(all.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
  expect(await expectRefused(node(hubs), 'webhooks:create', { url }, organizer, 'webhooks-full')).toEqual({
    allowed: 10,
  });
});
