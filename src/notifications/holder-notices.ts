/**
 * Telling those to whom an event matters that it was moved or cancelled: its ticket holders, and of a new time also who
 * waits for its seats. The change has left a row in the outbox (`events_planned`), in its own transaction; whichever node
 * takes it makes the notifications in batches. Each of them has one key for the change, so however often it is begun anew
 * nobody is told twice.
 */
import { instant } from '../bookings/records.ts';
import type { Database } from '../database/database.ts';
import { EventEntity } from '../database/entities.ts';
import { noteHolders } from '../database/notification-statements.ts';
import type { Publisher } from '../socket/publish.ts';
import type { Notifications } from './notifications.ts';

const batchSize = 1000;
/** Shorter than a row of the outbox is leased for. */
const untilMs = 4000;

/** As the trigger writes it. Moments as PostgreSQL writes them. */
export interface Notice {
  eventId: string;
  kind: 'event-rescheduled' | 'event-cancelled';
  /** Makes the key of every change another. */
  changeId: string;
  /** When it was changed. */
  at: string;
  before?: string;
  after?: string;
}

export async function tellHolders(
  engine: { db: Database; notifications: Notifications; publisher: Publisher },
  notice: Notice,
): Promise<'done' | 'again'> {
  const { eventId, kind, changeId, at, before = null, after = null } = notice;
  const end = Date.now() + untilMs;
  const key = `${kind}:${changeId}`;
  for (;;) {
    const made = await engine.db.run(noteHolders, eventId, kind, key, before, after, at, batchSize);
    engine.notifications.made(made);
    if (made.length < batchSize) break;
    if (Date.now() > end) return 'again';
  }
  if (kind === 'event-rescheduled') await tellRooms(engine, notice);
  return 'done';
}

/** A room is told after the last holder, so hardly ever twice. */
async function tellRooms(
  { db, publisher }: { db: Database; publisher: Publisher },
  { eventId, before = '', after = '' }: Notice,
): Promise<void> {
  const event = await db.em().findOne(EventEntity, { id: eventId });
  if (!event) return;
  const moved = { eventId, title: event.title, before: instant(before), after: instant(after) };
  publisher.toEvent(eventId, 'events:rescheduled', moved);
  if (event.venueId) publisher.toVenue(event.venueId, 'events:rescheduled', moved);
}
