import { defineMessage, signedIn } from '../../src/channel.ts';
import { RequestError } from '../../src/errors.ts';
import { openSale } from '../../src/seats/holds.ts';
import { entriesOf } from '../../src/waitlist/entries.ts';
import { mostSeats } from '../../src/waitlist/layout.ts';

export default defineMessage('waitlist:join', {
  access: signedIn,
  async handle({ engine, request, viewer, by, fail }) {
    const { eventId, quantity, category, together = false } = request;
    const card = await openSale(engine, eventId);
    const names = card.plan.categories.map(({ name }) => name);
    const index = category === undefined ? undefined : names.indexOf(category);
    if (index === -1) return fail('category-unknown', { allowed: names });
    const { seatsPerHold } = card.rules;
    if (quantity > seatsPerHold) return fail('seats-per-hold', { allowed: seatsPerHold });
    // Who waits for what there cannot be would keep seats from all others.
    const most = mostSeats(card.plan, index, together);
    if (quantity > most) {
      const allowed = `at most ${most}: so many seats there are${together ? ' beside each other' : ''}`;
      throw new RequestError('invalid-request', { field: 'quantity', allowed });
    }
    const row = await engine.waitlist.join(card, by, { category: index, quantity, together });
    // Those who have joined before, on other nodes, hear of a longer queue with their next move.
    const { entries, length } = await entriesOf(engine, card, [row], viewer);
    const [entry] = entries;
    if (!entry) throw new Error('an entry was made and is not there');
    return { entry, length, now: Date.now() };
  },
});
