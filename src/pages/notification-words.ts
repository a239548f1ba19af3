/** What a notification says: in short, and in a line beneath. */
import type { Notification } from '../contracts.gen.ts';
import { bookingNumber, money, ownZone, plural, zonedDate } from './format.ts';
import { momentText } from './kiosk-words.ts';

export interface NotificationWords {
  title: string;
  text: string;
  kind: 'info' | 'good' | 'warn' | 'bad';
}

export function notificationWords(
  { kind, payload }: Pick<Notification, 'kind' | 'payload'>,
  now = Date.now(),
): NotificationWords {
  const { title: event = 'An event', timeZone = 'Europe/Brussels', seats = 0 } = payload;
  const on = (instant: string | undefined) => (instant ? zonedDate(instant, timeZone) : '');
  switch (kind) {
    case 'starting-soon':
      return { title: `${event} starts soon`, text: on(payload.startsAt), kind: 'info' };
    case 'event-rescheduled':
      return {
        title: `${event} has another time`,
        text: `Now ${on(payload.after)}. It was to be ${on(payload.before)}.`,
        kind: 'warn',
      };
    case 'event-cancelled':
      return {
        title: `${event} is cancelled`,
        text: payload.reason || `It was to be ${on(payload.startsAt)}.`,
        kind: 'bad',
      };
    case 'booking-confirmed': {
      const { totalCents = 0, currency } = payload;
      const price = currency && totalCents > 0 ? ` for ${money(totalCents, currency)}` : '';
      const text = [`${plural(seats, 'seat')}${price}`, bookingText(payload)].filter(Boolean).join(' · ');
      return { title: `You booked ${event}`, text, kind: 'good' };
    }
    case 'booking-cancelled':
      return {
        title: payload.whole ? `Your booking of ${event} is cancelled` : `You gave seats back for ${event}`,
        text: [plural(seats, 'seat'), bookingText(payload)].filter(Boolean).join(' · '),
        kind: 'info',
      };
    case 'waitlist-promoted':
      return {
        title: `There are seats for you: ${event}`,
        text: offerText(payload, now),
        kind: 'good',
      };
    case 'waitlist-offer-expired':
      return {
        title: `Your offer has ended: ${event}`,
        text: 'The seats went to the next in line.',
        kind: 'warn',
      };
    case 'waitlist-closed':
      return { title: `You wait no more: ${event}`, text: 'Its waitlist is closed for you.', kind: 'info' };
    default:
      return kind satisfies never;
  }
}

const bookingText = ({ bookingId }: Notification['payload']): string =>
  bookingId ? `booking ${bookingNumber(bookingId)}` : '';

/** "Stalls · row C, seats 4–5 · €50.00 · until 20:15", as much of it as is known. */
function offerText({ places, totalCents, currency, until }: Notification['payload'], now: number): string {
  const price = currency && totalCents !== undefined ? money(totalCents, currency) : '';
  // On the clock of whoever has to be there in time.
  const end = until
    ? `until ${momentText(Date.parse(until), ownZone(), now)}`
    : 'take them before the offer ends';
  return [places, price, end].filter(Boolean).join(' · ');
}

/** "now", "5 min", "3 h", "2 days" ago. */
export function ago(instant: string, now: number): string {
  const minutes = Math.max(0, Math.floor((now - Date.parse(instant)) / 60_000));
  if (minutes < 1) return 'now';
  if (minutes < 60) return `${minutes} min`;
  if (minutes < 24 * 60) return `${Math.floor(minutes / 60)} h`;
  return plural(Math.floor(minutes / (24 * 60)), 'day');
}
