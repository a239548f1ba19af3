/**
 * iCalendar (RFC 5545) as calendar programs read it. Times are in UTC, so no time zone has to be told along and none
 * can be wrong; UID is the event's id wherever it appears, so that a file and a feed are one entry.
 */
import ICAL from 'ical.js';

export interface CalendarEntry {
  eventId: string;
  title: string;
  place: string;
  description: string;
  url: string;
  startsAt: Date;
  endsAt: Date;
  status: 'CONFIRMED' | 'TENTATIVE' | 'CANCELLED';
  createdAt: Date;
  /** When anything of the entry changed last: it also counts the revisions. */
  changedAt: Date;
}

/** How long a program may wait before it asks a feed again. */
const refresh = 'PT1H';

/** @param name of a feed; without it the calendar is a file with an event */
export function writeCalendar(entries: readonly CalendarEntry[], name?: string): string {
  const calendar = new ICAL.Component('vcalendar');
  calendar.updatePropertyWithValue('version', '2.0');
  calendar.updatePropertyWithValue('prodid', '-//Seatcast//Seatcast//EN');
  calendar.updatePropertyWithValue('calscale', 'GREGORIAN');
  if (name !== undefined) {
    for (const property of ['name', 'x-wr-calname']) text(calendar, property, name);
    const interval = new ICAL.Property('refresh-interval');
    interval.resetType('duration');
    interval.setValue(ICAL.Duration.fromString(refresh));
    calendar.addProperty(interval);
    calendar.updatePropertyWithValue('x-published-ttl', refresh);
  }
  for (const entry of entries) calendar.addSubcomponent(component(entry));
  return `${calendar.toString()}\r\n`;
}

function component(entry: CalendarEntry): ICAL.Component {
  const event = new ICAL.Component('vevent');
  event.updatePropertyWithValue('uid', `${entry.eventId}@seatcast`);
  for (const [property, date] of [
    ['dtstamp', entry.changedAt],
    ['dtstart', entry.startsAt],
    ['dtend', entry.endsAt],
    ['created', entry.createdAt],
    ['last-modified', entry.changedAt],
  ] as const) {
    event.updatePropertyWithValue(property, ICAL.Time.fromJSDate(date, true));
  }
  event.updatePropertyWithValue('sequence', revision(entry));
  event.updatePropertyWithValue('status', entry.status);
  text(event, 'summary', entry.title);
  text(event, 'location', entry.place);
  text(event, 'description', entry.description);
  event.updatePropertyWithValue('url', entry.url);
  return event;
}

/** Rises with every change, without a counter that somebody could forget: seconds from the making to the last change. */
const revision = ({ createdAt, changedAt }: CalendarEntry): number =>
  Math.max(0, Math.ceil((changedAt.getTime() - createdAt.getTime()) / 1000));

function text(to: ICAL.Component, name: string, value: string): void {
  const clean = calendarText(value);
  if (clean === '') return;
  const property = new ICAL.Property(name);
  // The library escapes nothing in properties it does not know.
  if (property.type !== 'text') property.resetType('text');
  property.setValue(clean);
  to.addProperty(property);
}

/**
 * What of a text a calendar can keep. Every kind of line break is one, and other control characters go: a lone CR
 * would end the line for some programs, and what follows would be a property of the sender's choice.
 */
export const calendarText = (value: string): string =>
  value
    .toWellFormed()
    .replace(/\r\n?|[\v\f\u0085\u2028\u2029]/g, '\n')
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the ones to remove
    .replace(/[\u0000-\u0008\u000e-\u001f\u007f-\u009f\ufeff]/g, '');
