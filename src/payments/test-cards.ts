/**
 * What the simulated provider does is asked for by the number of a card. A colon and a number after it
 * change the milliseconds or the times of the card: `4000000000020006:300` is authorised after 300 ms.
 */
import { declineTexts } from './declines.ts';
import type { DeclineCode } from './provider.ts';

/** Calls that a card can disturb. */
export type FaultyCall = 'authorise' | 'capture' | 'void' | 'refund';

export interface CardFault {
  readonly call: FaultyCall;
  /**
   * - `fails`: nothing is done, and that is told (as an HTTP 500 would)
   * - `lost`: nothing is done, and no answer comes
   * - `unanswered`: it is done, and no answer comes
   * - `refused`: nothing is done, for good
   */
  readonly how: 'fails' | 'lost' | 'unanswered' | 'refused';
  /** How many calls it befalls; those after it go well. */
  readonly times: number;
}

export interface TestCard {
  readonly number: string;
  /** For people: the documentation prints it. */
  readonly about: string;
  /** Authorising is declined with this. */
  readonly decline?: DeclineCode;
  /** Authorising takes this long. */
  readonly delayMs?: number;
  /** Authorising answers `pending`; it ends by itself as told. */
  readonly settles?: { readonly afterMs: number; readonly as: 'authorised' | 'declined' };
  /** How many times the provider tells that it is authorised, unasked. */
  readonly notices?: number;
  readonly fault?: CardFault;
}

/** More often than anybody asks, and still an integer of PostgreSQL. */
const forEver = 1_000_000_000;
/** 11 days: a timer of Node takes no more than 24. */
const neverMs = 1_000_000_000;

const card = (number: string, about: string, rest: Omit<TestCard, 'number' | 'about'> = {}): TestCard => ({
  number,
  about,
  ...rest,
});
const fault = (
  number: string,
  about: string,
  ...[call, how, times]: [FaultyCall, CardFault['how'], number]
) => card(number, about, { fault: { call, how, times } });

/** The first and the declined ones have the numbers that Stripe's test mode knows as well. */
export const testCards: readonly TestCard[] = [
  card('4242424242424242', 'Approved at once.'),
  card('4000000000000002', 'Declined, without a reason.', { decline: 'card-declined' }),
  card('4000000000009995', 'Declined: not enough money.', { decline: 'insufficient-funds' }),
  card('4000000000009979', 'Declined: stolen.', { decline: 'card-lost-or-stolen' }),
  card('4000000000000069', 'Declined: expired.', { decline: 'card-expired' }),
  card('4000000000000127', 'Declined: wrong code.', { decline: 'card-details-wrong' }),
  card('4000000000020001', 'Approved after 3 s.', { delayMs: 3000 }),
  fault('4000000000020002', 'Authorised, but the first answer never comes.', 'authorise', 'unanswered', 1),
  fault('4000000000020003', 'The first request to authorise is lost.', 'authorise', 'lost', 1),
  fault('4000000000020004', 'Every request to authorise is lost.', 'authorise', 'lost', forEver),
  card('4000000000020005', 'Approved, and told twice more.', { notices: 2 }),
  card('4000000000020006', 'Pending, then approved after 2 s.', {
    settles: { afterMs: 2000, as: 'authorised' },
    notices: 1,
  }),
  card('4000000000020007', 'Pending, then declined after 2 s.', {
    settles: { afterMs: 2000, as: 'declined' },
    notices: 1,
  }),
  card('4000000000020008', 'Pending for ever.', { settles: { afterMs: neverMs, as: 'authorised' } }),
  fault('4000000000020009', 'Authorising fails 2 times.', 'authorise', 'fails', 2),
  fault('4000000000030001', 'Capture fails 2 times.', 'capture', 'fails', 2),
  fault('4000000000030002', 'Capture fails for ever.', 'capture', 'fails', forEver),
  fault('4000000000030003', 'Capture is refused.', 'capture', 'refused', forEver),
  fault('4000000000030004', 'Captured, but the first answer never comes.', 'capture', 'unanswered', 1),
  fault('4000000000040001', 'Voiding fails 2 times.', 'void', 'fails', 2),
  fault('4000000000040002', 'Voided, but the first answer never comes.', 'void', 'unanswered', 1),
  fault('4000000000050001', 'Refunding fails 2 times.', 'refund', 'fails', 2),
  fault('4000000000050002', 'Refunding is refused.', 'refund', 'refused', forEver),
  fault('4000000000050003', 'Refunded, but the first answer never comes.', 'refund', 'unanswered', 1),
];

const byNumber = new Map(testCards.map((each) => [each.number, each]));

/** The card of a method, with its number of milliseconds or times put in. undefined: no test card. */
export function testCard(method: string): TestCard | undefined {
  const [, number = '', given] = /^([\d ]+)(?::(\d{1,9}))?$/.exec(method) ?? [];
  const found = byNumber.get(number.replaceAll(' ', ''));
  if (!found || given === undefined) return found;
  const n = Number(given);
  const { delayMs, settles, fault } = found;
  return {
    ...found,
    ...(delayMs === undefined ? {} : { delayMs: n }),
    ...(settles ? { settles: { ...settles, afterMs: n } } : {}),
    ...(fault && fault.how !== 'refused' ? { fault: { ...fault, times: n } } : {}),
  };
}

/** What a declined card answers. */
export const declineOf = (code: DeclineCode) => ({ code, reason: declineTexts[code] });
