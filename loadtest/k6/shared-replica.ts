/**
 * Tens of maps in one VU follow the same ticks, and k6 runs JavaScript a hundred times slower than a browser: what
 * one of them has worked out, the others take over when they get there. One that has missed something is somewhere
 * else and goes its own way, with the same rules.
 */
import { decodeChanges, states } from '../../src/seats/codec.ts';
import { Replica, type Tick } from '../../src/seats/replica.ts';

/** Of each kind. Sockets of one VU are at most so many ticks apart, or do the work themselves. */
const remembered = 200;

const decoded = new Map<string, ReturnType<typeof decodeChanges>>();

/** Answers the same map for the same text. */
export function decodeOnce(text: string): ReturnType<typeof decodeChanges> {
  const known = decoded.get(text);
  if (known) return known;
  const changes = decodeChanges(text);
  if (decoded.size === remembered) decoded.clear();
  decoded.set(text, changes);
  return changes;
}

/** What a tick made of a map. Seats are never changed in place, so the same array is the same map. */
interface Step {
  before: Uint8Array;
  tick: Tick;
  position: number;
  after: Uint8Array;
  different: number[];
}
const steps = new Map<Tick['changes'], Step>();
let lastLoaded: SharedReplica | undefined;

export class SharedReplica extends Replica {
  override load(epoch: string, position: number, seats: Uint8Array): void {
    super.load(epoch, position, lastLoaded && same(lastLoaded.seats, seats) ? lastLoaded.seats : seats);
    lastLoaded = this;
  }

  override apply(tick: Tick): ReturnType<Replica['apply']> {
    const step = steps.get(tick.changes);
    if (step?.before === this.seats && step.position === this.position && sameTick(step.tick, tick)) {
      this.seats = step.after;
      this.position = tick.to;
      return step.different;
    }
    const { seats: before, position } = this;
    this.seats = before.slice();
    const result = super.apply(tick);
    if (typeof result === 'string') {
      this.seats = before;
      return result;
    }
    if (steps.size === remembered) steps.clear();
    steps.set(tick.changes, { before, position, tick, after: this.seats, different: result });
    return result;
  }
}

let [lastLookedAt, lastNothingFree]: [Uint8Array, boolean] = [new Uint8Array(), true];

/** Whether a map that is never changed in place has no free seat. */
export function nothingFree(seats: Uint8Array): boolean {
  if (seats !== lastLookedAt) {
    lastLookedAt = seats;
    lastNothingFree = !seats.includes(states.free);
  }
  return lastNothingFree;
}

const sameTick = (one: Tick, other: Tick): boolean =>
  one.epoch === other.epoch && one.from === other.from && one.to === other.to;

/** Whether two maps look alike. */
export const same = (some: Uint8Array, others: Uint8Array): boolean =>
  some.length === others.length && some.every((state, seat) => state === others[seat]);
