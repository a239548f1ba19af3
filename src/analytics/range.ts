/**
 * The time of a question: whole days of a time zone, as moments. Days begin when the zone says so, which is
 * neither always at midnight nor always 24 hours after the one before.
 */
import { Temporal } from 'temporal-polyfill';
import { RequestError } from '../errors.ts';

export interface Range {
  readonly from: string;
  readonly to: string;
  readonly timeZone: string;
  /** ms since 1970; `until` is not included. */
  readonly since: number;
  readonly until: number;
  readonly days: number;
}

export interface RangeRequest {
  from?: string;
  to?: string;
  timeZone?: string;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;
export const daysAtMost = 1098;

/**
 * @param before how many days before `to` it begins, where nothing is said
 * @param ahead how many days after today it ends, where nothing is said
 * Throws `time-zone-unknown`, and `invalid-request` for a day that there is not or too long a range.
 */
export function rangeOf(
  { from, to, timeZone = 'UTC' }: RangeRequest,
  { atMost = daysAtMost, before = 29, ahead = 0, now = Date.now() } = {},
): Range {
  const zone = zoneOf(timeZone);
  const today = Temporal.Instant.fromEpochMilliseconds(now).toZonedDateTimeISO(zone).toPlainDate();
  const last = to === undefined ? later(from, today.add({ days: ahead })) : dayOf('to', to);
  const first = from === undefined ? last.subtract({ days: before + ahead }) : dayOf('from', from);
  const days = first.until(last).days + 1;
  if (days < 1) refuse('to', 'must not be before `from`');
  if (days > atMost) refuse('from', `must be at most ${atMost} days before the end of \`to\``);
  return {
    from: first.toString(),
    to: last.toString(),
    timeZone: zone,
    since: first.toZonedDateTime(zone).epochMilliseconds,
    until: last.add({ days: 1 }).toZonedDateTime(zone).epochMilliseconds,
    days,
  };
}

/** Who names only a day to begin with may mean one that is still to come. */
function later(from: string | undefined, end: Temporal.PlainDate): Temporal.PlainDate {
  const first = from === undefined ? end : dayOf('from', from);
  return Temporal.PlainDate.compare(first, end) > 0 ? first : end;
}

function zoneOf(name: string): string {
  try {
    // Offsets such as +01:00 know nothing of daylight saving.
    if (/^[A-Za-z]/.test(name))
      return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name).timeZoneId;
  } catch {
    // Said below.
  }
  throw new RequestError('time-zone-unknown', { field: 'timeZone', found: name });
}

function dayOf(field: string, text: string): Temporal.PlainDate {
  try {
    return Temporal.PlainDate.from(text);
  } catch {
    return refuse(field, 'must be a day that there is, YYYY-MM-DD');
  }
}

function refuse(field: string, allowed: string): never {
  throw new RequestError('invalid-request', { field, allowed });
}

/** Where each day or hour of a range begins, and where the last ends; ms since 1970. */
export function bucketsOf(range: Range, by: 'day' | 'hour'): number[] {
  const begins: number[] = [];
  let day = Temporal.PlainDate.from(range.from);
  for (let i = 0; i < range.days; i++) {
    const begin = day.toZonedDateTime(range.timeZone).epochMilliseconds;
    day = day.add({ days: 1 });
    const end = day.toZonedDateTime(range.timeZone).epochMilliseconds;
    // A zone that crosses the date line leaves a whole day out.
    if (begin >= end) continue;
    if (by === 'day') begins.push(begin);
    else for (let at = begin; at < end; at += hourMs) begins.push(at);
  }
  return [...begins, range.until];
}

/** A moment as the clocks of a zone show it, with its offset. */
export const localInstant = (ms: number, timeZone: string): string =>
  Temporal.Instant.fromEpochMilliseconds(ms).toString({ timeZone, smallestUnit: 'second' });

const grains = ['month', 'day', 'hour', '15min'] as const;
export type Grain = (typeof grains)[number];
const eventGrains: readonly Grain[] = ['month', 'day', '15min'];

/** A part of a range, cut into sums of one length: months and days of UTC, hours, quarters of an hour. */
export interface Piece {
  grain: Grain;
  since: number;
  until: number;
}

/**
 * Cuts a range into the fewest sums there are. What is still to come has nothing in it: a range that ends there
 * takes the whole of today.
 */
export function piecesOf({ since, until }: { since: number; until: number }, now = Date.now()): Piece[] {
  const end = until > now ? Math.ceil(until / dayMs) * dayMs : until;
  return cut(since, end, eventGrains);
}

/** The pieces of each bucket; there are hours as well, except of single events. */
export const bucketPieces = (
  bounds: readonly number[],
  { hours }: { hours: boolean },
): (Piece & { place: number })[] =>
  bounds.slice(0, -1).flatMap((since, i) =>
    cut(since, bounds[i + 1] ?? since, hours ? grains : eventGrains).map((piece) => ({
      place: i + 1,
      ...piece,
    })),
  );

/** What is whole in the longest grain, and what is left over at its edges in the shorter ones. */
function cut(since: number, until: number, [grain, ...shorter]: readonly Grain[]): Piece[] {
  if (since >= until || grain === undefined) return [];
  // Days begin at a quarter of an hour in every zone there is.
  if (grain === '15min') return [{ grain, since, until }];
  const [first, last] = [beginAfter(since, grain), beginOf(until, grain)];
  if (first >= last) return cut(since, until, shorter);
  return [...cut(since, first, shorter), { grain, since: first, until: last }, ...cut(last, until, shorter)];
}

function beginOf(ms: number, grain: Grain): number {
  if (grain === 'hour') return Math.floor(ms / hourMs) * hourMs;
  if (grain === 'day') return Math.floor(ms / dayMs) * dayMs;
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth(), 1);
}

function beginAfter(ms: number, grain: Grain): number {
  const begin = beginOf(ms, grain);
  if (begin === ms) return ms;
  if (grain === 'hour') return begin + hourMs;
  if (grain === 'day') return begin + dayMs;
  const date = new Date(ms);
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() + 1, 1);
}
