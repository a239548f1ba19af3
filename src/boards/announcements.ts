/** What organizers have the boards of a venue say: announced, replaced by what is newer, withdrawn. */
import { LockMode } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../audit/audit-log.ts';
import { recordChange } from '../audit/record-change.ts';
import type { Announcement, KioskAnnounceRequest } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import {
  AnnouncementEntity,
  type AnnouncementRow,
  EventEntity,
  type EventRow,
  VenueEntity,
  type VenueRow,
} from '../database/entities.ts';
import { RequestError } from '../errors.ts';
import { lockVenue } from '../events/venues.ts';
import { newId } from '../ids.ts';

/** Of a venue, at a time: more would not be read. */
const atMost = 20;
const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const longestMs = 7 * 24 * hourMs;
/** For what concerns no event. */
const doorsMs = 2 * hourMs;
const infoMs = 12 * hourMs;

type Owns = (organizerId: string) => boolean;

export const announcementView = (row: AnnouncementRow): Announcement => {
  const { id, venueId, eventId, kind, text, minutes, at, until, createdAt, withdrawnAt } = row;
  return {
    id,
    venueId,
    eventId: eventId ?? null,
    kind,
    text,
    minutes: minutes ?? null,
    at: at?.toISOString() ?? null,
    until: until.toISOString(),
    createdAt: createdAt.toISOString(),
    withdrawnAt: withdrawnAt?.toISOString() ?? null,
  };
};

/**
 * Throws `venue-not-found`, `event-not-found`, `event-cancelled`, `event-completed`, `too-many-announcements`, and
 * `invalid-request` for fields that do not go together.
 */
export async function announce(
  db: Database,
  request: KioskAnnounceRequest,
  owns: Owns,
  by: Actor & { userId: string },
): Promise<AnnouncementRow> {
  checkFields(request);
  const { kind, minutes = null, text = '' } = request;
  return db.em().transactional(async (em) => {
    const now = new Date();
    const { venue, event } = await placeOf(em, request, owns, now);
    // Announcements of a venue come one after the other, so that they can be counted.
    await lockVenue(em, venue.id);
    const times = timesOf(request, event, now);
    const id = newId();
    const row = {
      id,
      venueId: venue.id,
      eventId: event?.id ?? null,
      kind,
      text: text.trim(),
      minutes: kind === 'doors' ? (minutes ?? 0) : minutes,
      ...times,
      createdBy: by.userId,
      createdAt: now,
      withdrawnAt: null,
    };
    const replaced = event && kind !== 'info' ? await replace(em, event.id, kind, now) : 0;
    const shown = { venueId: venue.id, withdrawnAt: null, until: { $gt: now } };
    if ((await em.count(AnnouncementEntity, shown)) >= atMost) {
      throw new RequestError('too-many-announcements', { allowed: atMost });
    }
    await em.insert(AnnouncementEntity, row);
    const { text: said, minutes: late, until } = row;
    const what = { announcementId: id, venueId: venue.id, kind, text: said, minutes: late };
    // `until` is a number there: that of a hold.
    const details = { ...what, shownUntil: until.toISOString(), replaced };
    await recordChange(em, 'announcement-made', by, details, row.eventId);
    return row;
  });
}

/** What is newer takes its place. @returns how many it was */
const replace = (em: SqlEntityManager, eventId: string, kind: AnnouncementRow['kind'], now: Date) =>
  em.nativeUpdate(
    AnnouncementEntity,
    { eventId, kind, withdrawnAt: null, until: { $gt: now } },
    { withdrawnAt: now },
  );

function checkFields({ venueId, eventId, kind, text, minutes }: KioskAnnounceRequest): void {
  if ((venueId === undefined) === (eventId === undefined)) refuse('venueId', 'either venueId or eventId');
  if (kind === 'delay' && eventId === undefined) refuse('eventId', 'is required for a delay');
  if (kind === 'delay' && !minutes) refuse('minutes', 'is required for a delay, at least 1');
  if (kind === 'info' && minutes !== undefined) refuse('minutes', 'is no field of an info');
  if (kind === 'info' && !text?.trim()) refuse('text', 'is required for an info, not only blanks');
}

function refuse(field: string, allowed: string): never {
  throw new RequestError('invalid-request', { field, allowed }, `${field}: ${allowed}.`);
}

