/** What a mail is made of: its notification, and what the database says of its reader, event and booking by now. */
import type { MailBooking, MailEvent } from '../database/delivery-statements.ts';
import { textIn } from '../notifications/payload.ts';
import { eventDate, zoneName, zoneNote } from '../pages/format.ts';

export interface MailFacts {
  readonly kind: string;
  /** Of the notification. Whoever made it may know more or fewer fields than this. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly reader: { readonly name: string; readonly timeZone: string };
  readonly event: MailEvent | null;
  /** The reader's own. */
  readonly booking: MailBooking | null;
  readonly links: {
    /** The page of the event, or the hub's front page. */
    readonly event: string;
    /** Switches mails of this kind off. */
    readonly unsubscribe: string;
  };
}

/** A moment of the payload; '' where there is none. */
export function momentIn(payload: MailFacts['payload'], field: string): string {
  const text = textIn(payload, field);
  return Number.isNaN(Date.parse(text)) ? '' : text;
}

export const titleOf = ({ event, payload }: MailFacts): string =>
  event?.title ?? (textIn(payload, 'title') || 'An event');

export const zoneOf = ({ event, payload, reader }: MailFacts): string =>
  event?.timeZone ?? (textIn(payload, 'timeZone') || reader.timeZone);

/**
 * A moment on the event's clock and, where it shows another time, on the reader's: a line each. The zone is always named: a
 * mail does not know where it is read.
 */
export function clocks(moment: string, eventZone: string, readerZone: string): string[] {
  const named = (zone: string) => `${eventDate(moment, zone)} ${zoneName(moment, zone)}`;
  const isSame = zoneNote(moment, eventZone, readerZone) === '';
  return isSame ? [named(eventZone)] : [named(eventZone), `${named(readerZone)} (your time)`];
}
