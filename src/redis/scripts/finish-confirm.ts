import { defineScript, nothing } from './script.ts';

/** Shows the seats of a booking as sold and ends its hold, but for seats that were cancelled meanwhile. */
export const finishConfirm = defineScript(
  'finish-confirm',
  (args: { owner: string; holdId: string; bookingId: string; seats: readonly number[] }) => [
    args.owner,
    args.holdId,
    args.bookingId,
    ...args.seats,
  ],
  { sold: nothing, cancelled: nothing },
);
