/** What the rows of a board say at one moment: which events are shown, how each is, and when that is different. */
import { instant } from '../bookings/records.ts';
import type { Announcement, BoardEvent } from '../contracts.gen.ts';
import type { BoardEventRow, BoardRow } from '../database/board-statements.ts';

/** Everything that begins within this is on the board. */
const horizonMs = 48 * 3_600_000;
const minuteMs = 60_000;

/** An event on the board, without what changes as seats are sold. */
export type BoardLine = Omit<BoardEvent, 'seats'>;

const maybe = (text: string | null): string | null => (text === null ? null : instant(text));

/** All of the next hours, and later ones as far as they fill the first page. */
export const shownOf = (rows: readonly BoardEventRow[], now: number, perPage: number): BoardEventRow[] =>
  rows.filter((row, at) => at < perPage || Date.parse(row.startsAt) - now <= horizonMs);

export function lineOf(row: BoardEventRow, now: number): BoardLine {
  const { id, title, category, timeZone, currency, delayMinutes } = row;
  return {
    id,
    title,
    category,
    startsAt: instant(row.startsAt),
    endsAt: instant(row.endsAt),
    timeZone,
    state: stateOf(row, now),
    delayMinutes,
    sale: saleOf(row, now),
    salesStartAt: maybe(row.salesStartAt),
    currency,
  };
}

function stateOf(row: BoardEventRow, now: number): BoardLine['state'] {
  if (row.status === 'cancelled') return 'cancelled';
  return now < Date.parse(row.startsAt) + row.delayMinutes * minuteMs ? 'scheduled' : 'running';
}

function saleOf(row: BoardEventRow, now: number): BoardLine['sale'] {
  const { status, sellMode, startsAt, salesStartAt, salesEndAt } = row;
  if (status !== 'published' || now >= Date.parse(startsAt)) return 'over';
  if (salesEndAt !== null && now >= Date.parse(salesEndAt)) return 'over';
  if (sellMode === 'offline') return 'elsewhere';
  return salesStartAt !== null && now < Date.parse(salesStartAt) ? 'before' : 'open';
}

/** Whether its seats are counted: until it begins, where they are sold here. */
export const isCounted = (row: BoardEventRow, now: number): boolean =>
  row.status === 'published' && row.sellMode === 'online' && stateOf(row, now) === 'scheduled';

export const announcementOf = (row: Announcement): Announcement => ({
  ...row,
  at: maybe(row.at),
  until: instant(row.until),
  createdAt: instant(row.createdAt),
  withdrawnAt: maybe(row.withdrawnAt),
});

/** When the board is next to be read although nobody changes anything. ms since 1970 */
export function nextMoment({ events, announcements }: BoardRow, now: number): number {
  const moments = announcements.map(({ until }) => Date.parse(until));
  for (const { startsAt, endsAt, salesStartAt, salesEndAt, delayMinutes } of events) {
    const [start, end] = [Date.parse(startsAt), Date.parse(endsAt)];
    const late = delayMinutes * minuteMs;
    moments.push(start - horizonMs, start, start + late, end + late);
    for (const at of [salesStartAt, salesEndAt]) if (at !== null) moments.push(Date.parse(at));
  }
  return Math.min(...moments.filter((at) => at > now), Number.POSITIVE_INFINITY);
}
