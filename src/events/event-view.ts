/** An event as it goes over the wire: whole, or the fields somebody asked for. */
import type { Event, EventPart } from '../contracts.gen.ts';
import type { EventRow } from '../database/entities.ts';
import { defaultRules } from './events.ts';

export const eventView = (row: EventRow): Event => ({
  ...row,
  rules: { ...defaultRules, ...row.rules },
  startsAt: row.startsAt.toISOString(),
  endsAt: row.endsAt.toISOString(),
  salesStartAt: row.salesStartAt?.toISOString() ?? null,
  salesEndAt: row.salesEndAt?.toISOString() ?? null,
  venueId: row.venueId ?? null,
  category: row.category ?? null,
  seriesId: row.seriesId ?? null,
  capacity: row.capacity ?? row.seatCount,
  publishedAt: row.publishedAt?.toISOString() ?? null,
  deletedAt: row.deletedAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
  updatedAt: row.updatedAt.toISOString(),
});

export type EventField = keyof Event;

/** The event with the fields that were asked for, and its id; with all of them if none was. */
export function pickFields(event: Event, fields: readonly EventField[] | undefined): Event | EventPart {
  if (!fields) return event;
  const wanted = new Set<string>(['id', ...fields]);
  return Object.fromEntries(
    Object.entries(event).filter(([name]) => wanted.has(name)),
  ) as unknown as EventPart;
}
