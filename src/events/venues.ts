/** Venues: where events happen. Their organizers write them, everybody reads them. */
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { LockMode } from '@mikro-orm/core';
import type { Actor } from '../audit/audit-log.ts';
import { recordChange } from '../audit/record-change.ts';
import type { Venue, VenuesCreateRequest, VenuesUpdateRequest } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { EventEntity, VenueEntity, type VenueRow } from '../database/entities.ts';
import { listVenues as listStatement } from '../database/event-statements.ts';
import { RequestError } from '../errors.ts';
import { newId } from '../ids.ts';
import { pageOf, readCursor } from './cursor.ts';
import { checkTimeZone } from './event-checks.ts';

export const venueView = ({ street, city, postalCode, country, ...row }: VenueRow): Venue => ({
  ...row,
  address: { street, city, postalCode, country },
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
  deletedAt: row.deletedAt?.toISOString() ?? null,
});

export async function findVenue(db: Database, venueId: string): Promise<VenueRow | undefined> {
  return (await db.em().findOne(VenueEntity, { id: venueId })) ?? undefined;
}

/** Throws `time-zone-unknown`. */
export async function insertVenue(
  db: Database,
  organizerId: string,
  { name, address, timeZone }: VenuesCreateRequest,
  by: Actor,
): Promise<VenueRow> {
  checkTimeZone(timeZone);
  const now = new Date();
  const id = newId();
  const row = {
    id,
    organizerId,
    name: name.trim(),
    ...address,
    timeZone,
    createdAt: now,
    updatedAt: now,
    deletedAt: null,
  };
  await db.em().transactional(async (em) => {
    await em.insert(VenueEntity, row);
    await recordChange(em, 'venue-created', by, { venueId: id, name: row.name, address, timeZone });
  });
  return row;
}

/** One of those that `owns` says yes to. Throws `venue-not-found`. */
export async function ownVenue(
  db: Database,
  venueId: string,
  owns: (organizerId: string) => boolean,
): Promise<VenueRow> {
  const venue = await findVenue(db, venueId);
  if (!venue || venue.deletedAt || !owns(venue.organizerId)) throw new RequestError('venue-not-found');
  return venue;
}

/** Throws `venue-not-found`, `time-zone-unknown`. */
export async function updateVenue(
  db: Database,
  venueId: string,
  { name, address, timeZone }: Omit<VenuesUpdateRequest, 'venueId'>,
  by: Actor,
): Promise<VenueRow> {
  if (timeZone !== undefined) checkTimeZone(timeZone);
  const changes = {
    ...(name === undefined ? {} : { name: name.trim() }),
    ...address,
    ...(timeZone === undefined ? {} : { timeZone }),
    updatedAt: new Date(),
  };
  return db.em().transactional(async (em) => {
    const venue = await lockVenue(em, venueId);
    if (venue.deletedAt) throw new RequestError('venue-not-found');
    await em.nativeUpdate(VenueEntity, { id: venueId }, changes);
    await recordChange(em, 'venue-updated', by, { venueId, name, address, timeZone });
    return { ...venue, ...changes };
  });
}

/**
 * Throws `venue-in-use`, for what is published and for drafts of the venue's organizer: those of others nobody but them
 * can see, and they are not published there any more. What happened there still names it, so its row stays.
 */
export async function deleteVenue(db: Database, venueId: string, by: Actor): Promise<VenueRow> {
  return db.em().transactional(async (em) => {
    const venue = await lockVenue(em, venueId);
    if (venue.deletedAt) return venue;
    const { organizerId } = venue;
    const inUse = [{ status: 'published' as const }, { status: 'draft' as const, organizerId }];
    const events = await em.count(EventEntity, { venueId, deletedAt: null, $or: inUse });
    if (events > 0) throw new RequestError('venue-in-use', { events });
    const deletedAt = new Date();
    await em.nativeUpdate(VenueEntity, { id: venueId }, { deletedAt });
    await recordChange(em, 'venue-deleted', by, { venueId });
    return { ...venue, deletedAt };
  });
}

/** By name. Throws `cursor-invalid`. */
export async function listVenues(
  db: Database,
  filter: {
    organizerId: string | undefined;
    country: string | undefined;
    q: string | undefined;
    limit: number;
    cursor: string | undefined;
  },
): Promise<{ venues: VenueRow[]; nextCursor: string | null }> {
  const [afterName = null, afterId = null] = readCursor(filter.cursor, 'text', 'id');
  const { organizerId = null, country = null, q = null, limit } = filter;
  const rows = await db.run(listStatement, organizerId, country, q, afterName, afterId, limit + 1);
  const { page, nextCursor } = pageOf(rows, limit, (last) => [last.sort_key, last.id]);
  const venues = page.map(({ sort_key: _, createdAt, updatedAt, ...row }) => ({
    ...row,
    createdAt: new Date(createdAt),
    updatedAt: new Date(updatedAt),
    deletedAt: null,
  }));
  return { venues, nextCursor };
}

/** The venue as it is now, kept so until the transaction ends: versions of its plans are counted one by one. */
export const lockVenue = (em: SqlEntityManager, venueId: string): Promise<VenueRow> =>
  em.findOneOrFail(VenueEntity, { id: venueId }, { lockMode: LockMode.PESSIMISTIC_WRITE, refresh: true });
