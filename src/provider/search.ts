import type { ProviderSearchRequest } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { type ProviderEventRow, searchProviderEvents } from '../database/provider-statements.ts';
import { RequestError } from '../errors.ts';
import { pageOf, readCursor } from '../events/cursor.ts';

/** What one answer holds at most, and unless less is asked for. */
const limitAtMost = 5000;
/** Before all that can be asked for. */
export const beforeAll = ['-infinity', '00000000-0000-0000-0000-000000000000'] as const;

export interface FoundEvent {
  id: string;
  title: string;
  start_date: string;
  start_time: string;
  end_date: string;
  end_time: string;
  min_price: number | null;
  max_price: number | null;
}

/**
 * The provider's events that start within a range, both ends included, in order. Times without an offset are of the
 * provider's clock, as its own are. Throws `invalid-request`, `cursor-invalid`.
 */
export async function searchEvents(
  db: Database,
  timeZone: string,
  request: ProviderSearchRequest,
): Promise<{ events: FoundEvent[]; nextCursor: string | undefined }> {
  const from = momentOf('starts_at', request.starts_at);
  const to = momentOf('ends_at', request.ends_at);
  // Only what can be compared: one of them may be of the provider's clock.
  if (from.endsWith('Z') === to.endsWith('Z') && to < from) {
    throw new RequestError('invalid-request', { field: 'ends_at', allowed: 'must not be before starts_at' });
  }
  const [start = beforeAll[0], id = beforeAll[1]] = readCursor(request.cursor, 'time', 'id');
  const limit = request.limit ?? limitAtMost;
  const rows = await db.run(searchProviderEvents, from, to, timeZone, start, id, limit + 1);
  const { page, nextCursor } = pageOf(rows, limit, (last) => [new Date(last.starts).toISOString(), last.id]);
  return { events: page.map(eventOf), nextCursor: nextCursor ?? undefined };
}

/** A moment in UTC that ends in Z, or a time of the provider's clock, both as PostgreSQL takes them. */
function momentOf(field: string, text: string): string {
  // A plus that was not escaped reaches us as a blank.
  const [, wall = '', seconds, offset] = /^(.{16})(:\d\d(?:\.\d+)?)?(Z|[ +-]\d\d:\d\d)?$/i.exec(text) ?? [];
  const local = `${wall}${seconds ?? ':00'}`.toUpperCase();
  const asUtc = new Date(`${local.slice(0, 19)}Z`);
  const moment = new Date(`${local}${offset?.replace(' ', '+').toUpperCase() ?? 'Z'}`);
  // A day that overflows is moved on, and so reads differently.
  const isReal = !Number.isNaN(asUtc.getTime()) && asUtc.toISOString().startsWith(local.slice(0, 19));
  const year = moment.getUTCFullYear();
  if (!isReal || !(year >= 1000 && year < 10_000)) {
    const allowed = 'must be a day and time that exist, between the years 1000 and 9999';
    throw new RequestError('invalid-request', { field, allowed });
  }
  return offset === undefined ? local : moment.toISOString();
}

const eventOf = ({ min_cents, max_cents, starts: _, ...row }: ProviderEventRow): FoundEvent => ({
  ...row,
  min_price: decimal(min_cents),
  max_price: decimal(max_cents),
});

/** Whole cents become the nearest number to their decimal, which is printed as that again. */
const decimal = (cents: number | null) => (cents === null ? null : cents / 100);