/** An event's own organizer may announce at its venue, and whoever has the venue, for all that is there. */
async function placeOf(
  em: SqlEntityManager,
  { venueId, eventId, kind }: KioskAnnounceRequest,
  owns: Owns,
  now: Date,
): Promise<{ venue: VenueRow; event: EventRow | undefined }> {
  if (eventId === undefined) {
    const venue = await em.findOne(VenueEntity, { id: venueId as string, deletedAt: null });
    if (!venue || !owns(venue.organizerId)) throw new RequestError('venue-not-found');
    return { venue, event: undefined };
  }
  const event = await em.findOne(EventEntity, { id: eventId, deletedAt: null });
  const venue = event?.venueId
    ? await em.findOne(VenueEntity, { id: event.venueId, deletedAt: null })
    : undefined;
  const isAllowed = event && (owns(event.organizerId) || (venue && owns(venue.organizerId)));
  if (!isAllowed || !event.publishedAt) throw new RequestError('event-not-found');
  if (!venue) throw new RequestError('venue-not-found');
  if (event.endsAt <= now) throw new RequestError('event-completed');
  // What is to be done about it can still be said.
  if (event.status === 'cancelled' && kind !== 'info') throw new RequestError('event-cancelled');
  return { venue, event };
}

function timesOf(
  { kind, minutes = 0, until: given }: KioskAnnounceRequest,
  event: EventRow | undefined,
  now: Date,
): Pick<AnnouncementRow, 'at' | 'until' | 'startsAt'> {
  const after = (at: Date, ms: number) => new Date(at.getTime() + ms);
  let at: Date | null = null;
  let until: Date;
  if (kind === 'doors') {
    at = after(now, minutes * minuteMs);
    const start = event && event.startsAt > at ? event.startsAt : undefined;
    until = start ?? after(at, doorsMs);
  } else if (kind === 'delay' && event) {
    at = after(event.startsAt, minutes * minuteMs);
    until = after(event.endsAt, minutes * minuteMs);
  } else until = event?.endsAt ?? after(now, infoMs);
  const latest = after(now, longestMs);
  if (given !== undefined) {
    until = new Date(given);
    if (!(until > now && until <= latest)) refuse('until', 'must be in the future, 7 days ahead at most');
  }
  const startsAt = kind === 'info' ? null : (event?.startsAt ?? null);
  return { at, until: until > latest ? latest : until, startsAt };
}

/** Throws `announcement-not-found`. @returns it, and whether it was shown until now */
export async function withdraw(
  db: Database,
  announcementId: string,
  owns: Owns,
  by: Actor,
): Promise<{ row: AnnouncementRow; isChanged: boolean }> {
  return db.em().transactional(async (em) => {
    const row = await em.findOne(
      AnnouncementEntity,
      { id: announcementId },
      { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true },
    );
    if (!row || !(await isOwned(em, row, owns))) throw new RequestError('announcement-not-found');
    const now = new Date();
    if (row.withdrawnAt || row.until <= now) return { row, isChanged: false };
    await em.nativeUpdate(AnnouncementEntity, { id: announcementId }, { withdrawnAt: now });
    const details = { announcementId, venueId: row.venueId };
    await recordChange(em, 'announcement-withdrawn', by, details, row.eventId ?? null);
    return { row: { ...row, withdrawnAt: now }, isChanged: true };
  });
}

async function isOwned(em: SqlEntityManager, row: AnnouncementRow, owns: Owns): Promise<boolean> {
  const venue = await em.findOne(VenueEntity, { id: row.venueId });
  if (venue && owns(venue.organizerId)) return true;
  const event = row.eventId ? await em.findOne(EventEntity, { id: row.eventId }) : undefined;
  return event ? owns(event.organizerId) : false;
}

/** Newest first. */
export async function listAnnouncements(
  db: Database,
  filter: { venueId: string; all: boolean; olderThan: string | undefined; limit: number },
): Promise<AnnouncementRow[]> {
  const { venueId, all, olderThan, limit } = filter;
  return db.em().find(
    AnnouncementEntity,
    {
      venueId,
      ...(all ? {} : { withdrawnAt: null, until: { $gt: new Date() } }),
      ...(olderThan ? { id: { $lt: olderThan } } : {}),
    },
    { orderBy: { id: 'desc' }, limit },
  );
}
