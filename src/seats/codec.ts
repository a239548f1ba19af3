/**
 * How seat states look on the wire (schemas/types.json, `Changes` and `Snapshot`). Runs in browsers too.
 *
 * A state is a number in memory and a letter on the wire: f free, h held, s sold, b blocked. A change in
 * a busy tick takes about 3 bytes, a snapshot 2 bits a seat or less.
 */
import type { Snapshot } from '../contracts.gen.ts';

export const letters = 'fhsb';
export const states = { free: 0, held: 1, sold: 2, blocked: 3 } as const;
export type SeatState = (typeof states)[keyof typeof states];

/** "ffhs" to a byte a seat. Letters that are not ours count as blocked: nobody may buy such a seat. */
export function statesOfLetters(text: string): Uint8Array {
  const result = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) {
    const state = letters.indexOf(text.charAt(i));
    result[i] = state < 0 ? states.blocked : state;
  }
  return result;
}

export const lettersOfStates = (seats: Uint8Array): string =>
  Array.from(seats, (state) => letters.charAt(state)).join('');

/** "12h15s", as the scripts cut a tick, to seat and state. */
export function decodeRawTick(raw: string): Map<number, SeatState> {
  const changes = new Map<number, SeatState>();
  for (const [, seat, letter] of raw.matchAll(/(\d+)([fhsb])/g)) {
    changes.set(Number(seat), letters.indexOf(letter as string) as SeatState);
  }
  return changes;
}

/** Grouped by state, ascending, each seat as the distance from the one before, in base 36. */
export function encodeChanges(changes: ReadonlyMap<number, SeatState>): string {
  const groups: number[][] = [[], [], [], []];
  for (const [seat, state] of changes) groups[state]?.push(seat);
  return groups
    .map((seats, state) => (seats.length === 0 ? '' : letters.charAt(state) + distances(seats)))
    .filter((group) => group !== '')
    .join(';');
}

function distances(seats: number[]): string {
  seats.sort((a, b) => a - b);
  let before = 0;
  let text = '';
  for (const seat of seats) {
    text += (text === '' ? '' : '.') + (seat - before).toString(36);
    before = seat;
  }
  return text;
}

export function decodeChanges(text: string): Map<number, SeatState> {
  const changes = new Map<number, SeatState>();
  if (text === '') return changes;
  for (const group of text.split(';')) {
    if (!/^[fhsb][\da-z]+(\.[\da-z]+)*$/.test(group)) throw new RangeError('changes: not a group of seats');
    const state = letters.indexOf(group.charAt(0)) as SeatState;
    let seat = 0;
    for (const distance of group.slice(1).split('.')) {
      seat += Number.parseInt(distance, 36);
      changes.set(seat, state);
    }
  }
  return changes;
}

/** The shorter of run lengths (a new or sold-out map: a few bytes) and two bits a seat. */
export function encodeSnapshot(seats: Uint8Array): Snapshot {
  const bitsLength = Math.ceil(Math.ceil(seats.length / 4) / 3) * 4;
  const runs = encodeRuns(seats, bitsLength);
  return runs === undefined
    ? { encoding: 'bits', count: seats.length, seats: encodeBits(seats) }
    : { encoding: 'runs', count: seats.length, seats: runs };
}

/** undefined as soon as it is longer than `limit` characters. */
function encodeRuns(seats: Uint8Array, limit: number): string | undefined {
  let text = '';
  for (let start = 0; start < seats.length; ) {
    const state = seats[start] as number;
    let end = start + 1;
    while (end < seats.length && seats[end] === state) end++;
    text += (text === '' ? '' : '.') + letters.charAt(state) + (end - start).toString(36);
    if (text.length > limit) return undefined;
    start = end;
  }
  return text;
}

function encodeBits(seats: Uint8Array): string {
  const bytes = new Uint8Array(Math.ceil(seats.length / 4));
  for (let i = 0; i < seats.length; i++) {
    const at = i >> 2;
    bytes[at] = (bytes[at] as number) | ((seats[i] as number) << ((i & 3) * 2));
  }
  let binary = '';
  for (let at = 0; at < bytes.length; at += 4096) {
    binary += String.fromCharCode(...bytes.subarray(at, at + 4096));
  }
  return btoa(binary);
}

export function decodeSnapshot(snapshot: Snapshot): Uint8Array {
  const seats = new Uint8Array(snapshot.count);
  if (snapshot.encoding === 'bits') {
    const binary = atob(snapshot.seats);
    if (binary.length * 4 < seats.length) throw new RangeError('snapshot: too short');
    for (let i = 0; i < seats.length; i++) seats[i] = (binary.charCodeAt(i >> 2) >> ((i & 3) * 2)) & 3;
    return seats;
  }
  let at = 0;
  for (const run of snapshot.seats.split('.')) {
    if (!/^[fhsb][\da-z]+$/.test(run)) throw new RangeError('snapshot: not a run of seats');
    const end = at + Number.parseInt(run.slice(1), 36);
    seats.fill(letters.indexOf(run.charAt(0)), at, end);
    at = end;
  }
  if (at !== seats.length) throw new RangeError('snapshot: its runs do not fill it');
  return seats;
}
