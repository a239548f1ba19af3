import { afterEach, expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, node, noHold } from '../support.ts';
import {
  buy,
  expectBalanced,
  moved,
  paidEvent,
  pay,
  quick,
  sagaOf,
  untilDead,
  untilSaga,
} from './support.ts';

const hubs = await startTestHubs(2, quick());
const admin = await hubs.user('admin');

afterEach(() => expectBalanced(hubs));

/** A booking whose capture was put aside, and succeeds when it is tried once more. */
async function deadCapture(failures = 4) {
  const buyer = await hubs.connect(await hubs.user());
  const eventId = await paidEvent(hubs);
  const { id: bookingId, holdId } = await buy(buyer, eventId, [4, 5], `4000000000030001:${failures}`);
  await untilDead(hubs, holdId, 'capture');
  return { buyer, eventId, bookingId, holdId };
}

test('[PAY-5] a capture that was put aside is tried again and done; who did it is in the audit log', async () => {
  const { bookingId, holdId } = await deadCapture();
  const key = requestId();
  const { saga } = await call(node(hubs, 1), 'sagas:retry', { holdId }, admin, key);
  expect(saga.steps.at(-1)?.state).not.toBe('dead');
  expect(saga.reason).toBe('');
  await untilSaga(hubs, holdId, 'captured');
  expect(await moved(hubs, holdId)).toEqual(['authorise 5000', 'capture 5000']);
  const audit = await hubs.sql(
    "select actor_id, request_id, details ->> 'step' as step from audit where booking_id = $1 and action = 'payment-retried'",
    [bookingId],
  );
  expect(audit).toEqual([{ actor_id: admin.id, request_id: key, step: 'capture' }]);
});

test('[PAY-5] it has as many attempts as at first, and is put aside again', async () => {
  const { holdId } = await deadCapture(8);
  await call(node(hubs), 'sagas:retry', { holdId }, admin);
  await untilDead(hubs, holdId, 'capture');
  await call(node(hubs), 'sagas:retry', { holdId }, admin);
  await untilSaga(hubs, holdId, 'captured');
});

test('what waits behind it follows: a refund that was asked for meanwhile', async () => {
  const { buyer, bookingId, holdId } = await deadCapture();
  await buyer.request('bookings:cancel', { bookingId, requestId: requestId() });
  expect((await sagaOf(hubs, holdId)).steps.slice(-2)).toEqual(['capture dead', 'refund due']);
  await call(node(hubs), 'sagas:retry', { holdId }, admin);
  await untilSaga(hubs, holdId, 'refunded');
  expect(await moved(hubs, holdId)).toEqual(['authorise 5000', 'capture 5000', 'refund 5000']);
});

test('saga-not-found: there is no payment of this hold', async () => {
  const buyer = await hubs.connect(await hubs.user());
  const { holdId } = await buyer.hold(await paidEvent(hubs), [4]);
  for (const id of [noHold, holdId])
    await expectRefused(node(hubs), 'sagas:retry', { holdId: id }, admin, 'saga-not-found');
});

test('saga-not-dead: nothing was put aside, or it is under way again', async () => {
  const buyer = await hubs.connect(await hubs.user());
  const eventId = await paidEvent(hubs);
  const { holdId } = await pay(buyer, eventId, [4]);
  await expectRefused(node(hubs), 'sagas:retry', { holdId }, admin, 'saga-not-dead');
  await buyer.confirm(eventId, holdId);
  await untilSaga(hubs, holdId, 'captured');
  await expectRefused(node(hubs), 'sagas:retry', { holdId }, admin, 'saga-not-dead');
});

test("[REQ-1] sent twice it is tried again once; 'request-id-reused' for another payment", async () => {
  const [one, two] = [await deadCapture(), await deadCapture()];
  await expectOnce(hubs, 'sagas:retry', [{ holdId: one.holdId }, { holdId: two.holdId }], admin);
  await untilSaga(hubs, one.holdId, 'captured');
  expect((await sagaOf(hubs, two.holdId)).steps).toContain('capture dead');
  await call(node(hubs), 'sagas:retry', { holdId: two.holdId }, admin);
});
