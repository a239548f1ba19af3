import { writeCalendar } from '../../src/calendar/i-calendar.ts';
import { eventUrl } from '../../src/calendar/feeds.ts';
import { anyone, Download, defineMessage, owns } from '../../src/channel.ts';
import { findEvent } from '../../src/events/catalogue.ts';

const statuses = {
  draft: 'TENTATIVE',
  published: 'CONFIRMED',
  cancelled: 'CANCELLED',
  completed: 'CONFIRMED',
} as const;

export default defineMessage('calendar:event', {
  access: anyone,
  async handle({ engine, session, request, fail }) {
    const event = await findEvent(engine.db, request.eventId);
    const isPublic = event && event.publishedAt !== null && event.deletedAt === null;
    if (!event || !(isPublic || owns(session, event.organizerId))) return fail('event-not-found');
    const { id: eventId, title, description, startsAt, endsAt, createdAt, updatedAt: changedAt } = event;
    const entry = { eventId, title, description, startsAt, endsAt, createdAt, changedAt };
    const url = eventUrl(engine.publicUrl(), eventId);
    const text = writeCalendar([{ ...entry, url, place: event.venue, status: statuses[event.status] }]);
    return new Download('text/calendar; charset=utf-8', text, `${eventId}.ics`);
  },
});
