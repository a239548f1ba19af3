/** Whether what a notification says is still so when it leaves: it may have waited for hours. */
import type { OfferState } from '../database/delivery-statements.ts';

type Payload = Readonly<Record<string, unknown>>;

/** Those that say, or mean, that the event takes place. */
const promising: ReadonlySet<string> = new Set([
  'starting-soon',
  'event-rescheduled',
  'booking-confirmed',
  'waitlist-promoted',
  'waitlist-offer-expired',
]);

/** What it is about, as it is by now; null: there is none. */
export interface Subject {
  event: { status: string; startsAt: string } | null;
  offerState: OfferState | null;
}

/**
 * Why nobody is to be told any more; undefined: it is so.
 * @param now ms
 */
export function outdated(
  { kind, payload }: { kind: string; payload: Payload },
  { event, offerState }: Subject,
  now = Date.now(),
): string | undefined {
  if (event?.status === 'cancelled' && promising.has(kind)) return 'the event is cancelled';
  const told = toldStart(kind, payload);
  const start = event ? Date.parse(event.startsAt) : told;
  if (told !== undefined && start !== told) return 'the event has another time by now';
  if (kind === 'starting-soon' && start !== undefined && start <= now) return 'the event has begun';
  const end = usefulUntil(kind, payload);
  if (kind === 'waitlist-promoted') {
    if (end !== undefined && end <= now) return 'the offer has ended';
    if (offerState !== null && offerState !== 'live') return `the offer is ${offerState}`;
  }
  return undefined;
}

/** Until when it is of use, ms; undefined: it has no such end. */
export function usefulUntil(kind: string, payload: Payload): number | undefined {
  if (kind === 'waitlist-promoted') return moment(payload.until);
  return kind === 'starting-soon' ? moment(payload.startsAt) : undefined;
}

/** The start that it is about. Others only mention one, or show the one that the event has by now. */
function toldStart(kind: string, { startsAt, after }: Payload): number | undefined {
  if (kind === 'event-rescheduled') return moment(after);
  return kind === 'starting-soon' ? moment(startsAt) : undefined;
}

function moment(value: unknown): number | undefined {
  const ms = typeof value === 'string' ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? undefined : ms;
}
