/** How money, dates and times read on the pages. The pages are in English; dates are day first, 24 hours. */
const locale = 'en-GB';

function digitsOf(currency: string): number {
  const format = new Intl.NumberFormat(locale, { style: 'currency', currency });
  return format.resolvedOptions().maximumFractionDigits ?? 2;
}

/** 3500, EUR → "€35.00"; currencies without a minor unit have no decimals. */
export function money(cents: number, currency: string): string {
  const amount = cents / 10 ** digitsOf(currency);
  return new Intl.NumberFormat(locale, { style: 'currency', currency }).format(amount);
}

/** 3500, EUR → "35.00 EUR": read well by screen readers. */
export function spokenMoney(cents: number, currency: string): string {
  const digits = digitsOf(currency);
  return `${(cents / 10 ** digits).toFixed(digits)} ${currency}`;
}

/** "€15.00 – €89.00", or the one price there is. */
export function priceRange(prices: Readonly<Record<string, number>>, currency: string): string {
  const all = Object.values(prices);
  if (all.length === 0) return '';
  const low = Math.min(...all);
  const high = Math.max(...all);
  return low === high ? money(low, currency) : `${money(low, currency)} – ${money(high, currency)}`;
}

const part = (instant: string, timeZone: string, options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(locale, { timeZone, ...options }).format(new Date(instant));

/** In the event's own time zone: the day for the calendar leaf, the words for the line beside it. */
export const eventDay = (instant: string, timeZone: string) => ({
  weekday: part(instant, timeZone, { weekday: 'short' }),
  day: part(instant, timeZone, { day: 'numeric' }),
  month: part(instant, timeZone, { month: 'short' }),
  year: part(instant, timeZone, { year: 'numeric' }),
});

export const eventTime = (instant: string, timeZone: string) =>
  part(instant, timeZone, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' });

/** "Sunday 14 March 2027, 19:30". */
export function eventDate(instant: string, timeZone: string): string {
  const { day, year } = eventDay(instant, timeZone);
  const weekday = part(instant, timeZone, { weekday: 'long' });
  const month = part(instant, timeZone, { month: 'long' });
  return `${weekday} ${day} ${month} ${year}, ${eventTime(instant, timeZone)}`;
}

/** The zone of whoever looks at the page. */
export const ownZone = (): string => new Intl.DateTimeFormat().resolvedOptions().timeZone;

/** "CET", or "CEST" in summer; far from here by its distance, "GMT-5", as letters there mean several zones. */
export const zoneName = (instant: string, timeZone: string): string =>
  new Intl.DateTimeFormat(locale, { timeZone, timeZoneName: 'short' })
    .formatToParts(new Date(instant))
    .find(({ type }) => type === 'timeZoneName')?.value ?? timeZone;

/** The name of the zone for somebody elsewhere, nothing for somebody whose clock shows the same. */
export function zoneNote(instant: string, timeZone: string, viewerZone: string): string {
  const same = part(instant, timeZone, minuteOfDay) === part(instant, viewerZone, minuteOfDay);
  return same ? '' : zoneName(instant, timeZone);
}

/** "Sunday 14 March 2027, 19:30", and for whom that is another time on their clock, "… 19:30 CET". */
export function zonedDate(instant: string, timeZone: string, viewerZone = ownZone()): string {
  const note = zoneNote(instant, timeZone, viewerZone);
  return note === '' ? eventDate(instant, timeZone) : `${eventDate(instant, timeZone)} ${note}`;
}

const minuteOfDay: Intl.DateTimeFormatOptions = {
  day: 'numeric',
  hour: '2-digit',
  minute: '2-digit',
  hourCycle: 'h23',
};

/** Milliseconds left → "9:41"; never negative, and 0:00 only when nothing is left. */
export function countdown(leftMs: number): string {
  const seconds = Math.max(0, Math.ceil(leftMs / 1000));
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
}

/** A booking's number for people: the random end of its id, "8F3A-22C1". */
export function bookingNumber(id: string): string {
  const digits = id.replaceAll('-', '').slice(-8).toUpperCase();
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}

export const number = (value: number): string => new Intl.NumberFormat(locale).format(value);

/** 1, "seat" → "1 seat"; 2 → "2 seats". */
export const plural = (count: number, noun: string): string =>
  `${number(count)} ${noun}${count === 1 ? '' : 's'}`;
