/** Two nodes, or two people, at one payment at the same moment. */
import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import type { Booking } from '../../src/contracts.gen.ts';
import { failSagaStep } from '../../src/database/statements.ts';
import type { EventCard } from '../../src/events/events.ts';
import {
  buy,
  cards,
  expectBalanced,
  lapse,
  moved,
  paidEvent,
  pay,
  quick,
  sagaOf,
  untilDead,
  untilSaga,
} from '../channels/sagas/support.ts';
import { call, node } from '../channels/support.ts';
import { requestId, type TestClient, until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';

const hubs = await startTestHubs(2, quick());

afterEach(() => expectBalanced(hubs));

/** Keeps rows locked while others begin, and lets them go once so many of them wait. */
async function together(lock: string, values: unknown[], waiting: number, work: () => Promise<unknown>[]) {
  const holder = new pg.Client({ connectionString: hubs.databaseUrl });
  await holder.connect();
  try {
    await holder.query('begin');
    await holder.query(lock, values);
    const all = Promise.allSettled(work());
    await until(async () => {
      const waits = await hubs.sql(
        "select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
      );
      return waits.length >= waiting;
    }, `${waiting} statements to wait`);
    await holder.query('commit');
    return await all;
  } finally {
    await holder.end();
  }
}

const bothNodes = async () => {
  const user = await hubs.user();
  return { user, near: await hubs.connect(user), far: await hubs.connect(user, 1) };
};

test('[BOOK-2] the buyer and the hub book a paid hold at the same moment: one booking, told to both', async () => {
  const eventId = await paidEvent(hubs);
  const { user, near } = await bothNodes();
  const { holdId } = await pay(near, eventId, [4]);
  const card = (await node(hubs, 1).engine.events.card(eventId)) as EventCard;
  // Both statements have begun, and see a payment that is not booked yet.
  const results = await together('select 1 from sagas where hold_id = $1 for update', [holdId], 2, () => [
    near.confirm(eventId, holdId),
    node(hubs, 1).engine.confirms.confirm(
      card,
      { userId: user.id, sessionId: null, requestId: null },
      holdId,
    ),
  ]);
  const bookings = results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason));
  expect((bookings[0] as Booking).id).toMatch(/-/);
  expect((bookings[1] as Booking).id).toBe((bookings[0] as Booking).id);
  expect(await hubs.sql('select 1 from bookings where hold_id = $1', [holdId])).toHaveLength(1);
  await untilSaga(hubs, holdId, 'captured');
});

test('[BOOK-9] the last two seats are cancelled one by one at the same moment: the booking is cancelled', async () => {
  const eventId = await paidEvent(hubs);
  const { near, far } = await bothNodes();
  const { id: bookingId, holdId } = await buy(near, eventId, [4, 5]);
  await untilSaga(hubs, holdId, 'captured');
  const cancel = (client: TestClient, seat: number) =>
    client.request('bookings:cancel', { bookingId, seats: [seat], requestId: requestId() });
  await together('select 1 from bookings where id = $1 for update', [bookingId], 2, () => [
    cancel(near, 4),
    cancel(far, 5),
  ]);
  const { bookings } = await near.request('bookings:list', { eventId });
  expect(bookings[0]).toMatchObject({ status: 'cancelled' });
  await untilSaga(hubs, holdId, 'refunded');
  expect((await sagaOf(hubs, holdId)).refunded_cents).toBe(5000);
});

test('[PAY-7] a booking that is cancelled while its money is being taken: it is taken, and goes back', async () => {
  const eventId = await paidEvent(hubs);
  const { near, far } = await bothNodes();
  const { id: bookingId, holdId } = await buy(near, eventId, [4, 5], cards.captureUnanswered);
  const capture = "select 1 from saga_steps where hold_id = $1 and kind = 'capture' and attempts > 0";
  await until(async () => (await hubs.sql(capture, [holdId])).length > 0, 'the capture to begin');
  expect((await sagaOf(hubs, holdId)).state).toBe('booked');
  const { booking } = await far.request('bookings:cancel', { bookingId, seats: [4], requestId: requestId() });
  expect(booking.payment).toMatchObject({ state: 'booked', refundedCents: 0 });
  await until(async () => (await sagaOf(hubs, holdId)).refunded_cents === 2500, 'the refund');
  expect(await moved(hubs, holdId)).toEqual(['authorise 5000', 'capture 5000', 'refund 2500']);
  // Once it was taken it was known to be on its way back.
  const actions = await hubs.sql<{ action: string }>(
    "select action from audit where details ->> 'holdId' = $1 and details ->> 'step' in ('capture', 'refund') order by id",
    [holdId],
  );
  expect(actions.map(({ action }) => action)).toEqual(['payment-refunding', 'payment-captured']);
});

