/** The SQL files of `queries/`, with the types of their parameters and rows. */
import { statement } from './database.ts';

export const bookedSeats = statement<[eventId: string], { seat: number; user_id: string }>('booked-seats');

/** What is asked of `confirm-hold.sql`. `seats` is JSON: [{seat, label, category, priceCents}]. */
type ConfirmParameters = [
  holdId: string,
  bookingId: string,
  eventId: string,
  userId: string,
  currency: string,
  seats: string,
];
export const confirmHold = statement<
  ConfirmParameters,
  { on_sale: boolean; created_at: string | null; outcome: string | null; reason: string | null }
>('confirm-hold');

export const refuseHold = statement<
  [eventId: string, holdId: string, reason: string],
  { outcome: 'booked' | 'refused'; reason: string }
>('refuse-hold');

export const readOutcome = statement<
  [eventId: string, holdId: string],
  { outcome: 'booked' | 'refused'; reason: string }
>('read-outcome');

export interface BookingRow {
  id: string;
  event_id: string;
  user_id: string;
  hold_id: string;
  status: 'confirmed' | 'cancelled';
  total_cents: number;
  currency: string;
  created_at: string;
  cancelled_at: string | null;
  seats: { seat: number; label: string; category: string; priceCents: number }[];
}
export const bookingOfHold = statement<[holdId: string], BookingRow>('booking-of-hold');
export const readBooking = statement<[bookingId: string], BookingRow>('read-booking');
export const listBookings = statement<
  [userId: string, eventId: string | null, status: string | null, before: string | null, limit: number],
  BookingRow
>('list-bookings');
export const cancelBooking = statement<[bookingId: string], { id: string }>('cancel-booking');
export const cancelEventBookings = statement<[eventId: string], { id: string }>('cancel-event-bookings');
