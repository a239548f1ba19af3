/** What a board says: times in the zone of each event, how things stand in a word or two, and the banners above it. */
import type { Announcement, Board, BoardEvent } from '../contracts.gen.ts';
import { money, number } from './format.ts';

const minuteMs = 60_000;
/** Before the start an event is announced by itself for so long. */
const soonMs = 15 * minuteMs;
/** Fewer than this part of the seats, or than so many, are "few". */
const fewPart = 0.1;
const few = 10;

export type Tone = 'good' | 'warn' | 'bad' | 'info' | 'quiet' | 'now';

export interface Words {
  text: string;
  tone: Tone;
}

export interface Banner extends Words {
  id: string;
  title: string;
}

type Style = 'time' | 'seconds' | 'day' | 'date' | 'weekday';
const styles: Record<Style, Intl.DateTimeFormatOptions> = {
  time: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  seconds: { second: '2-digit' },
  day: { year: 'numeric', month: '2-digit', day: '2-digit' },
  date: { weekday: 'long', day: 'numeric', month: 'long' },
  weekday: { weekday: 'short', day: 'numeric', month: 'short' },
};
/** Making one costs more than all else a board does in a second. There are only so many zones. */
const formats = new Map<string, Intl.DateTimeFormat>();

/** A moment in a zone, such as "19:30" or "Sunday 14 March". */
export function at(ms: number, timeZone: string, style: Style): string {
  const key = `${style} ${timeZone}`;
  let format = formats.get(key);
  if (!format) {
    format = new Intl.DateTimeFormat('en-GB', { timeZone, ...styles[style] });
    formats.set(key, format);
  }
  return format.format(ms);
}

/** A moment on a board: "19:30", and of another day than this one "Sun 14 Mar, 19:30". */
export function momentText(ms: number, timeZone: string, now: number): string {
  const time = at(ms, timeZone, 'time');
  const isToday = at(ms, timeZone, 'day') === at(now, timeZone, 'day');
  return isToday ? time : `${at(ms, timeZone, 'weekday')}, ${time}`;
}

export const startOf = (event: BoardEvent): number =>
  Date.parse(event.startsAt) + event.delayMinutes * minuteMs;

/** The day on the calendar of a zone, counted: from one to the next it is one, however long the night. */
function dayNumber(ms: number, timeZone: string): number {
  const [day = 0, month = 0, year = 0] = at(ms, timeZone, 'day').split('/').map(Number);
  return Date.UTC(year, month - 1, day) / 86_400_000;
}

/** "" on the same day, "Tomorrow", or "Sun 14 Mar": of the event's own calendar. */
export function dayOf(event: BoardEvent, now: number): string {
  const [start, { timeZone }] = [startOf(event), event];
  const ahead = dayNumber(start, timeZone) - dayNumber(now, timeZone);
  return ahead === 0 ? '' : ahead === 1 ? 'Tomorrow' : at(start, timeZone, 'weekday');
}

const minutesText = (minutes: number): string => (minutes === 1 ? '1 minute' : `${minutes} minutes`);

/** How an event stands. */
export function statusOf(event: BoardEvent, announcements: readonly Announcement[], now: number): Words {
  const { state, sale, seats, timeZone, salesStartAt, delayMinutes } = event;
  if (state === 'cancelled') return { text: 'Cancelled', tone: 'bad' };
  const start = startOf(event);
  if (state === 'running' || start <= now) return { text: 'Now on', tone: 'now' };
  const leftMs = start - now;
  if (leftMs <= soonMs) return { text: `In ${Math.max(1, Math.ceil(leftMs / minuteMs))} min`, tone: 'now' };
  if (delayMinutes > 0) return { text: `${delayMinutes} min late`, tone: 'warn' };
  const doors = announcements.find((each) => each.kind === 'doors' && each.eventId === event.id);
  if (doors?.at) {
    const opens = Date.parse(doors.at);
    return opens <= now
      ? { text: 'Doors open', tone: 'now' }
      : { text: `Doors ${momentText(opens, timeZone, now)}`, tone: 'info' };
  }
  if (sale === 'elsewhere') return { text: 'Box office', tone: 'quiet' };
  if (seats?.free === 0) return seats.held > 0 ? { text: 'Last seats held', tone: 'warn' } : soldOut;
  if (sale === 'before' && salesStartAt) {
    return { text: `On sale ${at(Date.parse(salesStartAt), timeZone, 'weekday')}`, tone: 'quiet' };
  }
  if (sale !== 'open') return { text: 'Sale over', tone: 'quiet' };
  if (seats && isFew(seats.free, seats.seats)) return { text: 'Few left', tone: 'warn' };
  return { text: 'On sale', tone: 'good' };
}

const soldOut: Words = { text: 'Sold out', tone: 'bad' };
const isFew = (free: number, seats: number): boolean => free < few || free < seats * fewPart;

/** "€25" and "€25.50": from across a foyer every character counts. */
export const price = (cents: number, currency: string): string =>
  money(cents, currency).replace(/[.,]00$/, '');

export interface SeatWords {
  left: string;
  of: string;
  price: string;
}

/** How many seats of an event are left, and from how much. */
export function seatWords({ seats, currency }: BoardEvent): SeatWords | undefined {
  if (!seats) return undefined;
  return {
    left: number(seats.free),
    of: `of ${number(seats.seats)} left`,
    price: seats.fromCents === null ? '' : `from ${price(seats.fromCents, currency)}`,
  };
}

/** What stands above the board, the most urgent first. */
export function bannersOf({ announcements, events, timeZone }: Board, now: number): Banner[] {
  const titles = new Map(events.map((event) => [event.id, event]));
  const said = announcements.map((each) => bannerOf(each, titles.get(each.eventId ?? ''), timeZone, now));
  const soon = events.filter((event) => {
    const leftMs = startOf(event) - now;
    return event.state === 'scheduled' && leftMs > 0 && leftMs <= soonMs;
  });
  return [
    ...said.filter(({ tone }) => tone === 'warn'),
    ...soon.map((event) => ({
      id: `soon-${event.id}`,
      title: `Starts in ${minutesText(Math.max(1, Math.ceil((startOf(event) - now) / minuteMs)))}`,
      text: event.title,
      tone: 'now' as const,
    })),
    ...said.filter(({ tone }) => tone !== 'warn'),
  ];
}

/** What a board says of an announcement. @param event undefined: it concerns the whole venue, or stands on no board */
export function bannerOf(
  { id, kind, text, minutes, at: moment }: Announcement,
  event: BoardEvent | undefined,
  venueZone: string,
  now: number,
): Banner {
  const timeZone = event?.timeZone ?? venueZone;
  const time = moment ? momentText(Date.parse(moment), timeZone, now) : '';
  const what = [event?.title, text].filter(Boolean).join(' · ');
  if (kind === 'delay') {
    return { id, title: `${minutesText(minutes ?? 0)} late`, text: `${what} · starts ${time}`, tone: 'warn' };
  }
  if (kind === 'doors') {
    const isOpen = !moment || Date.parse(moment) <= now;
    return { id, title: isOpen ? 'Doors are open' : `Doors open ${time}`, text: what, tone: 'good' };
  }
  return { id, title: event?.title ?? 'Please note', text, tone: 'info' };
}
