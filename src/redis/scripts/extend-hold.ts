import { decodeHold, defineScript, nothing, type RequestArgs } from './script.ts';

export interface ExtendHoldArgs extends RequestArgs {
  holdId: string;
}

/** Gives a hold its full time anew. */
export const extendHold = defineScript(
  'extend-hold',
  (args: ExtendHoldArgs) => [args.owner, args.requestId, args.fingerprint, args.holdId],
  {
    extended: decodeHold,
    reused: nothing,
    closed: nothing,
    'unknown-hold': nothing,
    confirming: nothing,
    'used-up': nothing,
  },
);
