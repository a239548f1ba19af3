import { defineMessage, signedIn } from '../../src/channel.ts';
import { fingerprint } from '../../src/ids.ts';
import { acceptOffer } from '../../src/redis/scripts/accept-offer.ts';
import { holdView, onSale } from '../../src/seats/holds.ts';
import { actorText } from '../../src/waitlist/waitlist.ts';

export default defineMessage('waitlist:accept', {
  access: signedIn,
  async handle({ engine, session, request, by, fail }) {
    const { eventId, holdId, requestId } = request;
    const card = await onSale(engine, eventId);
    const { answer, epoch, position } = await engine.inventory.run(
      acceptOffer,
      eventId,
      {
        owner: session.userId,
        requestId,
        fingerprint: fingerprint('accept', holdId),
        holdId,
        actor: actorText(by),
      },
      by,
    );
    switch (answer.status) {
      case 'accepted':
        return { hold: holdView(card, answer), epoch, position };
      case 'closed':
        return fail('event-not-on-sale');
      case 'reused':
        return fail('request-id-reused');
      case 'unknown-offer':
        return fail('offer-not-found');
      default:
        return answer satisfies never;
    }
  },
});