test('[PAY-7] the buyer cancels while an admin gives the capture up: the money is let go of once', async () => {
  const eventId = await paidEvent(hubs);
  const { near } = await bothNodes();
  const admin = await hubs.user('admin');
  const { id: bookingId, holdId } = await buy(near, eventId, [4, 5], cards.captureRefused);
  await untilDead(hubs, holdId, 'capture');
  await together('select 1 from sagas where hold_id = $1 for update', [holdId], 2, () => [
    near.request('bookings:cancel', { bookingId, requestId: requestId() }),
    call(node(hubs, 1), 'sagas:abandon', { holdId }, admin),
  ]);
  await untilSaga(hubs, holdId, 'voided');
  expect(await moved(hubs, holdId)).toEqual(['authorise 5000', 'void 5000']);
  const { bookings } = await near.request('bookings:list', { eventId });
  expect(bookings[0]).toMatchObject({ status: 'cancelled', payment: { state: 'voided', refundedCents: 0 } });
});

test('[PAY-7] a capture whose end nobody saw is given up: what was taken goes back', async () => {
  const eventId = await paidEvent(hubs);
  const { near } = await bothNodes();
  const { holdId } = await buy(near, eventId, [4], '4000000000030001:4');
  await untilDead(hubs, holdId, 'capture');
  // The provider has done it all the same.
  await hubs.sql(
    "update simulated_payments set state = 'captured', version = version + 1 where hold_id = $1",
    [holdId],
  );
  await call(node(hubs), 'sagas:abandon', { holdId }, await hubs.user('admin'));
  await untilSaga(hubs, holdId, 'refunded');
  expect((await sagaOf(hubs, holdId)).steps.slice(-2)).toEqual(['void done', 'refund done']);
});

test('[PAY-3] a lease that runs out while the bank is still deciding: the money is set aside once', async () => {
  const own = await startTestHubs(2, quick({ leaseMs: 100 }));
  const eventId = await paidEvent(own);
  const buyer = await own.connect(await own.user());
  const { holdId, payment } = await pay(buyer, eventId, [4], '4000000000020001:500');
  expect(payment.state).toBe('authorised');
  const [step] = await own.sql<{ attempts: number }>(
    "select attempts from saga_steps where hold_id = $1 and kind = 'authorise'",
    [holdId],
  );
  expect(step?.attempts, 'it was taken more than once').toBeGreaterThan(1);
  await buyer.confirm(eventId, holdId);
  await untilSaga(own, holdId, 'captured');
  expect(await moved(own, holdId)).toEqual(['authorise 2500', 'capture 2500']);
  await expectBalanced(own);
});

test('whoever lost the lease of a step cannot say that it failed', async () => {
  const eventId = await paidEvent(hubs);
  const { near } = await bothNodes();
  const { holdId } = await pay(near, eventId, [4]);
  const [step] = await hubs.sql<{ id: string }>(
    "update saga_steps set attempts = 3 where hold_id = $1 and kind = 'book' returning id::text as id",
    [holdId],
  );
  await node(hubs).engine.db.run(failSagaStep, step?.id ?? '', 2, 'late', null, 2);
  expect((await sagaOf(hubs, holdId)).steps).toContain('book due');
  await near.confirm(eventId, holdId);
});

test('[PAY-4] the buyer and the hub come late for the same seats at the same moment: one booking', async () => {
  const eventId = await paidEvent(hubs);
  const { near, far } = await bothNodes();
  const { holdId } = await pay(near, eventId, [4, 5]);
  await lapse(hubs, eventId, holdId);
  await hubs.sql("update saga_steps set due_at = now() where hold_id = $1 and kind = 'book'", [holdId]);
  const bookings = await Promise.all([near, far, near, far].map((client) => client.confirm(eventId, holdId)));
  expect(new Set(bookings.map(({ id }) => id)).size).toBe(1);
  await untilSaga(hubs, holdId, 'captured');
});

test('[PAY-7] a rush of buyers with every kind of card over two nodes, some of whom cancel: the books balance', async () => {
  const own = await startTestHubs(2, quick({ bookAfterMs: 1000, attempts: 50 }));
  const eventId = await own.event({ seats: 120, rules: { payment: 'online' } });
  const methods = [
    cards.good,
    cards.declined,
    '4000000000020006:200',
    '4000000000020007:200',
    '4000000000020005',
    '4000000000020009',
    cards.captureFails,
    cards.voidFails,
    cards.refundFails,
    cards.captureUnanswered,
  ];
  const users = await own.users(30);
  await Promise.all(
    users.map(async (user, i) => {
      const client = await own.connect(user, i % 2);
      const method = methods[i % methods.length];
      const paying = pay(client, eventId, [i * 3, i * 3 + 1, i * 3 + 2], method);
      const { holdId, payment } = await paying.catch(() => ({ holdId: '', payment: undefined }));
      if (payment?.state !== 'authorised') return;
      const last = { eventId, holdId, requestId: requestId() };
      if (i % 4 === 0) await client.request('seats:release', last).catch(() => undefined);
      if (i % 4 === 1) return client.close();
      const booking = await client.confirm(eventId, holdId).catch(() => undefined);
      if (!booking || i % 4 === 2) return;
      const seats = i % 8 === 3 ? [i * 3] : booking.seats.map(({ seat }) => seat);
      await client.request('bookings:cancel', { bookingId: booking.id, seats, requestId: requestId() });
    }),
  );
  await expectBalanced(own);
  const ends = await own.sql<{ state: string }>('select distinct state from sagas order by state');
  expect(ends.map(({ state }) => state)).toEqual(
    expect.arrayContaining(['captured', 'declined', 'refunded']),
  );
});
