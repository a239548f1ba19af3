/** What is looked at once more when everything is long over: a "no" stays one, and the money is where it belongs. */
import { tellFinding } from './checks/evidence.ts';
import { checkPayments, type Payment } from './checks/payments.ts';
import { checkSets } from './checks/sets.ts';
import { readBookings } from './crowd/rest.ts';
import type { RoundResult } from './round.ts';
import type { Stage } from './stage/stage.ts';
import { became } from './stage/wait.ts';

/** A step of a payment belongs to one node for a minute, also when that node has died. */
const settledWithinMs = 100_000;

/** @returns a sentence for each violation */
export async function checkAfterwards(stage: Stage, results: readonly RoundResult[]): Promise<string[]> {
  const sentences: string[] = [];
  const paid = results.filter(({ isPaid }) => isPaid).map(({ eventId }) => eventId);
  if (
    paid.length > 0 &&
    !(await became(async () => (await openSteps(stage, paid)).length === 0, settledWithinMs))
  ) {
    const steps = await openSteps(stage, paid);
    sentences.push(
      `${steps.length} steps of payments are not done after ${settledWithinMs / 1000} s:`,
      ...steps,
    );
  }
  for (const { fault, seed, eventId, isPaid, evidence, findings } of results) {
    const bookings = await readBookings(stage, eventId);
    const known = new Set(findings.map(({ sentence }) => sentence));
    const found = checkSets({ ...evidence, rest: { ...evidence.rest, bookings } })
      .filter(({ sentence }) => !known.has(sentence))
      .map(tellFinding);
    // What was cancelled in part was paid back in part.
    const costs = bookings.map(({ holdId, status, activeCents }) => ({
      holdId,
      status,
      totalCents: activeCents,
    }));
    if (isPaid) found.push(...checkPayments(await readPayments(stage, eventId), costs));
    sentences.push(...found.map((sentence) => `${fault.id} seed ${seed}, afterwards: ${sentence}`));
  }
  return sentences;
}

/** A line each, for people. */
async function openSteps(stage: Stage, eventIds: string[]): Promise<string[]> {
  const rows = await stage.postgres.query<{ text: string }>(
    `select format('  %s of hold %s (%s), asked %s times, due in %s s: %s', step.kind, step.hold_id, saga.state,
       step.attempts, round(extract(epoch from step.due_at - now())), step.reason) as text
     from saga_steps step join sagas saga using (hold_id)
     where step.state = 'due' and saga.event_id = any($1)
       -- What was declined is let go of only after minutes: no money is in it.
       and not (step.kind = 'void' and saga.state = 'declined')`,
    [eventIds],
  );
  return rows.map(({ text }) => text);
}

const statuses: Record<string, Payment['status']> = {
  authorised: 'authorized',
  captured: 'captured',
  refunded: 'refunded',
  voided: 'voided',
};

/** From the books of the simulated provider, not from ours. */
async function readPayments(stage: Stage, eventId: string): Promise<Payment[]> {
  const rows = await stage.postgres.query<{ id: string; hold_id: string; state: string; cents: string }>(
    `select id, hold_id, state, amount_cents - refunded_cents as cents from simulated_payments where event_id = $1`,
    [eventId],
  );
  return rows.map(({ id, hold_id: holdId, state, cents }) => ({
    id,
    holdId,
    amountCents: Number(cents),
    status: statuses[state] ?? 'failed',
  }));
}
