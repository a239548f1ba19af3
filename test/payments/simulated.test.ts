import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { newHoldId, newId } from '../../src/ids.ts';
import type { PaymentNotice } from '../../src/payments/provider.ts';
import { SimulatedProvider } from '../../src/payments/simulated.ts';
import { orphanedPayments, SimulatedLedger } from '../../src/payments/simulated-ledger.ts';
import { testCard, testCards } from '../../src/payments/test-cards.ts';
import { type LedgerDatabase, ledgerDatabase } from './ledger-database.ts';
import { key, noOutcome, order, paid, providerContract, reference, refusal } from './provider-contract.ts';

const approved = '4242424242424242';
let database: LedgerDatabase;
let provider: SimulatedProvider;
let other: SimulatedProvider;
/** Notices of `provider`, and who waits for the next. */
const notices: PaymentNotice[] = [];
let wake: () => void = () => undefined;

beforeAll(async () => {
  database = await ledgerDatabase();
  provider = new SimulatedProvider(new SimulatedLedger(database.db), {
    hangMs: 20,
    notify: (notice) => {
      notices.push(notice);
      wake();
    },
  });
  other = new SimulatedProvider(new SimulatedLedger(await database.again()), { hangMs: 20 });
});
afterAll(async () => {
  provider.close();
  await database.drop();
});

/** The notices of a payment, once there are so many. */
async function noticed(paymentId: string, count: number): Promise<PaymentNotice[]> {
  for (;;) {
    const found = notices.filter((notice) => notice.paymentId === paymentId);
    if (found.length >= count) return found;
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}

providerContract(() => provider, {
  approved,
  declined: '4000000000009995',
  captureRefused: '4000000000030003',
  refundRefused: '4000000000050002',
  unknown: '4000000000000000',
});

describe('nodes', () => {
  test('share their payments and keys', async () => {
    const asked = order(approved);
    const started = await provider.start(asked);
    expect(await other.start(asked)).toEqual(started);
    const call = { idempotencyKey: key(), paymentId: started.paymentId };
    await provider.authorise(call);
    expect((await other.authorise(call)).state).toBe('authorised');
  });

  test('that start the same payment at once make one', async () => {
    const asked = order(approved);
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 ? provider : other).start(asked)),
    );
    expect(new Set(all.map(({ paymentId }) => paymentId)).size).toBe(1);
    const rows = await database.sql('select from simulated_payments where hold_id = $1', [
      asked.reference.holdId,
    ]);
    expect(rows).toHaveLength(1);
  });

  test('that refund a part under one key at once refund it once', async () => {
    const paymentId = await paid(provider, approved, 'captured');
    const part = { idempotencyKey: key(), paymentId, amountCents: 1000 };
    const all = await Promise.all(
      Array.from({ length: 8 }, (_, i) => (i % 2 ? provider : other).refund(part)),
    );
    expect(all.map(({ refundedCents }) => refundedCents)).toEqual(Array(8).fill(1000));
  });

  test('that refund parts under many keys never give back more than was taken', async () => {
    const paymentId = await paid(provider, approved, 'captured');
    const parts = Array.from({ length: 6 }, (_, i) =>
      (i % 2 ? provider : other).refund({ idempotencyKey: key(), paymentId, amountCents: 1000 }),
    );
    const ended = await Promise.allSettled(parts);
    expect(ended.filter(({ status }) => status === 'fulfilled')).toHaveLength(4);
    expect(await provider.find(paymentId)).toMatchObject({ state: 'captured', refundedCents: 4000 });
  });

  test('of which one captures and the other voids agree on one of the two', async () => {
    const paymentId = await paid(provider, approved, 'authorised');
    const ended = await Promise.allSettled([
      provider.capture({ idempotencyKey: key(), paymentId }),
      other.void({ idempotencyKey: key(), paymentId }),
    ]);
    const [won] = ended.filter((each) => each.status === 'fulfilled');
    expect(ended.filter(({ status }) => status === 'rejected')).toHaveLength(1);
    expect(await provider.find(paymentId)).toEqual(won?.value);
  });
});

