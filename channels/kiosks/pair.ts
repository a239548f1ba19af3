import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { ownVenue } from '../../src/events/venues.ts';

export default defineMessage('kiosks:pair', {
  access: organizers,
  async handle({ engine, session, request, address, by }) {
    const { code, name, venueId = null } = request;
    if (venueId) await ownVenue(engine.db, venueId, (organizerId) => owns(session, organizerId));
    return { kiosk: await engine.kiosks.pair(code, { name, venueId }, address, by) };
  },
});
