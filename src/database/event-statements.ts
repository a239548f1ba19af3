/** The SQL files that find events and end them, with the types of their parameters and rows. */
import type { EventRow, VenueRow } from './entities.ts';
import { type Statement, statement } from './database.ts';

/** What the rows of a list hold of an event; moments are text. */
type Moments =
  | 'startsAt'
  | 'endsAt'
  | 'salesStartAt'
  | 'salesEndAt'
  | 'publishedAt'
  | 'deletedAt'
  | 'createdAt'
  | 'updatedAt';
export type ListedEventRow = {
  [Field in keyof EventRow]: Field extends Moments
    ? EventRow[Field] extends Date
      ? string
      : string | null
    : EventRow[Field];
} & { sort_key: string };

export type ListParameters = [
  organizerId: string | null,
  alsoDrafts: boolean,
  onlyDeleted: boolean,
  status: string | null,
  words: string | null,
  category: string | null,
  tags: string[] | null,
  venueId: string | null,
  seriesId: string | null,
  leastCents: number | null,
  mostCents: number | null,
  from: string | null,
  to: string | null,
  hasFreeSeats: boolean | null,
  onlyUpcoming: boolean,
  afterKey: string | null,
  afterId: string | null,
  limit: number,
];

const template = statement<ListParameters, ListedEventRow>('list-events');
const utc = (column: string) => `to_char(${column} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

/** What events can be sorted by. Each has an index after the status (`m0006-events.ts`). */
const keys = {
  startsAt: { key: 'starts_at', text: utc('starts_at'), type: 'timestamptz' },
  title: { key: 'lower(title)', text: 'lower(title)', type: 'text' },
  price: { key: 'min_price', text: 'min_price::text', type: 'bigint' },
  createdAt: { key: 'created_at', text: utc('created_at'), type: 'timestamptz' },
} as const;
export type EventSortKey = keyof typeof keys;
export type EventSort = EventSortKey | `-${EventSortKey}`;

function inOrder(sort: EventSort): Statement<ListParameters, ListedEventRow> {
  const isDown = sort.startsWith('-');
  const { key, text, type } = keys[(isDown ? sort.slice(1) : sort) as EventSortKey];
  const parts = { key, text, type, after: isDown ? '<' : '>', direction: isDown ? 'desc' : 'asc' };
  // The words in braces of the comment are filled in as well, which does no harm.
  const filled = template.text.replace(
    /\{(key|text|type|after|direction)\}/g,
    (_, part: keyof typeof parts) => parts[part],
  );
  return { name: `${template.name}-${sort}`, text: filled };
}

export const listEvents: Readonly<Record<EventSort, Statement<ListParameters, ListedEventRow>>> = {
  startsAt: inOrder('startsAt'),
  '-startsAt': inOrder('-startsAt'),
  title: inOrder('title'),
  '-title': inOrder('-title'),
  price: inOrder('price'),
  '-price': inOrder('-price'),
  createdAt: inOrder('createdAt'),
  '-createdAt': inOrder('-createdAt'),
};

export const completeEvents = statement<[atMost: number, reason: string], { id: string }>('complete-events');

export const listVenues = statement<
  [
    organizerId: string | null,
    country: string | null,
    part: string | null,
    afterKey: string | null,
    afterId: string | null,
    limit: number,
  ],
  Omit<VenueRow, 'createdAt' | 'updatedAt' | 'deletedAt'> & {
    createdAt: string;
    updatedAt: string;
    sort_key: string;
  }
>('list-venues');
