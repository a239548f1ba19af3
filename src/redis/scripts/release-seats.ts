import { decodeHold, defineScript, nothing, type RequestArgs, seatList } from './script.ts';

export interface ReleaseSeatsArgs extends RequestArgs {
  holdId: string;
  /** Empty: all of them. */
  seats: readonly number[];
}

/** Frees all or some seats of a hold. `released` carries what stays held. */
export const releaseSeats = defineScript(
  'release-seats',
  (args: ReleaseSeatsArgs) => [args.owner, args.requestId, args.fingerprint, args.holdId, ...args.seats],
  {
    released: (fields) => ({ ...decodeHold(fields), wasBeingPaid: fields[4] === 'p' }),
    reused: nothing,
    'unknown-hold': nothing,
    confirming: nothing,
    'unknown-seats': ([seats, count]) => ({ seats: seatList(seats), count: Number(count) }),
  },
);
