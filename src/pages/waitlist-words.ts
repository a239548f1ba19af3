/** Waiting in words: what somebody waits for, where they stand, and what became of it. */
import type { WaitlistClosed, WaitlistEntry } from '../contracts.gen.ts';
import { number, plural } from './format.ts';

export interface Wish {
  quantity: number;
  /** null: any. */
  category: string | null;
  together: boolean;
}

/** So many offers may go by; the last of them ends the entry. */
export const offersAtMost = 3;

/** "2 seats together, Balcony". */
export function wishWords({ quantity, category, together }: Wish): string {
  const seats = `${plural(quantity, 'seat')}${together && quantity > 1 ? ' together' : ''}`;
  return `${seats}, ${category ?? 'any category'}`;
}

/** @param length how many wait; undefined while nobody has said */
export function placeWords(position: number | null, length: number | undefined): string {
  if (position === null) return 'One moment…';
  if (position === 1) return 'You are next in line.';
  const of = length !== undefined && length >= position ? ` of ${number(length)}` : '';
  return `You are number ${number(position)}${of} in line.`;
}

/** Nothing while no offer has gone by. */
export function missedWords(missedOffers: number): string {
  if (missedOffers === 0) return '';
  const left = offersAtMost - missedOffers;
  const gone = missedOffers === 1 ? 'One offer has gone by.' : `${missedOffers} offers have gone by.`;
  return `${gone} ${left > 1 ? `You get ${left} more.` : 'The next one is your last.'}`;
}

export const expiredWords = (wish: Wish): string =>
  `Your time for ${plural(wish.quantity, 'seat')} ran out: others can have them now. You wait on, at the end of the line.`;

export const declinedWords = (wish: Wish): string =>
  `You let ${plural(wish.quantity, 'seat')} go. You wait on, at the end of the line.`;

export const goneWords = 'That offer has ended: its time ran out, or you have answered it elsewhere.';

/** Why somebody waits no longer, who did not leave. */
export function closedWords(reason: WaitlistClosed['reason'] | 'unknown', wish: Wish | undefined): string {
  const what = wish ? ` for ${wishWords(wish)}` : '';
  const why = {
    'event-started': 'the event has started',
    'event-cancelled': 'the event was cancelled',
    'sale-ended': 'tickets are not sold any more',
    'offers-missed': `${offersAtMost} offers have gone by`,
    unknown: 'the waitlist was closed',
  };
  const again = reason === 'offers-missed' ? ' You can join again, at the end of the line.' : '';
  return `You wait no longer${what}: ${why[reason]}.${again}`;
}

/** What became of an entry while nobody looked; nothing if its owner ended it. */
export function endedWords(entry: WaitlistEntry): string {
  if (entry.state === 'expired') return closedWords('offers-missed', entry);
  return entry.state === 'closed' ? closedWords('unknown', entry) : '';
}
