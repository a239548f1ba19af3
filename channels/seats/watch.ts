import { anyone, defineMessage } from '../../src/channel.ts';
import { holdsOf } from '../../src/seats/holds.ts';

export default defineMessage('seats:watch', {
  access: anyone,
  async handle({ engine, session, request, viewer, fail }) {
    const { eventId, since } = request;
    // Maps that are live here are of public events, and what is public stays so: thousands who come back ask
    // PostgreSQL nothing.
    if (!engine.maps.has(eventId)) {
      const card = await engine.events.agedCard(eventId);
      const isPublic = card?.isPublic || (await engine.events.card(eventId))?.isPublic;
      if (!isPublic) return fail('event-not-found');
    }
    // First the room, then the map: what changes in between comes twice rather than never.
    await viewer?.watch(eventId);
    const view = await engine.maps.view(eventId, since);
    const answer = { eventId, ...view, now: Date.now() };
    if (!session) return { ...answer, holds: [] };
    // While they cannot be read nothing is said of them.
    return view.stale ? answer : { ...answer, holds: await holdsOf(engine, eventId, session.userId) };
  },
});
