import { anyone, defineMessage } from '../../src/channel.ts';
import { holdsOf } from '../../src/seats/holds.ts';

export default defineMessage('seats:watch', {
  access: anyone,
  async handle({ engine, session, request, viewer, fail }) {
    const { eventId, since } = request;
    const isLive = engine.maps.has(eventId);
    // Of an event that is public an old card will do, as whoever deletes it has it forgotten: thousands who come back
    // ask PostgreSQL nothing. A map that is live here was of a public event, so it is shown while PostgreSQL is away.
    const card = await engine.events.agedCard(eventId).catch((error) => {
      if (!isLive) throw error;
    });
    const isPublic = card ? card.isPublic || (await engine.events.card(eventId))?.isPublic : isLive;
    if (!isPublic) return fail('event-not-found');
    // First the room, then the map: what changes in between comes twice rather than never.
    await viewer?.watch(eventId);
    const view = await engine.maps.view(eventId, since);
    const answer = { eventId, ...view, now: Date.now() };
    if (!session) return { ...answer, holds: [] };
    // While they cannot be read nothing is said of them.
    return view.stale ? answer : { ...answer, holds: await holdsOf(engine, eventId, session.userId) };
  },
});
