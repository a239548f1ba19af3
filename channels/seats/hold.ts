import { defineMessage, signedIn } from '../../src/channel.ts';
import { fingerprint, newHoldId } from '../../src/ids.ts';
import { holdSeats } from '../../src/redis/scripts/hold-seats.ts';
import { holdView, openSale, refusals } from '../../src/seats/holds.ts';

export default defineMessage('seats:hold', {
  access: signedIn,
  async handle({ engine, session, request, fail }) {
    const { eventId, seats, holdId: into, requestId } = request;
    const card = await openSale(engine, eventId);
    const { answer, epoch, position } = await engine.inventory.run(
      holdSeats,
      card.id,
      {
        owner: session.userId,
        requestId,
        fingerprint: fingerprint('hold', seats, into),
        holdId: newHoldId(),
        into,
        seats,
      },
      { userId: session.userId, sessionId: session.id, requestId },
    );
    switch (answer.status) {
      case 'held':
        return { hold: holdView(card, answer), epoch, position };
      case 'taken':
        return fail('seats-taken', { seats: answer.seats });
      case 'unknown-seats':
        return fail('seats-unknown', { seats: answer.seats, count: answer.count });
      case 'seats-per-hold':
        return fail('seats-per-hold', { allowed: answer.allowed });
      case 'seats-per-buyer':
        return fail('seats-per-buyer', { allowed: answer.allowed, left: answer.left });
      default:
        return fail(refusals[answer.status]);
    }
  },
});
