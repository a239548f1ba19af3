import { defineScript, nothing } from './script.ts';

/** Ends an entry of the waitlist by the will of its owner. */
export const leaveWaitlist = defineScript(
  'leave-waitlist',
  (args: { owner: string; entryId: string; actor: string }) => [args.owner, args.entryId, args.actor],
  { left: nothing, 'unknown-entry': nothing },
);
