/**
 * A buyer's calendar feed. Its address carries a secret, as calendar programs send no header; it reads this feed and
 * nothing else, one a user, and only its hash is kept.
 */
import { hash, randomBytes } from 'node:crypto';
import type { Actor } from '../audit/audit-log.ts';
import { type CalendarRow, listCalendar } from '../database/booking-statements.ts';
import { endFeed, ownerOfFeed, renewFeed } from '../database/calendar-statements.ts';
import type { Database } from '../database/database.ts';
import { bookingNumber } from '../pages/format.ts';
import { type CalendarEntry, writeCalendar } from './i-calendar.ts';

const entriesAtMost = 500;

export class CalendarFeeds {
  readonly #db: Database;
  readonly #publicUrl: () => string;

  constructor(db: Database, publicUrl: () => string) {
    this.#db = db;
    this.#publicUrl = publicUrl;
  }

  /** A new secret; an earlier one ends. */
  async renew(userId: string, by: Actor): Promise<{ token: string; url: string }> {
    const token = randomBytes(32).toString('base64url');
    await this.#db.run(renewFeed, userId, hashOf(token), by.sessionId, by.requestId);
    return { token, url: `${this.#publicUrl()}/api/v1/me/calendar.ics?token=${token}` };
  }

  async end(userId: string, by: Actor): Promise<void> {
    await this.#db.run(endFeed, userId, by.sessionId, by.requestId);
  }

  /** iCalendar; undefined: it is no secret of ours, or its owner's account is disabled. */
  async read(token: string): Promise<string | undefined> {
    const [owner] = await this.#db.run(ownerOfFeed, hashOf(token));
    if (!owner) return undefined;
    const rows = await this.#db.run(listCalendar, owner.user_id, entriesAtMost);
    const entries = rows.map((row) => entryOf(row, this.#publicUrl()));
    return writeCalendar(entries, 'Seatcast');
  }
}

const hashOf = (token: string): string => hash('sha256', token, 'hex');

function entryOf(row: CalendarRow, publicUrl: string): CalendarEntry {
  const isOff = row.event_status === 'cancelled' || row.seats === null;
  return {
    eventId: row.event_id,
    title: row.title,
    place: row.venue,
    description: bookedText(row.seats ?? [], row.booking_ids ?? []),
    url: eventUrl(publicUrl, row.event_id),
    startsAt: new Date(row.starts_at),
    endsAt: new Date(row.ends_at),
    status: isOff ? 'CANCELLED' : 'CONFIRMED',
    createdAt: new Date(row.created_at),
    changedAt: new Date(row.changed_at),
  };
}

/** What one shows at the door: the seats, and the number of each booking as the pages have it. */
export const bookedText = (seats: readonly string[], bookingIds: readonly string[]): string =>
  [...seats, ...bookingIds.map((id) => `Booking ${bookingNumber(id)}`)].join('\n');

/** The page of an event. */
export const eventUrl = (publicUrl: string, eventId: string): string => `${publicUrl}/events/${eventId}`;
