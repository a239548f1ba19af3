/** What the tests of payments share: quick hubs, buyers who pay, and the books that have to balance. */
import { expect } from 'vitest';
import type { Config } from '../../../src/config.ts';
import type { BookingsCheckoutReply, Saga } from '../../../src/contracts.gen.ts';
import type { HoldRules } from '../../../src/database/entities.ts';
import type { Guard } from '../../../src/payments/guarded.ts';
import type { SagaTimings } from '../../../src/payments/saga-timings.ts';
import { orphanedPayments } from '../../../src/payments/simulated-ledger.ts';
import { requestId, type TestClient, until } from '../../support/client.ts';
import type { TestHubs } from '../../support/hub.ts';
import { node } from '../support.ts';

/** The test cards, by what they do. */
export const cards = {
  good: '4242424242424242',
  /** Pending for ever, unless it is settled: then approved. */
  pending: '4000000000020008',
  declined: '4000000000000002',
  captureFails: '4000000000030001',
  captureFailsForEver: '4000000000030002',
  captureRefused: '4000000000030003',
  captureUnanswered: '4000000000030004',
  voidFails: '4000000000040001',
  refundFails: '4000000000050001',
  refundRefused: '4000000000050002',
} as const;

/** Half an hour of patience in a second; the hub never books for a buyer unless it is told to. */
export function quick(sagas: Partial<SagaTimings> = {}, guard: Partial<Guard> = {}): Partial<Config> {
  const timings = { pollMs: 50, leaseMs: 5000, attempts: 4, firstPauseMs: 10, longestPauseMs: 50 };
  const calm = { attemptMs: 700, retries: 0, pauseMs: 1, sampleAtLeast: 1000, sample: 1000 };
  return {
    patience: {
      sagas: { ...timings, bookAfterMs: 600_000, lookEveryMs: 100, ...sagas },
      guard: { ...calm, ...guard },
    },
  };
}

/** An event that is paid online. */
export const paidEvent = (hubs: TestHubs, rules: Partial<HoldRules> = {}): Promise<string> =>
  hubs.event({ rules: { payment: 'online', ...rules } });

export const checkout = (
  client: TestClient,
  eventId: string,
  holdId: string,
  method?: string,
): Promise<BookingsCheckoutReply> =>
  client.request('bookings:checkout', {
    eventId,
    holdId,
    ...(method === undefined ? {} : { method }),
    requestId: requestId(),
  });

/** Holds seats and pays for them, as far as the card lets it. */
export async function pay(client: TestClient, eventId: string, seats: number[], method: string = cards.good) {
  const { holdId } = await client.hold(eventId, seats);
  return { holdId, ...(await checkout(client, eventId, holdId, method)) };
}

/** Holds seats, pays for them and books them. */
export async function buy(client: TestClient, eventId: string, seats: number[], method?: string) {
  const { holdId } = await pay(client, eventId, seats, method);
  return client.confirm(eventId, holdId);
}

export interface SagaState {
  state: Saga['state'];
  reason: string;
  booking_id: string | null;
  payment_id: string | null;
  refunded_cents: number;
  /** In order, as "capture dead". */
  steps: string[];
}

export async function sagaOf(hubs: TestHubs, holdId: string): Promise<SagaState> {
  const [found] = await hubs.sql<SagaState>(
    `select state, reason, booking_id, payment_id, refunded_cents::integer as refunded_cents,
       (select json_agg(kind || ' ' || s.state order by id) from saga_steps s where s.hold_id = sagas.hold_id) as steps
     from sagas where hold_id = $1`,
    [holdId],
  );
  if (!found) throw new Error(`there is no payment of ${holdId}`);
  return found;
}

export async function untilSaga(hubs: TestHubs, holdId: string, state: Saga['state']): Promise<void> {
  let last: SagaState | undefined;
  const isThere = async () => {
    last = await sagaOf(hubs, holdId);
    return last.state === state;
  };
  await until(isThere, `the payment to be ${state}`).catch((error: Error) => {
    throw new Error(`${error.message}: it is ${JSON.stringify(last)}`);
  });
}

/** Resolves once a step of this kind was put aside. */
export const untilDead = (hubs: TestHubs, holdId: string, kind: string): Promise<void> =>
  until(async () => (await sagaOf(hubs, holdId)).steps.includes(`${kind} dead`), `a dead ${kind}`);

