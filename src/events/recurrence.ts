/**
 * The dates of a recurring event: an RRULE of RFC 5545 in the time zone of the event, so that 19:30 stays 19:30
 * whatever daylight saving does. A time that a day skips makes no date and does not count (RFC 5545, 3.3.10); of a
 * time that a day has twice it is the first.
 */
import { createContext, Script } from 'node:vm';
import { RRuleTemporal } from 'rrule-temporal';
import { Temporal } from 'temporal-polyfill';
import { RequestError } from '../errors.ts';

export const mostDates = 366;
/** Days, weeks, months or years that are looked at: enough for 29 February, and over in a moment. */
const mostPeriods = 5000;
/** A rule whose days are hard to find, or that has none, is given up: nothing else runs meanwhile. */
const mostMs = 1000;
/** Days of each period, which are all that BYSETPOS can choose from: a time of day there is only one. */
const daysOf: Readonly<Record<string, number>> = { DAILY: 1, WEEKLY: 7, MONTHLY: 31, YEARLY: 366 };

/** Parts that say on which day; which time it is, `startsAt` says. */
const parts: Readonly<Record<string, RegExp>> = {
  FREQ: /^(DAILY|WEEKLY|MONTHLY|YEARLY)$/,
  INTERVAL: /^[1-9]\d{0,2}$/,
  COUNT: /^[1-9]\d{0,2}$/,
  UNTIL: /^\d{8}(T\d{6}Z)?$/,
  BYDAY: /^[+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU)(,[+-]?\d{0,2}(MO|TU|WE|TH|FR|SA|SU))*$/,
  BYMONTHDAY: /^[+-]?\d{1,2}(,[+-]?\d{1,2})*$/,
  BYMONTH: /^\d{1,2}(,\d{1,2})*$/,
  BYYEARDAY: /^[+-]?\d{1,3}(,[+-]?\d{1,3})*$/,
  BYWEEKNO: /^[+-]?\d{1,2}(,[+-]?\d{1,2})*$/,
  BYSETPOS: /^[+-]?\d{1,3}(,[+-]?\d{1,3})*$/,
  WKST: /^(MO|TU|WE|TH|FR|SA|SU)$/,
};

/** What each may be, in words. */
const values: Readonly<Record<string, string>> = {
  FREQ: 'DAILY, WEEKLY, MONTHLY or YEARLY',
  INTERVAL: 'a number from 1 to 999',
  COUNT: 'a number from 1 to 999',
  UNTIL: 'a day or a moment of UTC, such as 20271231 or 20271231T235959Z',
  BYDAY: 'days of the week, such as FR,SA, where a number may go before, such as 2TU or -1SU',
  BYMONTHDAY: 'days of the month, such as 1,15,-1',
  BYMONTH: 'months, such as 1,12',
  BYYEARDAY: 'days of the year, such as 1,-1',
  BYWEEKNO: 'weeks of the year, such as 1,-1',
  BYSETPOS: 'places among the days of a period, such as 1,-1',
  WKST: 'MO, TU, WE, TH, FR, SA or SU',
};

/**
 * @param except days of the time zone, as 2027-12-25, that are left out
 * @throws `rule-invalid`, which says what is wrong
 */
export function datesOf(rule: string, first: Date, timeZone: string, except: readonly string[] = []): Date[] {
  checkParts(rule);
  const dtstart = zoned(first, timeZone);
  const found: Temporal.ZonedDateTime[] = [];
  try {
    const rrule = new RRuleTemporal({
      rruleString: rule,
      dtstart,
      maxIterations: mostPeriods,
      maxCandidateEvaluations: mostPeriods * mostDates,
      temporal: Temporal,
    });
    withinTime(() =>
      rrule.all((date) => {
        found.push(date);
        return found.length <= mostDates;
      }),
    );
  } catch (error) {
    if (isTimeout(error)) throw invalid('its dates take too long to find');
    throw invalid(error instanceof Error ? error.message.slice(0, 200) : 'it cannot be read');
  }
  if (found.length > mostDates) throw invalid(`it has more than ${mostDates} dates`);
  if (found[0]?.epochMilliseconds !== first.getTime()) throw invalid('startsAt is not one of its dates');
  const days = new Set(found.map((date) => date.toPlainDate().toString()));
  const stray = except.find((day) => !days.has(day));
  if (stray !== undefined) throw invalid(`${stray}, which is left out by \`except\`, is none of its days`);
  const out = new Set(except);
  const dates = found.filter((date) => !out.has(date.toPlainDate().toString()));
  if (dates.length === 0) throw invalid('it has no dates');
  return dates.map((date) => new Date(date.epochMilliseconds));
}

const inside = { work: (): unknown => undefined };
createContext(inside);
const doWork = new Script('work()');

/** The library asks nobody while it finds no date, so the engine itself must end it. */
function withinTime(work: () => unknown): void {
  inside.work = work;
  doWork.runInContext(inside, { timeout: mostMs });
}

/** Such an error comes from the other context, whose `Error` is another one. */
const isTimeout = (error: unknown) =>
  (error as { code?: unknown } | null)?.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';

function checkParts(rule: string): void {
  const seen = new Map<string, string>();
  for (const part of rule.split(';')) {
    const [name = '', value = ''] = part.split('=');
    const known = Object.hasOwn(parts, name) ? parts[name] : undefined;
    if (!known) throw invalid(`${name} is not a part it may have: ${Object.keys(parts).join(', ')}`);
    if (!known.test(value)) throw invalid(`${name} must be ${values[name]}`);
    if (seen.has(name)) throw invalid(`${name} may be given once`);
    seen.set(name, value);
  }
  if (!seen.has('FREQ')) throw invalid('FREQ is missing');
  if (seen.has('COUNT') === seen.has('UNTIL')) throw invalid('it needs either COUNT or UNTIL');
  const days = daysOf[seen.get('FREQ') ?? ''] ?? 0;
  const positions = seen.get('BYSETPOS')?.split(',').map(Number) ?? [];
  const wrong = positions.find((position) => position === 0 || Math.abs(position) > days);
  if (wrong !== undefined) throw invalid(`BYSETPOS ${wrong} is none of the ${days} days it chooses from`);
}

const invalid = (problem: string) => new RequestError('rule-invalid', { problem }, `The rule: ${problem}.`);

const zoned = (date: Date, timeZone: string) =>
  Temporal.Instant.fromEpochMilliseconds(date.getTime()).toZonedDateTimeISO(timeZone);

/** The time on the clock between two moments: from 19:30 to 19:30 tomorrow are 24 hours on any day. */
export const clockBetween = (from: Date, to: Date, timeZone: string): Temporal.Duration =>
  zoned(from, timeZone)
    .toPlainDateTime()
    .until(zoned(to, timeZone).toPlainDateTime(), { largestUnit: 'hour' });

/** So much later on the clock. A time that the day skips is moved on by as much as is skipped. */
export function laterOnClock(date: Date, by: Temporal.Duration, timeZone: string): Date {
  const later = zoned(date, timeZone).toPlainDateTime().add(by).toZonedDateTime(timeZone);
  return new Date(later.epochMilliseconds);
}
