import { defineScript, nothing } from './script.ts';

/** Puts an entry of the waitlist first. */
export const promoteEntry = defineScript(
  'promote-entry',
  (args: { entryId: string; actor: string }) => [args.entryId, args.actor],
  { promoted: nothing, 'unknown-entry': nothing, closed: nothing },
);
