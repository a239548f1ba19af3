import { defineScript, nothing, seatList } from './script.ts';

/** Marks a hold as being booked and gives it `graceMs` for it. */
export const beginConfirm = defineScript(
  'begin-confirm',
  (args: { owner: string; holdId: string; graceMs: number }) => [args.owner, args.holdId, args.graceMs],
  {
    confirming: ([deadline, seats, attempt]) => ({
      deadline: Number(deadline),
      seats: seatList(seats),
      attempt: Number(attempt),
    }),
    'unknown-hold': nothing,
    foreign: nothing,
    closed: nothing,
    exhausted: nothing,
  },
);
