import { afterEach, expect, test } from 'vitest';
import { abandonSaga } from '../../../src/database/statements.ts';
import { requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, node, noHold } from '../support.ts';
import {
  buy,
  cards,
  expectBalanced,
  moved,
  paidEvent,
  pay,
  quick,
  sagaOf,
  untilDead,
  untilMap,
  untilSaga,
} from './support.ts';

const hubs = await startTestHubs(2, quick());
const admin = await hubs.user('admin');

afterEach(() => expectBalanced(hubs));

async function deadCapture() {
  const user = await hubs.user();
  const buyer = await hubs.connect(user, 1);
  const eventId = await paidEvent(hubs);
  const { id: bookingId, holdId } = await buy(buyer, eventId, [4, 5], cards.captureFailsForEver);
  await untilDead(hubs, holdId, 'capture');
  return { buyer, eventId, bookingId, holdId };
}

const auditOf = (bookingId: string) =>
  hubs.sql<{ action: string }>(
    `select action, actor_id, request_id, details ->> 'reason' as reason from audit
     where booking_id = $1 and actor_id is not null order by id`,
    [bookingId],
  );

test('[PAY-5] a capture that is given up: the money goes back, the booking ends, its seats are free', async () => {
  const { buyer, eventId, bookingId, holdId } = await deadCapture();
  const [told, paid] = [buyer.next('bookings:cancelled'), buyer.next('bookings:paid')];
  const key = requestId();
  const { saga } = await call(node(hubs), 'sagas:abandon', { holdId, reason: 'bank closed' }, admin, key);
  expect(saga.state).toMatch(/^void/);
  expect((await told).booking).toMatchObject({ id: bookingId, status: 'cancelled' });
  expect((await paid).payment.state).toBe('voided');
  await untilSaga(hubs, holdId, 'voided');
  await untilMap(hubs, eventId, 'fffffff');
  expect(await moved(hubs, holdId)).toEqual(['authorise 5000', 'void 5000']);
  const by = { actor_id: admin.id, request_id: key, reason: 'bank closed' };
  expect((await auditOf(bookingId)).slice(-2)).toEqual([
    { action: 'payment-abandoned', ...by },
    { action: 'booking-cancelled', ...by },
  ]);
  expect((await sagaOf(hubs, holdId)).steps.slice(-2)).toEqual(['capture dropped', 'void done']);
});

test('[PAY-5] the node dies before it has cancelled the booking: another one does', async () => {
  const { buyer, eventId, bookingId, holdId } = await deadCapture();
  const told = buyer.next('bookings:cancelled');
  await node(hubs).engine.db.run(abandonSaga, holdId, admin.id, 'a session', null, 'gone');
  expect((await told).booking).toMatchObject({ id: bookingId, status: 'cancelled' });
  await untilSaga(hubs, holdId, 'voided');
  await untilMap(hubs, eventId, 'fffffff');
  expect((await auditOf(bookingId)).at(-1)).toMatchObject({
    action: 'booking-cancelled',
    actor_id: admin.id,
  });
});

/** Which is what giving a refund up means. */
async function givenBackByHand(holdId: string): Promise<void> {
  await hubs.sql(
    "update simulated_payments set state = 'refunded', refunded_cents = amount_cents where hold_id = $1",
    [holdId],
  );
  await hubs.sql("update sagas set state = 'refunded', refunded_cents = amount_cents where hold_id = $1", [
    holdId,
  ]);
}

test('[PAY-5] a refund that the bank refuses for good is put aside at once, and left to people', async () => {
  const buyer = await hubs.connect(await hubs.user());
  const { id: bookingId, holdId } = await buy(buyer, await paidEvent(hubs), [4], cards.refundRefused);
  await untilSaga(hubs, holdId, 'captured');
  await buyer.request('bookings:cancel', { bookingId, requestId: requestId() });
  await untilDead(hubs, holdId, 'refund');
  const { saga } = await call(node(hubs), 'sagas:abandon', { holdId }, admin);
  expect(saga).toMatchObject({ state: 'refunding', reason: 'refund-refused: The refund was refused.' });
  expect(saga.steps.at(-1)).toMatchObject({ kind: 'refund', state: 'dropped', attempts: 1 });
  await givenBackByHand(holdId);
});

test('a refund that is given up is left to people; what waits behind it follows', async () => {
  const buyer = await hubs.connect(await hubs.user());
  const eventId = await paidEvent(hubs);
  const { id: bookingId, holdId } = await buy(buyer, eventId, [4, 5], '4000000000050001:4');
  const cancel = (seats: number[]) =>
    buyer.request('bookings:cancel', { bookingId, seats, requestId: requestId() });
  await cancel([4]);
  await untilDead(hubs, holdId, 'refund');
  await cancel([5]);
  await call(node(hubs), 'sagas:abandon', { holdId }, admin);
  await until(async () => (await sagaOf(hubs, holdId)).refunded_cents === 2500, 'the second refund');
  expect((await sagaOf(hubs, holdId)).steps.slice(-2)).toEqual(['refund dropped', 'refund done']);
  await givenBackByHand(holdId);
});

test('saga-not-found: there is no payment of this hold', async () => {
  await expectRefused(node(hubs), 'sagas:abandon', { holdId: noHold }, admin, 'saga-not-found');
});

test('saga-not-dead: what goes well, or was given up already, cannot be given up', async () => {
  const buyer = await hubs.connect(await hubs.user());
  const eventId = await paidEvent(hubs);
  const { holdId } = await pay(buyer, eventId, [4]);
  await expectRefused(node(hubs), 'sagas:abandon', { holdId }, admin, 'saga-not-dead');
  expect((await buyer.confirm(eventId, holdId)).status).toBe('confirmed');
  const dead = await deadCapture();
  await call(node(hubs), 'sagas:abandon', { holdId: dead.holdId }, admin);
  await expectRefused(node(hubs, 1), 'sagas:abandon', { holdId: dead.holdId }, admin, 'saga-not-dead');
  await expectRefused(node(hubs, 1), 'sagas:retry', { holdId: dead.holdId }, admin, 'saga-not-dead');
});

test('two admins at once, one tries again and one gives up: one of them is too late', async () => {
  const { holdId } = await deadCapture();
  const results = await Promise.allSettled([
    call(node(hubs), 'sagas:retry', { holdId }, admin),
    call(node(hubs, 1), 'sagas:abandon', { holdId }, await hubs.user('admin')),
  ]);
  expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  if (results[1]?.status === 'fulfilled') return;
  await untilDead(hubs, holdId, 'capture');
  await call(node(hubs), 'sagas:abandon', { holdId }, admin);
});

test("[REQ-1] sent twice it is given up once; 'request-id-reused' for another payment", async () => {
  const [one, two] = [await deadCapture(), await deadCapture()];
  await expectOnce(hubs, 'sagas:abandon', [{ holdId: one.holdId }, { holdId: two.holdId }], admin);
  expect((await sagaOf(hubs, two.holdId)).state).toBe('booked');
  await call(node(hubs), 'sagas:abandon', { holdId: two.holdId }, admin);
});
