import { defineScript, nothing, seatList } from './script.ts';

/** What somebody waits for. */
export interface Wish {
  /** Index in the plan; undefined: any. */
  category: number | undefined;
  quantity: number;
  together: boolean;
}

export const encodeWish = ({ category, quantity, together }: Wish): [string | number, number, string] => [
  category ?? '*',
  quantity,
  together ? 't' : 'a',
];

/** Whether what somebody wants to wait for is free. */
export const lookForSeats = defineScript(
  'look-for-seats',
  (args: { owner: string; wish: Wish }) => [args.owner, ...encodeWish(args.wish)],
  {
    available: ([seats]) => ({ seats: seatList(seats) }),
    taken: nothing,
    'no-layout': nothing,
    closed: nothing,
    'seats-per-buyer': ([left]) => ({ left: Number(left) }),
  },
);
