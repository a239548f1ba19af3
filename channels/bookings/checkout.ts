import { defineMessage, signedIn } from '../../src/channel.ts';
import { type EventCard, priceOf } from '../../src/events/events.ts';
import type { Engine } from '../../src/hub.ts';
import { beginPayment } from '../../src/redis/scripts/begin-payment.ts';
import { readHold } from '../../src/redis/scripts/read-hold.ts';
import { holdView, onSale, refusals } from '../../src/seats/holds.ts';

/** Unknown holds do: the script that follows says what they are. */
async function costsMoney(engine: Engine, card: EventCard, owner: string, holdId: string): Promise<boolean> {
  const { answer } = await engine.inventory.run(readHold, card.id, { holdId });
  if (answer.status !== 'hold' || answer.owner !== owner) return true;
  return answer.seats.some((seat) => priceOf(card, seat) > 0);
}

export default defineMessage('bookings:checkout', {
  access: signedIn,
  async handle({ engine, session, request, by, fail }) {
    const { eventId, holdId, method } = request;
    const card = await onSale(engine, eventId);
    if (card.rules.payment !== 'online') return fail('payment-not-needed');
    // Before the hold gets its time to pay: it has that only once.
    if (!engine.sagas.available) return fail('payment-unavailable');
    const owner = session.userId;
    if (!(await costsMoney(engine, card, owner, holdId))) return fail('payment-not-needed');
    const { answer } = await engine.inventory.run(
      beginPayment,
      eventId,
      {
        owner,
        holdId,
        payingMs: card.rules.payingMs,
      },
      by,
    );
    if (answer.status !== 'paying') return fail(refusals[answer.status]);
    const hold = holdView(card, answer);
    return { hold, payment: await engine.sagas.start(card, session, hold, method) };
  },
});
