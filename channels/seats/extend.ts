import { defineMessage, signedIn } from '../../src/channel.ts';
import { fingerprint } from '../../src/ids.ts';
import { extendHold } from '../../src/redis/scripts/extend-hold.ts';
import { holdView, onSale, refusals } from '../../src/seats/holds.ts';

export default defineMessage('seats:extend', {
  access: signedIn,
  async handle({ engine, session, request, by, fail }) {
    const { eventId, holdId, requestId } = request;
    const card = await onSale(engine, eventId);
    const { answer, epoch, position } = await engine.inventory.run(
      extendHold,
      card.id,
      {
        owner: session.userId,
        requestId,
        fingerprint: fingerprint('extend', holdId),
        holdId,
      },
      by,
    );
    switch (answer.status) {
      case 'extended':
        return { hold: holdView(card, answer), epoch, position };
      case 'used-up':
        return fail('extensions-used');
      default:
        return fail(refusals[answer.status]);
    }
  },
});
