import { defineScript, nothing, type RequestArgs, seatList } from './script.ts';

/** Frees the seats of a cancelled booking, once a request id. */
export const freeSeats = defineScript(
  'free-seats',
  (args: RequestArgs & { holdId: string; seats: readonly number[] }) => [
    args.owner,
    args.requestId,
    args.fingerprint,
    args.holdId,
    ...args.seats,
  ],
  { freed: ([seats]) => ({ seats: seatList(seats) }), reused: nothing },
);