describe('test cards', () => {
  test.each(testCards.filter((card) => card.decline))('$number: $about', async ({ number, decline }) => {
    const { paymentId } = await provider.start(order(number));
    const answer = await provider.authorise({ idempotencyKey: key(), paymentId });
    expect(answer).toMatchObject({ state: 'declined', code: decline });
  });

  test('a buyer is not told that a card is stolen', async () => {
    const { paymentId } = await provider.start(order('4000000000009979'));
    expect(await provider.authorise({ idempotencyKey: key(), paymentId })).toMatchObject({
      reason: 'The card was declined. Try another one.',
    });
  });

  test('authorised, but the first answer never comes', async () => {
    const paymentId = await paid(provider, '4000000000020002', 'created');
    const call = { idempotencyKey: key(), paymentId };
    expect((await noOutcome(provider.authorise(call))).reason).toBe('time-out');
    expect((await other.find(paymentId))?.state).toBe('authorised');
    expect((await provider.authorise(call)).state).toBe('authorised');
  });

  test('the first requests to authorise are lost', async () => {
    const paymentId = await paid(provider, '4000000000020003:2', 'created');
    const call = { idempotencyKey: key(), paymentId };
    for (const node of [provider, other]) {
      expect((await noOutcome(node.authorise(call))).reason).toBe('time-out');
      expect((await node.find(paymentId))?.state).toBe('created');
    }
    expect((await provider.authorise(call)).state).toBe('authorised');
  });

  test('every request to authorise is lost, and the payment can be voided', async () => {
    const paymentId = await paid(provider, '4000000000020004', 'created');
    for (let i = 0; i < 4; i++) await noOutcome(provider.authorise({ idempotencyKey: key(), paymentId }));
    expect((await provider.void({ idempotencyKey: key(), paymentId })).state).toBe('voided');
  });

  test('slow: whoever gives up does not know, and nothing was done', async () => {
    const paymentId = await paid(provider, '4000000000020001:60000', 'created');
    const call = provider.authorise({ idempotencyKey: key(), paymentId }, AbortSignal.timeout(10));
    expect((await noOutcome(call)).reason).toBe('time-out');
    expect((await provider.find(paymentId))?.state).toBe('created');
  });

  test('slow: whoever waits gets it', async () => {
    const paymentId = await paid(provider, '4000000000020001:30', 'created');
    expect((await provider.authorise({ idempotencyKey: key(), paymentId })).state).toBe('authorised');
  });

  test('told twice more', async () => {
    const asked = order('4000000000020005');
    const { paymentId } = await provider.start(asked);
    expect((await provider.authorise({ idempotencyKey: key(), paymentId })).state).toBe('authorised');
    const notice = { paymentId, holdId: asked.reference.holdId, state: 'authorised' };
    expect(await noticed(paymentId, 2)).toEqual([notice, notice]);
  });

  test.each([
    ['4000000000020006:1000', 'authorised'],
    ['4000000000020007:1000', 'declined'],
  ])('pending, then by itself: %s is %s', async (number, state) => {
    const { paymentId } = await provider.start(order(number));
    const call = { idempotencyKey: key(), paymentId };
    expect((await provider.authorise(call)).state).toBe('pending');
    expect(await noticed(paymentId, 1)).toMatchObject([{ state }]);
    // The other node was told nothing, and sees it all the same.
    expect((await other.find(paymentId))?.state).toBe(state);
    expect((await other.authorise(call)).state).toBe(state);
  });

  test('pending ends nowhere but in the void that was asked for meanwhile', async () => {
    const { paymentId } = await provider.start(order('4000000000020006:40'));
    await provider.authorise({ idempotencyKey: key(), paymentId });
    await provider.void({ idempotencyKey: key(), paymentId });
    expect(await noticed(paymentId, 1)).toMatchObject([{ state: 'voided' }]);
    expect((await refusal(provider.capture({ idempotencyKey: key(), paymentId }))).code).toBe('wrong-state');
  });

  test.each([
    ['4000000000030001', 'capture', 'captured'],
    ['4000000000050001', 'refund', 'refunded'],
    ['4000000000040001', 'void', 'voided'],
  ] as const)('%s: %s fails twice and is %s then', async (number, call, state) => {
    const paymentId = await paid(provider, number, call === 'refund' ? 'captured' : 'authorised');
    const before = await provider.find(paymentId);
    const request = { idempotencyKey: key(), paymentId };
    for (const node of [provider, other]) {
      expect((await noOutcome(node[call](request))).reason).toBe('provider-error');
      expect(await node.find(paymentId)).toEqual(before);
    }
    expect((await provider[call](request)).state).toBe(state);
  });

  test.each([
    ['4000000000030004', 'capture', 'captured'],
    ['4000000000050003', 'refund', 'refunded'],
    ['4000000000040002', 'void', 'voided'],
  ] as const)('%s: %s is done, but its first answer never comes', async (number, call, state) => {
    const paymentId = await paid(provider, number, call === 'refund' ? 'captured' : 'authorised');
    const request = { idempotencyKey: key(), paymentId };
    expect((await noOutcome(provider[call](request))).reason).toBe('time-out');
    expect((await other.find(paymentId))?.state).toBe(state);
    expect((await provider[call](request)).state).toBe(state);
  });

  test('capture fails for ever, and the payment can be voided', async () => {
    const paymentId = await paid(provider, '4000000000030002', 'authorised');
    for (let i = 0; i < 4; i++) await noOutcome(provider.capture({ idempotencyKey: key(), paymentId }));
    expect((await provider.void({ idempotencyKey: key(), paymentId })).state).toBe('voided');
  });

  test('numbers may have spaces, and a number of their own only where the card has one', () => {
    expect(testCard('4242 4242 4242 4242')?.number).toBe(approved);
    expect(testCard(`${approved}:7`)).toEqual(testCard(approved));
    expect(testCard('4000000000030001:7')?.fault?.times).toBe(7);
    expect(testCard('4242424242424242x')).toBeUndefined();
    expect(new Set(testCards.map(({ number }) => number)).size).toBe(testCards.length);
  });
});

