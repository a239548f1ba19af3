import { defineMessage, signedIn } from '../../src/channel.ts';
import { fingerprint } from '../../src/ids.ts';
import { releaseSeats } from '../../src/redis/scripts/release-seats.ts';
import { holdView, knownEvent, refusals } from '../../src/seats/holds.ts';

export default defineMessage('seats:release', {
  access: signedIn,
  async handle({ engine, session, request, by, fail }) {
    const { eventId, holdId, seats = [], requestId } = request;
    const card = await knownEvent(engine, eventId);
    const { answer, epoch, position } = await engine.inventory.run(
      releaseSeats,
      card.id,
      {
        owner: session.userId,
        requestId,
        fingerprint: fingerprint('release', holdId, seats),
        holdId,
        seats,
      },
      by,
    );
    switch (answer.status) {
      case 'released':
        // Whoever gives up what is being paid for wants the money back, not the seats once it comes.
        if (answer.wasBeingPaid && (await engine.sagas.giveUp(card.id, holdId)) === 'booked') {
          return fail('hold-confirming');
        }
        return { hold: answer.seats.length > 0 ? holdView(card, answer) : null, epoch, position };
      case 'unknown-seats':
        return fail('seats-unknown', { seats: answer.seats, count: answer.count });
      default:
        return fail(refusals[answer.status]);
    }
  },
});
