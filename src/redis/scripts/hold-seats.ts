import { decodeHold, defineScript, nothing, type RequestArgs, seatList } from './script.ts';

export interface HoldSeatsArgs extends RequestArgs {
  /** Id of the hold that is made. */
  holdId: string;
  /** A live hold of this owner to add to instead. */
  into: string | undefined;
  seats: readonly number[];
}

/** Holds seats, all or none. */
export const holdSeats = defineScript(
  'hold-seats',
  (args: HoldSeatsArgs) => [
    args.owner,
    args.requestId,
    args.fingerprint,
    args.holdId,
    args.into ?? '',
    ...args.seats,
  ],
  {
    held: decodeHold,
    reused: nothing,
    closed: nothing,
    'unknown-seats': ([seats, count]) => ({ seats: seatList(seats), count: Number(count) }),
    'unknown-hold': nothing,
    confirming: nothing,
    'seats-per-hold': ([allowed]) => ({ allowed: Number(allowed) }),
    'seats-per-buyer': ([allowed, left]) => ({ allowed: Number(allowed), left: Number(left) }),
    taken: ([seats]) => ({ seats: seatList(seats) }),
  },
);
