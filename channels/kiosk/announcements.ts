import { announcementView, listAnnouncements } from '../../src/boards/announcements.ts';
import { defineMessage, organizers, owns } from '../../src/channel.ts';
import { readCursor, writeCursor } from '../../src/events/cursor.ts';
import { ownVenue } from '../../src/events/venues.ts';

export default defineMessage('kiosk:announcements', {
  access: organizers,
  async handle({ engine, session, request }) {
    const { venueId, all = false, limit = 50, cursor } = request;
    const [olderThan] = readCursor(cursor, 'id');
    await ownVenue(engine.db, venueId, (organizerId) => owns(session, organizerId));
    const found = await listAnnouncements(engine.db, { venueId, all, olderThan, limit: limit + 1 });
    const page = found.slice(0, limit);
    const last = page.at(-1);
    return {
      announcements: page.map(announcementView),
      nextCursor: found.length > limit && last ? writeCursor(last.id) : null,
    };
  },
});
