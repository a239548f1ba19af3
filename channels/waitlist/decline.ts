import { defineMessage, signedIn } from '../../src/channel.ts';
import { fingerprint } from '../../src/ids.ts';
import { declineOffer } from '../../src/redis/scripts/decline-offer.ts';
import { knownEvent } from '../../src/seats/holds.ts';
import { entryOf } from '../../src/waitlist/entries.ts';
import { actorText } from '../../src/waitlist/waitlist.ts';

export default defineMessage('waitlist:decline', {
  access: signedIn,
  async handle({ engine, session, request, by, fail }) {
    const { eventId, holdId, requestId } = request;
    const card = await knownEvent(engine, eventId);
    const { answer } = await engine.inventory.run(
      declineOffer,
      eventId,
      {
        owner: session.userId,
        requestId,
        fingerprint: fingerprint('decline', holdId),
        holdId,
        actor: actorText(by),
      },
      by,
    );
    if (answer.status === 'reused') return fail('request-id-reused');
    if (answer.status === 'unknown-offer') return fail('offer-not-found');
    const entry = await entryOf(engine, card, answer.entryId);
    return entry ? { entry } : fail('offer-not-found');
  },
});
