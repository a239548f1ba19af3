/**
 * One event's map as a viewer sees it: loads it, follows the ticks, and heals itself. Watching goes
 * join, buffer, load, then what is newer, so that a tick which overtakes the snapshot is not lost.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Hold, SeatsChanged, SeatsPosition, SeatsSnapshot, SeatsWatchReply } from '../contracts.gen.ts';
import { decodeChanges, decodeSnapshot } from '../seats/codec.ts';
import { Replica, type Tick } from '../seats/replica.ts';
import { Emitter } from './emitter.ts';

interface SeatMapEvents {
  /** Seats that look different now; 'all' after a snapshot. */
  changed: number[] | 'all';
  /** Your holds of this event changed. */
  holds: Hold[];
  /** Whether the map can be trusted right now; see `fresh`. */
  fresh: boolean;
}

interface SharedWork {
  decode: typeof decodeChanges;
  replica: Replica;
}

export class SeatMap extends Emitter<SeatMapEvents> {
  readonly eventId: string;
  readonly replica: Replica;
  /** Your own live holds. */
  holds: Hold[] = [];
  /** false while disconnected, loading, or while the hub itself cannot read the holds. */
  fresh = false;
  /** Add it to `Date.now()` to read the hub's clock. */
  clockOffsetMs = 0;
  /** Counted for load tests and the page's status line. */
  readonly counts = { ticks: 0, gaps: 0, snapshots: 0, catchUps: 0 };
  readonly #ask: (since: { epoch: string; position: number } | undefined) => Promise<SeatsWatchReply>;
  #buffer: Tick[] = [];
  #loading = false;
  #again = false;
  #connected = false;
  readonly #clock: Clock;
  readonly #decode: typeof decodeChanges;
  /** Takes back the resync that waits. */
  #cancel: (() => void) | undefined;

  constructor(
    eventId: string,
    ask: (since: { epoch: string; position: number } | undefined) => Promise<SeatsWatchReply>,
    clock: Clock = systemClock,
    // Where many maps of one event share a process, each tick may be decoded and applied once for all.
    { decode = decodeChanges, replica = new Replica() }: Partial<SharedWork> = {},
  ) {
    super();
    this.eventId = eventId;
    this.#ask = ask;
    this.#clock = clock;
    this.#decode = decode;
    this.replica = replica;
  }

  /** Loads the map, or what was missed. Called on watching, on every reconnect, and on a gap. */
  async resync(): Promise<void> {
    if (this.#loading) {
      this.#again = true;
      return;
    }
    this.#loading = true;
    this.#connected = true;
    try {
      do {
        this.#again = false;
        const { epoch, position } = this.replica;
        this.#loaded(await this.#ask(epoch === '' ? undefined : { epoch, position }));
      } while (this.#again);
    } finally {
      this.#loading = false;
    }
  }

  #loaded(reply: SeatsWatchReply): void {
    this.clockOffsetMs = reply.now - this.#clock.now();
    if (reply.snapshot) {
      this.counts.snapshots++;
      this.replica.load(reply.epoch, reply.position, decodeSnapshot(reply.snapshot));
      this.emit('changed', 'all');
    } else {
      this.counts.catchUps++;
      const changes = decodeChanges(reply.changes ?? '');
      const from = this.replica.position + 1;
      this.#apply({ epoch: reply.epoch, from, to: reply.position, changes });
    }
    const buffered = this.#buffer;
    this.#buffer = [];
    for (const tick of buffered) this.#apply(tick);
    if (reply.holds) this.setHolds(reply.holds);
    this.#setFresh(!reply.stale);
  }

  tick(message: SeatsChanged): void {
    this.counts.ticks++;
    const { epoch, from, to } = message;
    const tick = { epoch, from, to, changes: this.#decode(message.changes) };
    if (this.#loading) this.#buffer.push(tick);
    else this.#apply(tick);
  }

  /** The hub sends the whole map to who has fallen behind. */
  snapshot({ epoch, position, snapshot }: SeatsSnapshot): void {
    // The answer that is awaited may be older or newer than this: ask once more when it is here.
    if (this.#loading) this.#again = true;
    else if (epoch !== this.replica.epoch) this.#gap();
    else if (position > this.replica.position) {
      this.counts.snapshots++;
      this.replica.load(epoch, position, decodeSnapshot(snapshot));
      this.emit('changed', 'all');
    }
  }

  beacon(message: SeatsPosition): void {
    if (this.#loading) return;
    if (this.replica.isBehind(message.epoch, message.position)) this.#gap();
    else if (message.stale) this.#setFresh(false);
    // After an outage of the hub's the holds must be asked for again.
    else if (!this.fresh) this.#resyncSoon(Math.random() * 500);
  }

  #apply(tick: Tick): void {
    const result = this.replica.apply(tick);
    if (result === 'gap') this.#gap();
    else if (result !== 'old' && result.length > 0) this.emit('changed', result);
  }

  #gap(): void {
    this.counts.gaps++;
    this.#resyncSoon(0);
  }

  /** Again until it works: nobody else would ask while the map does not move. */
  #resyncSoon(afterMs: number): void {
    if (this.#cancel) return;
    const again = () => {
      this.#cancel = undefined;
      this.resync().catch(() => {
        this.#setFresh(false);
        if (this.#connected) this.#resyncSoon(1000 + Math.random() * 1000);
      });
    };
    if (afterMs === 0) again();
    else this.#cancel = this.#clock.after(afterMs, again);
  }

  disconnected(): void {
    this.#connected = false;
    this.#cancel?.();
    this.#cancel = undefined;
    this.#setFresh(false);
  }

  setHolds(holds: Hold[]): void {
    this.holds = holds;
    this.emit('holds', holds);
  }

  /** Puts in, replaces or (with null) takes out one hold. */
  setHold(holdId: string, hold: Hold | null): void {
    const others = this.holds.filter((each) => each.holdId !== holdId);
    this.setHolds(hold ? [...others, hold] : others);
  }

  #setFresh(fresh: boolean): void {
    if (this.fresh === fresh) return;
    this.fresh = fresh;
    this.emit('fresh', fresh);
  }
}
