import { defineScript, nothing, seatList } from './script.ts';

/** One hold, whoever has it. */
export const readHold = defineScript('read-hold', (args: { holdId: string }) => [args.holdId], {
  hold: ([owner = '', state, seats]) => ({ owner, confirming: state === 'c', seats: seatList(seats) }),
  'unknown-hold': nothing,
});
