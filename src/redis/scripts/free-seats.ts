import { defineScript, seatList } from './script.ts';

/** Shows cancelled seats of a booking as free, each once. */
export const freeSeats = defineScript(
  'free-seats',
  (args: { owner: string; bookingId: string; holdId: string; seats: readonly number[] }) => [
    args.owner,
    args.bookingId,
    args.holdId,
    ...args.seats,
  ],
  { freed: ([seats]) => ({ seats: seatList(seats) }) },
);