describe('the ledger', () => {
  test('knows every charge that belongs to no booking', async () => {
    await database.sql('truncate simulated_payments, simulated_payment_calls');
    const [userId, planId, eventId, bookingId] = [newId(), newId(), newId(), newId()];
    await database.sql(`insert into users values ($1, 'a@example.com', 'A', 'none', 'user', null, now())`, [
      userId,
    ]);
    await database.sql(`insert into seating_plans values ($1, $2, 'Hall', 1, '[]', '{}', now())`, [
      planId,
      userId,
    ]);
    await database.sql(
      `insert into events values ($1, $2, $3, 'T', '', '', now(), now() + interval '1 hour', 'UTC', 'published',
        now(), 'EUR', '{}', '{}', 1, now(), now())`,
      [eventId, userId, planId],
    );
    const holdId = newHoldId();
    await database.sql(
      `insert into bookings (id, event_id, user_id, hold_id, status, total_cents, currency, created_at)
       values ($1, $2, $3, $4, 'confirmed', 4500, 'EUR', now())`,
      [bookingId, eventId, userId, holdId],
    );
    const charge = async (hold: string, method = approved) => {
      const { paymentId } = await provider.start({
        ...order(method),
        reference: { ...reference(), holdId: hold },
      });
      await provider.authorise({ idempotencyKey: key(), paymentId });
      return paymentId;
    };

    await charge(holdId);
    await charge(newHoldId(), '4000000000000002');
    await provider.start(order(approved));
    expect(await orphanedPayments(database.db)).toEqual([]);

    const unbooked = await charge(newHoldId());
    const twice = await charge(holdId);
    const later = await charge(newHoldId(), '4000000000020006:1');
    await noticed(later, 1);
    const ids = async () => (await orphanedPayments(database.db)).map(({ id }) => id);
    expect(await ids()).toEqual([unbooked, twice, later].sort());
    expect(await orphanedPayments(database.db, 60_000)).toEqual([]);

    await provider.void({ idempotencyKey: key(), paymentId: unbooked });
    await provider.void({ idempotencyKey: key(), paymentId: later });
    await provider.capture({ idempotencyKey: key(), paymentId: twice });
    expect(await ids()).toEqual([twice]);
    await provider.refund({ idempotencyKey: key(), paymentId: twice });
    expect(await ids()).toEqual([]);
  });

  test('keeps what each call moved', async () => {
    const paymentId = await paid(provider, approved, 'captured');
    await provider.refund({ idempotencyKey: key(), paymentId, amountCents: 500 });
    const calls = await database.sql(
      'select operation, amount_cents::int from simulated_payment_calls where payment_id = $1 order by at',
      [paymentId],
    );
    expect(calls).toEqual([
      { operation: 'start', amount_cents: 4500 },
      { operation: 'authorise', amount_cents: 4500 },
      { operation: 'capture', amount_cents: 4500 },
      { operation: 'refund', amount_cents: 500 },
    ]);
  });

  test('that is away leaves every call without an outcome', async () => {
    const db = await database.again();
    const away = new SimulatedProvider(new SimulatedLedger({ ...db, run: () => Promise.reject(outage()) }));
    expect((await noOutcome(away.start(order(approved)))).reason).toBe('network');
    expect((await noOutcome(away.find('sim_1'))).reason).toBe('network');
  });
});

/** What `pg` says of a server that is shutting down. */
const outage = () => Object.assign(new Error('terminating connection'), { code: '57P01' });
