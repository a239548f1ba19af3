/** Events as they are looked for: one statement a page, by words, place, price, time and free seats. */
import { instantOf } from '../audit/instant.ts';
import type { EventsListRequest } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import type { EventRow, EventStatus } from '../database/entities.ts';
import {
  type EventSort,
  type ListedEventRow,
  listEvents as listStatements,
} from '../database/event-statements.ts';
import { Gate } from '../gate.ts';
import { pageOf, readCursor } from './cursor.ts';

/** What is wanted of a list, whoever asks. */
export type EventFilter = Omit<
  EventsListRequest,
  'status' | 'mine' | 'cursor' | 'fields' | 'deleted' | 'limit'
> & {
  status: EventStatus | undefined;
  /** Whose drafts are shown as well; undefined: nobody's. */
  draftsOf?: string | undefined;
  onlyDeleted?: boolean;
  /** What has not started. */
  onlyUpcoming?: boolean;
  limit: number;
  cursor?: string | undefined;
};

/** Lists by free seats at once: they may look at every event there is, and the connections are there for bookings. */
const countedLists = new Gate(2, 50);
const defaultSort: EventSort = 'startsAt';
/** What the cursor of a list in this order holds besides the id. */
const kindOfKey = { startsAt: 'micros', title: 'text', price: 'row', createdAt: 'micros' } as const;

/** In a stable order: what is added or deleted meanwhile moves no other event. Throws `cursor-invalid`. */
export async function listEvents(
  db: Database,
  filter: EventFilter,
): Promise<{ events: EventRow[]; nextCursor: string | null }> {
  const sort = filter.sort ?? defaultSort;
  const kind = kindOfKey[sort.replace('-', '') as keyof typeof kindOfKey];
  const [, key = null, id = null] = readCursor(filter.cursor, sort, kind, 'id');
  const run: typeof db.run = (...statement) =>
    filter.hasFreeSeats === undefined ? db.run(...statement) : countedLists.run(() => db.run(...statement));
  const rows = await run(
    listStatements[sort],
    filter.draftsOf ?? filter.organizerId ?? null,
    filter.draftsOf !== undefined,
    filter.onlyDeleted ?? false,
    filter.status ?? null,
    filter.q ?? null,
    filter.category ?? null,
    filter.tags ?? null,
    filter.venueId ?? null,
    filter.seriesId ?? null,
    filter.priceMin ?? null,
    filter.priceMax ?? null,
    filter.from === undefined ? null : instantOf('from', filter.from),
    filter.to === undefined ? null : instantOf('to', filter.to),
    filter.hasFreeSeats ?? null,
    filter.onlyUpcoming ?? false,
    key,
    id,
    filter.limit + 1,
  );
  const { page, nextCursor } = pageOf(rows, filter.limit, (last) => [sort, last.sort_key, last.id]);
  return { events: page.map(rowOf), nextCursor };
}

/** The next ones that can be visited, for everybody. */
export const upcomingEvents = async (db: Database, limit: number): Promise<EventRow[]> =>
  (await listEvents(db, { status: 'published', onlyUpcoming: true, limit })).events;

function rowOf({ sort_key: _, ...row }: ListedEventRow): EventRow {
  const moment = (text: string | null) => (text === null ? null : new Date(text));
  return {
    ...row,
    startsAt: new Date(row.startsAt),
    endsAt: new Date(row.endsAt),
    createdAt: new Date(row.createdAt),
    updatedAt: new Date(row.updatedAt),
    salesStartAt: moment(row.salesStartAt),
    salesEndAt: moment(row.salesEndAt),
    publishedAt: moment(row.publishedAt),
    deletedAt: moment(row.deletedAt),
  };
}
