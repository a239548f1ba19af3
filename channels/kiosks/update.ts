import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { ownVenue } from '../../src/events/venues.ts';

export default defineMessage('kiosks:update', {
  access: organizers,
  async handle({ engine, session, request, by }) {
    const { kioskId, ...changes } = request;
    const isOwn = (organizerId: string) => owns(session, organizerId);
    if (changes.venueId) await ownVenue(engine.db, changes.venueId, isOwn);
    const kiosk = await engine.kiosks.update(kioskId, changes, isOwn, by);
    const { venueId, name } = kiosk;
    engine.publisher.toUser(kioskId, 'kiosk:assigned', { venueId, name });
    return { kiosk };
  },
});