/** Money that the provider moved for a hold: "capture 5000", in order. */
export async function moved(hubs: TestHubs, holdId: string): Promise<string[]> {
  const rows = await hubs.sql<{ move: string }>(
    `select operation || ' ' || calls.amount_cents as move
     from simulated_payment_calls calls join simulated_payments on id = payment_id
     where hold_id = $1 and calls.amount_cents > 0 and operation <> 'start' order by at`,
    [holdId],
  );
  return rows.map((row) => row.move);
}

/** Ends the time of a hold now, and resolves when it is gone. */
export async function lapse(hubs: TestHubs, eventId: string, holdId: string): Promise<void> {
  const { keys, links } = node(hubs);
  const [, holds = '', expiry = ''] = keys.event(eventId);
  const text = (await links.commands.hget(holds, holdId)) ?? '';
  await links.commands.hset(holds, holdId, text.replace(/^(\w\|[^|]*\|)\d+/, '$11'));
  await links.commands.zadd(expiry, 1, holdId);
  await until(async () => (await links.commands.hexists(holds, holdId)) === 0, 'the hold to run out');
}

/** Lets the bank decide about a pending payment now. */
export async function settle(hubs: TestHubs, holdId: string): Promise<void> {
  await hubs.sql(
    "update simulated_payments set settles_at = now() where hold_id = $1 and state = 'pending'",
    [holdId],
  );
}

/** The letters of the map, once they are so. */
export async function untilMap(hubs: TestHubs, eventId: string, letters: string): Promise<void> {
  const hub = node(hubs);
  const [seats = ''] = hub.keys.event(eventId);
  await until(
    async () => (await hub.links.commands.get(seats))?.startsWith(letters) ?? false,
    `a map that begins with ${letters}`,
  );
}

interface Line {
  hold_id: string;
  ledger: string;
  /** What is charged and was not given back, in cents. */
  kept: number;
  /** What the seats cost that are booked for it. */
  owed: number;
  /** null: another payment took its place. */
  saga: string | null;
  refunded: boolean | null;
}

/**
 * Waits until every payment has come to rest, and compares the provider's books with ours: what was charged
 * and not given back is what the seats that are booked cost, to the cent, and every state agrees.
 */
export async function expectBalanced(hubs: TestHubs): Promise<void> {
  // A declined payment is only let go of when nobody can want it any more.
  const busy = `select hold_id, kind, step.state from saga_steps step join sagas using (hold_id)
    where step.state = 'dead' or (step.state = 'due' and not (kind = 'void' and sagas.state = 'declined'))`;
  let restless: unknown[] = [];
  const isAtRest = async () => {
    restless = await hubs.sql(busy);
    return restless.length === 0;
  };
  await until(isAtRest, 'the payments to come to rest', 15_000).catch((error: Error) => {
    throw new Error(`${error.message}: ${JSON.stringify(restless)}`);
  });
  const lines = await hubs.sql<Line>(`
    select p.hold_id, sagas.state as saga,
      case when p.state = 'pending' and settles_at <= now() then settles_as else p.state end as ledger, sagas.refunded_cents = p.refunded_cents as refunded,
      case when p.state in ('captured', 'refunded') then p.amount_cents - p.refunded_cents else 0 end::integer as kept,
      case when sagas.hold_id is null then 0 else coalesce((
        select sum(price_cents) from bookings join booking_seats on booking_id = bookings.id and active
        where bookings.hold_id = p.hold_id
      ), 0) end::integer as owed
    from simulated_payments p left join sagas on sagas.payment_id = p.id`);
  for (const line of lines) {
    const { ledger, saga } = line;
    expect(line, JSON.stringify(line)).toMatchObject({
      kept: line.owed,
      saga: saga && ledger,
      refunded: saga && true,
    });
    const ends = saga ? ['captured', 'refunded', 'voided', 'declined'] : ['voided', 'declined', 'created'];
    expect(ends, JSON.stringify(line)).toContain(ledger);
  }
  expect(await orphanedPayments(node(hubs).engine.db)).toEqual([]);
  const unpaid = await hubs.sql(`
    select bookings.id from bookings join events on events.id = event_id
    where rules ->> 'payment' = 'online' and bookings.status = 'confirmed' and total_cents > 0
      and not exists (select from simulated_payments p where p.hold_id = bookings.hold_id and p.state = 'captured')`);
  expect(unpaid).toEqual([]);
}
