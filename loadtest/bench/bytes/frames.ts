/** The length of whole WebSocket frames that say the same, in bytes. */
import type { SeatsChanged, SeatsWatchReply } from '../../../src/contracts.gen.ts';
import {
  decodeChanges,
  decodeSnapshot,
  encodeChanges,
  encodeSnapshot,
  type SeatState,
} from '../../../src/seats/codec.ts';
import { newEpoch, newId } from '../../../src/ids.ts';
import { eventFrame } from '../../../src/socket/frame.ts';

export const writers = ['ours', 'short', 'objects', 'labels'] as const;
export type Frames = Record<(typeof writers)[number], number>;

const words = ['free', 'held', 'sold', 'blocked'] as const;
const seatsInRow = 20;
const head = { eventId: newId(), epoch: newEpoch() };
/** A sale in full swing. */
const position = 104_217;

const label = (seat: number): string =>
  `Stalls, row ${1 + Math.floor(seat / seatsInRow)}, seat ${1 + (seat % seatsInRow)}`;
const objects = (states: Iterable<[number, SeatState]>) =>
  Array.from(states, ([seat, state]) => ({ seat, status: words[state] }));
const labelled = (states: Iterable<[number, SeatState]>) =>
  Array.from(states, ([seat, state]) => ({ seat: label(seat), status: words[state] }));

/** The answer to `seats:watch`. */
export function snapshotFrames(seats: Uint8Array): Frames {
  const reply = (map: object) =>
    frameBytes(
      `430${JSON.stringify([{ ok: true, data: { ...head, position, stale: false, ...map, now: Date.now(), holds: [] } }])}`,
    );
  const snapshot = encodeSnapshot(seats);
  if (Buffer.compare(decodeSnapshot(snapshot), seats) !== 0) throw new Error('a snapshot is wrong');
  const list = [...seats.entries()] as [number, SeatState][];
  return {
    ours: reply({ snapshot } satisfies Partial<SeatsWatchReply>),
    short: reply({ seats: [...seats] }),
    objects: reply({ seats: objects(list) }),
    labels: reply({ seats: labelled(list) }),
  };
}

/** `seats:changed`. */
export function changesFrames(changes: Map<number, SeatState>): Frames {
  const tick: SeatsChanged = { ...head, from: position - 40, to: position, changes: encodeChanges(changes) };
  const read = decodeChanges(tick.changes);
  if (read.size !== changes.size || [...changes].some(([seat, state]) => read.get(seat) !== state)) {
    throw new Error('a tick is wrong');
  }
  const other = (changed: unknown[]) =>
    frameBytes(`42${JSON.stringify(['seats:changed', { ...tick, changes: changed }])}`);
  return {
    ours: frameBytes(eventFrame('seats:changed', tick)),
    short: other([...changes]),
    objects: other(objects(changes)),
    labels: other(labelled(changes)),
  };
}

/** With the header that a server puts before it. */
function frameBytes(text: string): number {
  const payload = Buffer.byteLength(text);
  if (payload < 126) return payload + 2;
  return payload + (payload < 2 ** 16 ? 4 : 10);
}
