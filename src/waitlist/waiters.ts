/**
 * Who waits and has a socket on this node, so that they hear of their place in the queue. A place changes whenever
 * somebody before it goes, so a change is read once a second and event at most, for all who are here in one call.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Tells } from '../contracts.gen.ts';
import type { Logger } from '../log.ts';
import { readWaitlist } from '../redis/scripts/read-waitlist.ts';
import type { Inventory } from '../seats/inventory.ts';

/** Between two looks at the queue of an event. */
const everyMs = 1000;
/** Between two notices to other nodes about one event: each tells of what came before it. */
const announceEveryMs = 250;
/** A notice of another node may get lost. */
const atLeastEveryMs = 10_000;
const readAtOnce = 500;
/** More than sockets on a node. */
const keptAtMost = 200_000;

interface Waiter {
  userId: string;
  position: number | undefined;
}

interface Here {
  waiters: Map<string, Waiter>;
  readAt: number;
  cancel: () => void;
  dueAt: number;
}

export class Waiters {
  readonly #inventory: Inventory;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #events = new Map<string, Here>();
  readonly #announcing = new Map<string, () => void>();
  #kept = 0;
  #stopped = false;
  /** Whether anybody of the user is connected to this node. */
  isHere: (userId: string) => boolean = () => true;
  tell: (userId: string, data: Tells['waitlist:moved']) => void = () => undefined;
  /** To the other nodes. */
  announce: (eventId: string) => void = () => undefined;

  constructor(parts: { inventory: Inventory; log: Logger; clock?: Clock }) {
    this.#inventory = parts.inventory;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
  }

  /** From now on this user hears on this node when the place of this entry is another than the one they know. */
  remember(eventId: string, entryId: string, userId: string, position: number | undefined): void {
    if (this.#stopped) return;
    let here = this.#events.get(eventId);
    if (!here) {
      here = { waiters: new Map(), readAt: this.#clock.monotonic(), cancel: () => undefined, dueAt: 0 };
      this.#events.set(eventId, here);
      this.#lookIn(eventId, here, atLeastEveryMs);
    }
    if (!here.waiters.has(entryId)) {
      if (this.#kept >= keptAtMost) return;
      this.#kept++;
    }
    here.waiters.set(entryId, { userId, position });
  }

  /** The queue of an event is another than it was. */
  changed(eventId: string): void {
    const here = this.#events.get(eventId);
    if (!here) return;
    const now = this.#clock.monotonic();
    const at = Math.max(now, here.readAt + everyMs);
    if (here.dueAt > at) this.#lookIn(eventId, here, at - now);
  }

  /** This node has changed the queue of an event: the others have to know as well. */
  stir(eventId: string): void {
    this.changed(eventId);
    if (this.#stopped || this.#announcing.has(eventId)) return;
    const cancel = this.#clock.after(announceEveryMs, () => {
      this.#announcing.delete(eventId);
      this.announce(eventId);
    });
    this.#announcing.set(eventId, cancel);
  }

  stop(): void {
    this.#stopped = true;
    for (const { cancel } of this.#events.values()) cancel();
    for (const cancel of this.#announcing.values()) cancel();
    this.#events.clear();
    this.#announcing.clear();
  }

  #lookIn(eventId: string, here: Here, ms: number): void {
    here.cancel();
    here.dueAt = this.#clock.monotonic() + ms;
    here.cancel = this.#clock.after(ms, () => {
      here.readAt = this.#clock.monotonic();
      this.#lookIn(eventId, here, atLeastEveryMs);
      this.#look(eventId, here).catch((error) => {
        this.#log.debug({ err: error, eventId }, 'could not read places in a queue');
      });
    });
  }

  async #look(eventId: string, here: Here): Promise<void> {
    for (const [entryId, { userId }] of here.waiters) {
      if (!this.isHere(userId)) this.#forget(here, entryId);
    }
    const ids = [...here.waiters.keys()];
    for (let from = 0; from < ids.length; from += readAtOnce) {
      await this.#read(eventId, here, ids.slice(from, from + readAtOnce));
    }
    if (here.waiters.size > 0) return;
    here.cancel();
    if (this.#events.get(eventId) === here) this.#events.delete(eventId);
  }

  async #read(eventId: string, here: Here, entryIds: string[]): Promise<void> {
    const read = await this.#inventory.runIfLoaded(readWaitlist, eventId, { entryIds });
    if (!read) return;
    const { length, standings } = read.answer;
    const found = new Map(standings.map((each) => [each.entryId, each]));
    for (const entryId of entryIds) {
      const waiter = here.waiters.get(entryId);
      const standing = found.get(entryId);
      if (!waiter) continue;
      if (!standing) {
        this.#forget(here, entryId);
        continue;
      }
      const { position } = standing;
      const hasMoved = position !== waiter.position;
      waiter.position = position;
      if (hasMoved && position) this.tell(waiter.userId, { eventId, entryId, position, length });
    }
  }

  #forget(here: Here, entryId: string): void {
    if (here.waiters.delete(entryId)) this.#kept--;
  }
}
