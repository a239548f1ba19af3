import { decodeHold, defineScript, nothing } from './script.ts';

/** Gives a hold its paying time, once, and settles which seats are paid for. */
export const beginPayment = defineScript(
  'begin-payment',
  (args: { owner: string; holdId: string; payingMs: number }) => [args.owner, args.holdId, args.payingMs],
  { paying: decodeHold, 'unknown-hold': nothing, confirming: nothing, closed: nothing },
);
