import { defineMessage, signedIn } from '../../src/channel.ts';
import { beginPayment } from '../../src/redis/scripts/begin-payment.ts';
import { holdView, onSale, refusals } from '../../src/seats/holds.ts';

export default defineMessage('bookings:checkout', {
  access: signedIn,
  async handle({ engine, session, request, fail }) {
    const { eventId, holdId, method } = request;
    const card = await onSale(engine, eventId);
    if (card.rules.payment !== 'online') return fail('payment-not-needed');
    // Before the hold gets its time to pay: it has that only once.
    if (!engine.sagas.available) return fail('payment-unavailable');
    const owner = session.userId;
    const { answer } = await engine.inventory.run(beginPayment, eventId, {
      owner,
      holdId,
      payingMs: card.rules.payingMs,
    });
    if (answer.status !== 'paying') return fail(refusals[answer.status]);
    const hold = holdView(card, answer);
    if (hold.totalCents === 0) return fail('payment-not-needed');
    return { hold, payment: await engine.sagas.start(card, session, hold, method) };
  },
});
