import { defineScript, nothing } from './script.ts';

/** Ends an attempt to book that wrote nothing: the hold goes on as before. */
export const resumeHold = defineScript(
  'resume-hold',
  (args: { holdId: string; state: 'h' | 'p' }) => [args.holdId, args.state],
  { resumed: nothing, confirming: nothing, 'unknown-hold': nothing },
);
