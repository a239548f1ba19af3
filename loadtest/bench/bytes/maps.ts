/** Maps and ticks as a sale makes them, always the same ones. */
import { type SeatState, states } from '../../../src/seats/codec.ts';

export type Random = () => number;

/** Numbers from 0 to 1 (mulberry32). */
export function randomFrom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export const soldAtRandom = (seats: number, share: number, random: Random): Uint8Array =>
  Uint8Array.from({ length: seats }, () => (random() < share ? states.sold : states.free));

export const nearlySoldOut = (seats: number, random: Random): Uint8Array =>
  soldAtRandom(seats, 0.97, random).map((state) =>
    state === states.free && random() < 1 / 3 ? states.held : state,
  );

/** So many seats, in pairs and alone, out of some that lie together in the house. */
export function busyTick(
  count: number,
  seats: number,
  among: number,
  random: Random,
): Map<number, SeatState> {
  const changes = new Map<number, SeatState>();
  const first = Math.floor(random() * (seats - among + 1));
  while (changes.size < count) {
    const seat = first + Math.floor(random() * (among - 1));
    const state = stateAfter(random());
    changes.set(seat, state);
    if (random() < 0.7 && changes.size < count) changes.set(seat + 1, state);
  }
  return changes;
}

/** Most changes are holds; what is held is then sold, or let go. */
function stateAfter(chance: number): SeatState {
  if (chance < 0.55) return states.held;
  return chance < 0.85 ? states.sold : states.free;
}
