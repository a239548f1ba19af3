import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, node } from '../support.ts';
import { create, delivery } from './support.ts';

const hubs = await startTestHubs(2);

test('all that is dead is due again, or one that was sent; what another has is not touched', async () => {
  const organizer = await hubs.user('organizer');
  const [made, other] = [await create(hubs, organizer), await create(hubs, organizer)];
  const webhookId = made.webhook.id;
  // Nothing is posted meanwhile, so that what is due stays so.
  await hubs.sql("update webhooks set paused_until = now() + interval '1 hour'");
  const [dead, sent, theirs] = [
    await delivery(hubs, made, 'dead'),
    await delivery(hubs, made, 'sent'),
    await delivery(hubs, other, 'dead'),
  ];
  const stateOf = async (id: string) =>
    (
      await hubs.sql<{ state: string; attempts: number }>(
        'select state, attempts from deliveries where id = $1',
        [id],
      )
    )[0];
  expect(await call(node(hubs), 'webhooks:retry', { webhookId }, organizer)).toEqual({ retried: 1 });
  expect(await stateOf(dead)).toEqual({ state: 'waiting', attempts: 0 });
  expect(await stateOf(sent)).toMatchObject({ state: 'sent' });
  expect(await stateOf(theirs)).toMatchObject({ state: 'dead' });
  const one = { webhookId, deliveryId: sent };
  expect(await call(node(hubs), 'webhooks:retry', one, organizer)).toEqual({ retried: 1 });
  expect(await stateOf(sent)).toEqual({ state: 'waiting', attempts: 0 });
});

test('one that waits for its next attempt has it at once, and no more of them than before', async () => {
  const organizer = await hubs.user('organizer');
  const made = await create(hubs, organizer);
  await hubs.sql("update webhooks set paused_until = now() + interval '1 hour'");
  const deliveryId = await delivery(hubs, made, 'waiting');
  await hubs.sql("update deliveries set attempts = 3, next_at = now() + interval '2 hours' where id = $1", [
    deliveryId,
  ]);
  const request = { webhookId: made.webhook.id, deliveryId };
  expect(await call(node(hubs), 'webhooks:retry', request, organizer)).toEqual({ retried: 1 });
  const rows = await hubs.sql(
    "select state, attempts, next_at < now() + interval '61 minutes' as is_sooner from deliveries where id = $1",
    [deliveryId],
  );
  expect(rows).toEqual([{ state: 'waiting', attempts: 3, is_sooner: true }]);
});

test('delivery-not-found: of another webhook, or being sent; webhook-not-found: of somebody else', async () => {
  const organizer = await hubs.user('organizer');
  const [made, other] = [await create(hubs, organizer), await create(hubs, organizer)];
  const webhookId = made.webhook.id;
  for (const deliveryId of [
    await delivery(hubs, other, 'dead'),
    await delivery(hubs, made, 'sending'),
    '999999',
  ])
    await expectRefused(
      node(hubs),
      'webhooks:retry',
      { webhookId, deliveryId },
      organizer,
      'delivery-not-found',
    );
  const stranger = await hubs.user('organizer');
  await expectRefused(node(hubs), 'webhooks:retry', { webhookId }, stranger, 'webhook-not-found');
});

test("'request-id-reused': a repeat does nothing more", async () => {
  const organizer = await hubs.user('organizer');
  const made = await create(hubs, organizer);
  await delivery(hubs, made, 'dead');
  const request = { webhookId: made.webhook.id };
  const first = await expectOnce(
    hubs,
    'webhooks:retry',
    [request, { ...request, deliveryId: '1' }],
    organizer,
  );
  expect(first).toEqual({ retried: 1 });
});
