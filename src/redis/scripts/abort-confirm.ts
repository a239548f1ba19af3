import { defineScript, nothing } from './script.ts';

/** Ends a hold that PostgreSQL has refused. `soldSeats`: those of it that somebody else has bought. */
export const abortConfirm = defineScript(
  'abort-confirm',
  (args: { holdId: string; soldSeats: readonly number[] }) => [args.holdId, ...args.soldSeats],
  { aborted: nothing },
);
