/** What must be true of the maps when everything is quiet. */
import type { SeatsWatchReply } from '../../src/contracts.gen.ts';
import { decodeSnapshot } from '../../src/seats/codec.ts';
import { count, elapsed, pause } from './journal.ts';
import { same } from './shared-replica.ts';
import { SocketIo } from './socket-io.ts';
import type { Visitor } from './visitor.ts';

/** A lost last tick shows by the beacon, and what waits longest for one comes back by then. */
const settledWithinMs = 20_000;
const lookEveryMs = 250;

/**
 * Compares each map with a fresh one of the same position, from a connection of its own. One that does not get to a
 * position of a fresh one in time is wrong as well.
 */
export async function compareMaps(
  visitors: readonly Visitor[],
  { node, eventId }: { node: string; eventId: string },
): Promise<void> {
  const witness = await SocketIo.connect(node);
  const until = elapsed() + settledWithinMs;
  let left = visitors;
  while (left.length > 0) {
    const ack = await witness.request<{ ok: boolean; data: SeatsWatchReply }>('seats:watch', { eventId });
    if (!ack.ok) throw new Error('the fresh map was refused');
    const { epoch, position, snapshot } = ack.data;
    const seats = snapshot && decodeSnapshot(snapshot);
    const comparable = (visitor: Visitor) => {
      const { replica, fresh } = visitor.map;
      return seats && fresh && replica.epoch === epoch && replica.position === position;
    };
    const now = left.filter(comparable);
    const wrong = now.filter(({ map }) => !same(map.replica.seats, seats as Uint8Array));
    count('compared', now.length);
    count('wrong', wrong.length);
    left = left.filter((visitor) => !now.includes(visitor));
    if (elapsed() > until) break;
    if (left.length > 0) await pause(lookEveryMs);
  }
  count('wrong', left.length);
  witness.close();
}
