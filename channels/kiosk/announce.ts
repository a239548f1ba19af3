import { announce, announcementView } from '../../src/boards/announcements.ts';
import { defineMessage, organizers, owns } from '../../src/channel.ts';

export default defineMessage('kiosk:announce', {
  access: organizers,
  async handle({ engine, session, request, by }) {
    const row = await announce(engine.db, request, (organizerId) => owns(session, organizerId), by);
    engine.venueChanged(row.venueId);
    return { announcement: announcementView(row) };
  },
});
