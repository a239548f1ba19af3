import { defineMessage, organizers } from '../../src/channel.ts';
import { insertVenue, venueView } from '../../src/events/venues.ts';

export default defineMessage('venues:create', {
  access: organizers,
  async handle({ engine, session, request, by }) {
    return venueView(await insertVenue(engine.db, session.userId, request, by));
  },
});
