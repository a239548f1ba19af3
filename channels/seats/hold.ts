import { defineMessage, signedIn } from '../../src/channel.ts';
import { fingerprint, newHoldId } from '../../src/ids.ts';
import { holdSeats } from '../../src/redis/scripts/hold-seats.ts';
import { expectHeld, holdView, openSale } from '../../src/seats/holds.ts';

export default defineMessage('seats:hold', {
  access: signedIn,
  async handle({ engine, session, request, by }) {
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
      by,
    );
    return { hold: holdView(card, expectHeld(answer)), epoch, position };
  },
});
