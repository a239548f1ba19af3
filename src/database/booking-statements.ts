/** The statements of `queries/` that list bookings, for their buyers and for organizers. */
import { statement } from './database.ts';
import type { BookingRow } from './statements.ts';

/** Which bookings, and where a list goes on: after this id, in its direction. */
type Filter = [
  status: string | null,
  from: string | null,
  to: string | null,
  after: string | null,
  isNewestFirst: boolean,
  limit: number,
];
export const listBookings = statement<[userId: string, eventId: string | null, ...Filter], BookingRow>(
  'list-bookings',
);
export const listBookingsByEvent = statement<
  [
    userId: string,
    eventId: string | null,
    ...Filter,
    isByStart: boolean,
    isOver: boolean | null,
    afterStart: string | null,
  ],
  BookingRow & { place: string }
>('list-bookings-by-event');

export interface SaleRow extends BookingRow {
  buyer_name: string;
  buyer_email: string;
}
export const listSales = statement<[email: string | null, eventId: string, ...Filter], SaleRow>('list-sales');

/** The hold that was booked under a request id. */
export const requestedBooking = statement<[userId: string, requestId: string], { hold_id: string }>(
  'requested-booking',
);

export interface CalendarRow {
  event_id: string;
  title: string;
  venue: string;
  starts_at: string;
  ends_at: string;
  event_status: 'draft' | 'published' | 'cancelled';
  /** Labels of the seats that are still theirs; none: all was cancelled. */
  seats: string[] | null;
  booking_ids: string[] | null;
  created_at: string;
  /** Of the event, or of a booking, whichever changed last. */
  changed_at: string;
}
export const listCalendar = statement<[userId: string, limit: number], CalendarRow>('list-calendar');
