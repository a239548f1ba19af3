/** The SQL files of analytics, with the types of their parameters and rows. */
import { type Statement, statement } from './database.ts';

const question = <Parameters extends unknown[], Row>(name: string): Statement<Parameters, Row> => ({
  ...statement<Parameters, Row>(name),
  isPlannedAnew: true,
});

type Scope = [organizerId: string | null, eventId: string | null];
type Times = [since: Date, until: Date];
/** The pieces of a range (`piecesOf`), one array a column. */
export type PieceColumns = [grains: string[], starts: Date[], ends: Date[]];

/** Buckets and their pieces: where each begins and the last ends, and of which bucket (from 1) each piece is. */
export type BucketColumns = [bounds: Date[], places: number[], ...PieceColumns];

/** What is counted of bookings; all by when the booking was made. */
export interface SalesRow {
  bookings: number;
  cancelled_bookings: number;
  seats: number;
  cancelled_seats: number;
  gross_cents: number;
  cancelled_cents: number;
}
interface HoldsRow {
  holds: number;
  converted: number;
}

export const countEvents = question<[...Scope, ...Times], { starting: number; on_sale: number }>(
  'count-events',
);

export interface TrendRow extends SalesRow, HoldsRow {
  place: number;
  currency: string;
}
/** Also of a range as a whole, which is one bucket. */
export const salesTrend = question<[...Scope, ...BucketColumns], TrendRow>('sales-trend');

interface EventLine {
  id: string;
  title: string;
  venue: string;
  starts_at: string;
  status: string;
  currency: string;
  seat_count: number;
  sold_seats: number;
}
export interface EventSalesRow extends EventLine, SalesRow {}
export const salesOfEvents = question<
  [organizerId: string | null, ...Times, ...PieceColumns, sort: string, limit: number],
  EventSalesRow
>('sales-of-events');

export interface UtilisationRow extends EventLine {
  revenue_cents: number;
  of_events: number;
  of_seats: number;
  of_sold: number;
}
export const utilisationOfEvents = question<[...Scope, ...Times, limit: number], UtilisationRow>(
  'utilisation',
);

export interface CategoryRow extends Omit<SalesRow, 'bookings' | 'cancelled_bookings'> {
  category: string;
  currency: string;
  events: number;
}
export const salesOfCategories = question<[...Scope, ...Times, ...PieceColumns, limit: number], CategoryRow>(
  'sales-of-categories',
);

export interface VenueRow extends SalesRow {
  venue: string;
  currency: string;
  events: number;
}
export const salesOfVenues = question<
  [organizerId: string | null, ...Times, ...PieceColumns, limit: number],
  VenueRow
>('sales-of-venues');

export interface BuyerRow extends SalesRow {
  user_id: string;
  name: string;
  email: string;
  currency: string;
}
export const bestBuyers = question<[...Scope, ...Times, sort: string, limit: number], BuyerRow>(
  'best-buyers',
);

export interface OwnStatsRow extends SalesRow {
  currency: string;
  upcoming_bookings: number;
  upcoming_seats: number;
  next_starts_at: string | null;
}
export const ownStats = question<[userId: string, since: Date | null, until: Date | null], OwnStatsRow>(
  'own-stats',
);

export const foldSales = statement<[atMost: number], { folded: number }>('fold-sales');
/** How large the table of differences is on disk. */
export const changesSize = statement<[], { bytes: number }>('changes-size');
export const vacuumChanges = statement<[], never>('vacuum-changes');
export const forgetHoldStarts = statement<[afterMs: number, atMost: number], { forgotten: number }>(
  'forget-hold-starts',
);
