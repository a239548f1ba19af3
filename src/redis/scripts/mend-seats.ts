import { defineScript, nothing } from './script.ts';

/** A seat that differs from what PostgreSQL has. */
export interface SeatToMend {
  seat: number;
  /** The letter it was seen as. */
  seen: string;
  /** Who has it by PostgreSQL; '': nobody. */
  bookingId: string;
  /** The hold in Redis that has it; '': none. */
  holdId: string;
}

/** Shows seats as they should be. Of those that have changed since the look nothing is known any more. */
export const mendSeats = defineScript(
  'mend-seats',
  (args: { epoch: string; position: number; seats: readonly SeatToMend[] }) => [
    args.epoch,
    args.position,
    ...args.seats.flatMap(({ seat, seen, bookingId, holdId }) => [seat, seen, bookingId, holdId]),
  ],
  {
    mended: ([list = '']) => ({
      seats:
        list === ''
          ? []
          : list.split(',').map((each) => ({ seat: Number.parseInt(each, 10), to: each.slice(-1) })),
    }),
    moved: nothing,
  },
);
