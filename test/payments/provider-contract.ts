/** What every provider must do, tried on each of them. */
import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type Payment,
  PaymentDeclined,
  type PaymentProvider,
  type PaymentReference,
  PaymentUnavailable,
  type StartRequest,
} from '../../src/payments/provider.ts';

export interface Methods {
  approved: string;
  /** Not enough money. */
  declined: string;
  captureRefused: string;
  refundRefused: string;
  unknown: string;
}

export const key = (): string => randomUUID();
export const reference = (): PaymentReference => ({ holdId: key(), eventId: key(), userId: key() });
export const order = (method?: string): StartRequest => ({
  idempotencyKey: key(),
  amountCents: 4500,
  currency: 'EUR',
  reference: reference(),
  ...(method === undefined ? {} : { method }),
});

/** How a call was refused; fails if it was not. */
export async function refusal(call: Promise<unknown>): Promise<PaymentDeclined> {
  const error = await call.then(
    (answer) => answer,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(PaymentDeclined);
  return error as PaymentDeclined;
}

/** Why a call has no outcome; fails if it has one. */
export async function noOutcome(call: Promise<unknown>): Promise<PaymentUnavailable> {
  const error = await call.then(
    (answer) => answer,
    (reason) => reason,
  );
  expect(error).toBeInstanceOf(PaymentUnavailable);
  return error as PaymentUnavailable;
}

/** A payment that has come as far as asked for. */
export async function paid(
  provider: PaymentProvider,
  method: string,
  until: 'created' | 'authorised' | 'captured',
): Promise<string> {
  const { paymentId } = await provider.start(order(method));
  if (until !== 'created') await provider.authorise({ idempotencyKey: key(), paymentId });
  if (until === 'captured') await provider.capture({ idempotencyKey: key(), paymentId });
  return paymentId;
}

export function providerContract(given: () => PaymentProvider, methods: Methods): void {
  const stateOf = async (paymentId: string): Promise<Payment['state'] | undefined> =>
    (await given().find(paymentId))?.state;

  describe('from start to end', () => {
    test('a payment is started without moving money, authorised, captured and refunded', async () => {
      const provider = given();
      const asked = order(methods.approved);
      const started = await provider.start(asked);
      const { paymentId } = started;
      const facts = { paymentId, amountCents: 4500, currency: 'EUR', reference: asked.reference };
      expect(started).toEqual({ ...facts, state: 'created' });
      expect(await provider.find(paymentId)).toEqual(started);

      const authorised = await provider.authorise({ idempotencyKey: key(), paymentId });
      expect(authorised).toEqual({ ...facts, state: 'authorised' });
      const captured = await provider.capture({ idempotencyKey: key(), paymentId });
      expect(captured).toEqual({ ...facts, state: 'captured', refundedCents: 0 });
      const refunded = await provider.refund({ idempotencyKey: key(), paymentId });
      expect(refunded).toEqual({ ...facts, state: 'refunded', refundedCents: 4500 });
      expect(await provider.find(paymentId)).toEqual(refunded);
    });

    test.each(['created', 'authorised'] as const)(
      'what is %s can be voided, and is dead then',
      async (until) => {
        const provider = given();
        const paymentId = await paid(provider, methods.approved, until);
        expect((await provider.void({ idempotencyKey: key(), paymentId })).state).toBe('voided');
        for (const call of [
          () => provider.authorise({ idempotencyKey: key(), paymentId }),
          () => provider.capture({ idempotencyKey: key(), paymentId }),
          () => provider.refund({ idempotencyKey: key(), paymentId }),
        ]) {
          const { code, payment } = await refusal(call());
          expect([code, payment?.state]).toEqual(['wrong-state', 'voided']);
        }
        expect(await stateOf(paymentId)).toBe('voided');
      },
    );

    test('a bank that says no is an answer, and another method may do', async () => {
      const provider = given();
      const { paymentId } = await provider.start(order(methods.declined));
      const declined = await provider.authorise({ idempotencyKey: key(), paymentId });
      expect(declined).toMatchObject({ state: 'declined', code: 'insufficient-funds' });
      expect(await provider.find(paymentId)).toEqual(declined);
      expect((await refusal(provider.capture({ idempotencyKey: key(), paymentId }))).code).toBe(
        'wrong-state',
      );

      const again = await provider.authorise({ idempotencyKey: key(), paymentId, method: methods.approved });
      expect(again.state).toBe('authorised');
    });

    test('without a method it waits for the buyer', async () => {
      const provider = given();
      const started = await provider.start(order());
      const { paymentId } = started;
      expect(started).toMatchObject({ state: 'pending', action: { kind: 'client-secret' } });
      expect((await provider.authorise({ idempotencyKey: key(), paymentId })).state).toBe('pending');
      expect((await provider.void({ idempotencyKey: key(), paymentId })).state).toBe('voided');
    });

    test('a part can be refunded, but never more than was taken', async () => {
      const provider = given();
      const paymentId = await paid(provider, methods.approved, 'captured');
      const part = { idempotencyKey: key(), paymentId, amountCents: 1500 };
      expect(await provider.refund(part)).toMatchObject({ state: 'captured', refundedCents: 1500 });
      const more = { idempotencyKey: key(), paymentId, amountCents: 3001 };
      expect((await refusal(provider.refund(more))).code).toBe('amount-invalid');
      const rest = await provider.refund({ idempotencyKey: key(), paymentId });
      expect(rest).toMatchObject({ state: 'refunded', refundedCents: 4500 });
    });
  });

  describe('done once', () => {
    test('a start that is repeated is the same payment, as it is by now', async () => {
      const provider = given();
      const asked = order(methods.approved);
      const { paymentId } = await provider.start(asked);
      await provider.authorise({ idempotencyKey: key(), paymentId });
      expect(await provider.start(asked)).toMatchObject({ paymentId, state: 'authorised' });
    });

    test('every call may be repeated under its key', async () => {
      const provider = given();
      const paymentId = await paid(provider, methods.approved, 'created');
      const [authorise, capture, refund] = [key(), key(), key()];
      for (let i = 0; i < 2; i++)
        expect((await provider.authorise({ idempotencyKey: authorise, paymentId })).state).toBe('authorised');
      for (let i = 0; i < 2; i++)
        expect((await provider.capture({ idempotencyKey: capture, paymentId })).state).toBe('captured');
      for (let i = 0; i < 2; i++)
        expect(await provider.refund({ idempotencyKey: refund, paymentId, amountCents: 1000 })).toMatchObject(
          {
            state: 'captured',
            refundedCents: 1000,
          },
        );
    });

    test('what is done already is no error under another key', async () => {
      const provider = given();
      const taken = await paid(provider, methods.approved, 'captured');
      expect((await provider.capture({ idempotencyKey: key(), paymentId: taken })).state).toBe('captured');
      for (let i = 0; i < 2; i++)
        expect((await provider.refund({ idempotencyKey: key(), paymentId: taken })).state).toBe('refunded');
      const dropped = await paid(provider, methods.approved, 'authorised');
      for (let i = 0; i < 2; i++)
        expect((await provider.void({ idempotencyKey: key(), paymentId: dropped })).state).toBe('voided');
    });

    test('a call that was too early can be made again under the same key', async () => {
      const provider = given();
      const paymentId = await paid(provider, methods.approved, 'created');
      const capture = { idempotencyKey: key(), paymentId };
      const { code, payment } = await refusal(provider.capture(capture));
      expect([code, payment?.state]).toEqual(['wrong-state', 'created']);
      await provider.authorise({ idempotencyKey: key(), paymentId });
      expect((await provider.capture(capture)).state).toBe('captured');
    });

    test('a key is good for one call only', async () => {
      const provider = given();
      const asked = order(methods.approved);
      await provider.start(asked);
      expect((await refusal(provider.start({ ...asked, amountCents: 9900 }))).code).toBe('key-reused');
    });
  });

  describe('refused', () => {
    test('money that was taken cannot be voided', async () => {
      const paymentId = await paid(given(), methods.approved, 'captured');
      const { code, payment } = await refusal(given().void({ idempotencyKey: key(), paymentId }));
      expect([code, payment?.state]).toEqual(['wrong-state', 'captured']);
    });

    test('a capture the bank refuses leaves the amount set aside, to be voided', async () => {
      const provider = given();
      const paymentId = await paid(provider, methods.captureRefused, 'authorised');
      for (let i = 0; i < 2; i++) {
        const call = provider.capture({ idempotencyKey: key(), paymentId });
        expect((await refusal(call)).code).toBe('capture-refused');
      }
      expect((await provider.void({ idempotencyKey: key(), paymentId })).state).toBe('voided');
    });

    test('a refund that is refused leaves the money taken', async () => {
      const paymentId = await paid(given(), methods.refundRefused, 'captured');
      const call = given().refund({ idempotencyKey: key(), paymentId });
      expect((await refusal(call)).code).toBe('refund-refused');
      expect(await given().find(paymentId)).toMatchObject({ state: 'captured', refundedCents: 0 });
    });

    test('methods and payments that nobody knows', async () => {
      const provider = given();
      const [paymentId, idempotencyKey] = ['pi_nobody', key()];
      expect((await refusal(provider.start(order(methods.unknown)))).code).toBe('method-unknown');
      expect((await refusal(provider.authorise({ idempotencyKey, paymentId }))).code).toBe(
        'payment-not-found',
      );
      expect((await refusal(provider.void({ idempotencyKey: key(), paymentId }))).code).toBe(
        'payment-not-found',
      );
      expect(await provider.find(paymentId)).toBeUndefined();
    });

    test.each([0, -1, 1.5])('an amount of %d', async (amountCents) => {
      const call = given().start({ ...order(methods.approved), amountCents });
      expect((await refusal(call)).code).toBe('amount-invalid');
    });
  });
}
