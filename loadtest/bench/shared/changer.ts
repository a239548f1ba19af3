/** Somebody who holds seats and lets them go, so that a map changes as often as a question needs. */
import { randomUUID } from 'node:crypto';
import { Talk } from '../../shared/talk.ts';

export interface Changer {
  /** Holds so many free seats, or releases what was held first; resolves with the position it led to. */
  change(): Promise<number>;
  /** Lets go of everything. */
  releaseAll(): Promise<void>;
  close(): void;
}

/** Holds that live at a time, so that no seat changes twice in a tick. */
const living = 8;

/** Seats that a changer needs for itself, for each it changes at once. */
export const seatsForChanger = 2 * living;

export async function startChanger(
  node: string,
  options: { eventId: string; token: string; firstSeat: number; seatsAtOnce: number },
): Promise<Changer> {
  const { eventId, token, firstSeat, seatsAtOnce } = options;
  const talk = await Talk.connect(node, token);
  const held: string[] = [];
  let round = 0;

  async function hold(): Promise<number> {
    const first = firstSeat + (round++ % seatsForChanger) * seatsAtOnce;
    const seats = Array.from({ length: seatsAtOnce }, (_, i) => first + i);
    const { hold, position } = await talk.granted('seats:hold', { eventId, seats, requestId: randomUUID() });
    held.push(hold.holdId);
    return position;
  }

  async function release(holdId: string): Promise<number> {
    return (await talk.granted('seats:release', { eventId, holdId, requestId: randomUUID() })).position;
  }

  // One after the other, or a hold might overtake the release that makes room for it.
  let last: Promise<unknown> = Promise.resolve();

  return {
    change() {
      const change = last.then(() => {
        const oldest = held.length >= living ? held.shift() : undefined;
        return oldest ? release(oldest) : hold();
      });
      last = change;
      return change;
    },
    async releaseAll() {
      for (const holdId of held.splice(0)) await release(holdId);
    },
    close: () => talk.close(),
  };
}

/** Calls something again and again, whether the last one has ended or not, until told to stop. */
export function every(ms: () => number, call: () => Promise<unknown>): { stop(): Promise<void> } {
  const under = new Set<Promise<unknown>>();
  let due = performance.now();
  let timer: NodeJS.Timeout;
  const next = () => {
    const promise = call().finally(() => under.delete(promise));
    under.add(promise);
    due += ms();
    timer = setTimeout(next, Math.max(0, due - performance.now()));
  };
  next();
  return {
    async stop() {
      clearTimeout(timer);
      await Promise.all(under);
    },
  };
}
