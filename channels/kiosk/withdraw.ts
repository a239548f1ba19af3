import { announcementView, withdraw } from '../../src/boards/announcements.ts';
import { defineMessage, organizers, owns } from '../../src/channel.ts';

export default defineMessage('kiosk:withdraw', {
  access: organizers,
  async handle({ engine, session, request, by }) {
    const isOwn = (organizerId: string) => owns(session, organizerId);
    const { row, isChanged } = await withdraw(engine.db, request.announcementId, isOwn, by);
    if (isChanged) engine.venueChanged(row.venueId);
    return { announcement: announcementView(row) };
  },
});
