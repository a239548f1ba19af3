import { defineScript, nothing } from './script.ts';

/** Shows the seats of a booking as sold and ends its hold, unless it was cancelled (under `undo`) meanwhile. */
export const finishConfirm = defineScript(
  'finish-confirm',
  (args: { owner: string; holdId: string; undo: string; seats: readonly number[] }) => [
    args.owner,
    args.holdId,
    args.undo,
    ...args.seats,
  ],
  { sold: nothing, cancelled: nothing },
);
