/** What must be true when everybody has stopped: every map is right, no seat is sold twice. */
import type { SeatcastClient } from '../../src/client/client.ts';
import type { SeatsWatchReply } from '../../src/contracts.gen.ts';
import { decodeSnapshot } from '../../src/seats/codec.ts';
import type { Buyer } from './buyer.ts';
import type { Tally } from './tally.ts';
import { connect, type Viewer } from './viewers.ts';

/** The last tick, a lost one's beacon and the catching up are over by then. */
const settledWithinMs = 20_000;

/**
 * Compares every viewer's map with a fresh one. Others may use the hub as well, so a map that is at another
 * position is looked at again with the next fresh one; one that differs at the same position is wrong.
 */
export async function wrongMaps(
  nodes: readonly string[],
  eventId: string,
  viewers: Viewer[],
): Promise<number> {
  const witness = await connect(nodes, 0).ready();
  const until = Date.now() + settledWithinMs;
  let wrong = 0;
  let left = viewers;
  try {
    while (left.length > 0) {
      const reply = await witness.request('seats:watch', { eventId });
      const verdicts = left.map(({ map }) => compare(map.replica, reply));
      wrong += verdicts.filter((verdict) => verdict === 'wrong').length;
      left = left.filter((_, i) => verdicts[i] === 'elsewhere');
      if (Date.now() > until) return wrong + left.length;
      if (left.length > 0) await new Promise((resolve) => setTimeout(resolve, 100));
    }
    return wrong;
  } finally {
    witness.close();
  }
}

function compare(map: Viewer['map']['replica'], reply: SeatsWatchReply): 'right' | 'wrong' | 'elsewhere' {
  if (map.epoch !== reply.epoch || map.position !== reply.position || !reply.snapshot) return 'elsewhere';
  const seats = decodeSnapshot(reply.snapshot);
  return Buffer.compare(seats, map.seats) === 0 ? 'right' : 'wrong';
}

/**
 * Reads what the hub says each buyer has: adds seats that two of them have to the tally's.
 * @returns how many bookings that were confirmed to a buyer the hub does not have
 */
export async function checkBookings(
  eventId: string,
  buyers: readonly { buyer: Buyer; client: SeatcastClient }[],
  tally: Tally,
): Promise<number> {
  const owners = new Map<number, string>();
  let lost = 0;
  for (const { buyer, client } of buyers) {
    const ids = new Set<string>();
    let cursor: string | null | undefined;
    do {
      const filter = { eventId, status: 'confirmed' as const, limit: 100, ...(cursor ? { cursor } : {}) };
      const reply = await patiently(() => client.request('bookings:list', filter));
      for (const { id, seats } of reply.bookings) {
        ids.add(id);
        for (const { seat } of seats) {
          if (owners.has(seat) && owners.get(seat) !== id) tally.doubleSold.add(seat);
          owners.set(seat, id);
        }
      }
      cursor = reply.nextCursor;
    } while (cursor);
    lost += buyer.bookings.filter(({ id }) => !ids.has(id)).length;
  }
  return lost;
}

/** A node that is just being restarted answers a little later. */
async function patiently<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await work();
    } catch (error) {
      if (attempt === 10) throw error;
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
  }
}
