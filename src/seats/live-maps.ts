/**
 * This node's copies of the maps that are watched here. A node is a viewer like any other: it follows the
 * ticks, notices what it missed, and fetches that before it lets anything newer through. So its own viewers
 * get every tick in order, and thousands that come (back) at once are answered from memory.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { SeatsChanged, SeatsWatchReply } from '../contracts.gen.ts';
import type { Logger } from '../log.ts';
import type { RawTick } from '../redis/scripts/script.ts';
import { decodeChanges, decodeRawTick, encodeChanges, encodeSnapshot, type SeatState } from './codec.ts';
import { Replica, type Tick } from './replica.ts';

/** Ticks kept for viewers that come back: 1024 are 40 s of a rush. */
const keptTicks = 1024;
/** A tick that overtook another waits so long for it before the log is asked. */
const patienceMs = 15;
/** More changes take longer to fold than the map to send; it would be a cheap way to keep a node busy. */
const foldedAtMost = 4096;
const beaconAfterMs = 1000;
const beaconEveryMs = 10_000;

/** Where a map comes from, and where it goes. */
export interface MapSource {
  /** Whether anybody on this node watches the event. */
  isWatched(eventId: string): boolean;
  /** The whole map: from Redis, or from PostgreSQL and `stale` while Redis is away. */
  read(eventId: string): Promise<MapNow>;
  /** The ticks after a position, or 'gone'. */
  ticksAfter(eventId: string, epoch: string, position: number): Promise<RawTick[] | 'gone'>;
  /** To the viewers of this node. */
  deliver(eventId: string, tick: SeatsChanged): void;
  beacon(eventId: string, epoch: string, position: number, stale: boolean): void;
}

/** A map as it is at this moment. */
export interface MapNow {
  epoch: string;
  position: number;
  stale: boolean;
  /** A state a seat. */
  seats: Uint8Array;
}

class LiveMap {
  readonly replica = new Replica();
  stale = false;
  ticks: Tick[] = [];
  snapshot: { epoch: string; position: number; reply: NonNullable<SeatsWatchReply['snapshot']> } | undefined;
  /** Ticks that came before their predecessor, or while the map was read. */
  early: Tick[] = [];
  /** Resolves when the map is there; undefined when it is not being read. */
  reading: Promise<void> | undefined;
  /** Whether it has been read at all. */
  ready = false;
  healing: Promise<void> | undefined;
  lastTickAt = 0;
  lastBeaconAt = 0;
}

export class LiveMaps {
  readonly #source: MapSource;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #maps = new Map<string, LiveMap>();
  readonly counts = { ticks: 0, gaps: 0, rebuilt: 0 };

  constructor(source: MapSource, log: Logger, clock: Clock = systemClock) {
    this.#source = source;
    this.#log = log;
    this.#clock = clock;
  }

  has(eventId: string): boolean {
    return this.#maps.get(eventId)?.ready === true;
  }

  watched(): Iterable<string> {
    return this.#maps.keys();
  }

  /** Follows the map of an event whose room this node has joined, for nobody who is told its ticks. */
  async open(eventId: string): Promise<void> {
    await this.#opened(eventId);
  }

  /** Stops following a map that nobody here watches any more. */
  drop(eventId: string): void {
    this.#maps.delete(eventId);
  }

  /** The same for maps whose last viewer left while they were being opened. */
  dropUnwatched(): void {
    for (const eventId of this.#maps.keys()) if (!this.#source.isWatched(eventId)) this.drop(eventId);
  }

  /** What a viewer needs to be up to date: everything, or what changed after `since` if that is known. */
  async view(
    eventId: string,
    since: { epoch: string; position: number } | undefined,
  ): Promise<Pick<SeatsWatchReply, 'epoch' | 'position' | 'stale' | 'snapshot' | 'changes'>> {
    return this.#view(await this.#opened(eventId), since);
  }

  /** The same at this very moment; undefined while the map is not there. */
  viewNow(
    eventId: string,
    since: { epoch: string; position: number } | undefined,
  ): Awaited<ReturnType<LiveMaps['view']>> | undefined {
    const map = this.#ready(eventId);
    return map && this.#view(map, since);
  }

  /** The map as this node follows it; its seats change in place. undefined: nobody watches it here. */
  now(eventId: string): MapNow | undefined {
    const map = this.#source.isWatched(eventId) ? this.#ready(eventId) : undefined;
    if (!map) return undefined;
    const { epoch, position, seats } = map.replica;
    return { epoch, position, seats, stale: map.stale };
  }

  /** Up to where the viewers of this node have been told. */
  standing(eventId: string): { epoch: string; position: number } | undefined {
    const replica = this.#ready(eventId)?.replica;
    return replica && { epoch: replica.epoch, position: replica.position };
  }

  #view(
    map: LiveMap,
    since: { epoch: string; position: number } | undefined,
  ): Awaited<ReturnType<LiveMaps['view']>> {
    const { epoch, position } = map.replica;
    const head = { epoch, position, stale: map.stale };
    const snapshot = this.#snapshot(map);
    const changes = since && this.#changesAfter(map, since, snapshot.seats.length);
    return changes === undefined ? { ...head, snapshot } : { ...head, changes };
  }

  async #opened(eventId: string): Promise<LiveMap> {
    let map = this.#maps.get(eventId);
    if (map?.ready) return map;
    if (!map) {
      // Known before it is read: what changes meanwhile is kept.
      map = new LiveMap();
      this.#maps.set(eventId, map);
    }
    try {
      await this.#read(eventId, map);
      this.#retryEarly(eventId, map);
      return map;
    } catch (error) {
      if (this.#maps.get(eventId) === map && !map.ready) this.#maps.delete(eventId);
      throw error;
    }
  }

  /** Reads the map anew, once at a time. Ticks that come meanwhile are kept for `#retryEarly`. */
  #read(eventId: string, map: LiveMap): Promise<void> {
    map.reading ??= this.#source
      .read(eventId)
      .then(({ epoch, position, seats, stale }) => {
        map.replica.load(epoch, position, seats);
        map.stale = stale;
        map.ready = true;
        map.ticks = [];
        map.snapshot = undefined;
        map.early = map.early.filter((tick) => tick.epoch === epoch);
      })
      .finally(() => {
        map.reading = undefined;
      });
    return map.reading;
  }

  #snapshot(map: LiveMap): NonNullable<SeatsWatchReply['snapshot']> {
    const { epoch, position, seats } = map.replica;
    if (map.snapshot?.epoch !== epoch || map.snapshot.position !== position) {
      map.snapshot = { epoch, position, reply: encodeSnapshot(seats) };
    }
    return map.snapshot.reply;
  }

  /** All ticks after a position folded into one, if they are known and shorter than a snapshot. */
  #changesAfter(
    map: LiveMap,
    since: { epoch: string; position: number },
    snapshotLength: number,
  ): string | undefined {
    const { epoch, position } = map.replica;
    if (since.epoch !== epoch || since.position > position) return undefined;
    if (since.position === position) return '';
    const missed = map.ticks.filter((tick) => tick.to > since.position);
    if (missed.length === 0 || (missed[0] as Tick).from > since.position + 1) return undefined;
    let count = 0;
    for (const tick of missed) count += tick.changes.size;
    if (count > foldedAtMost) return undefined;
    const folded = new Map<number, SeatState>();
    for (const tick of missed) for (const [seat, state] of tick.changes) folded.set(seat, state);
    const changes = encodeChanges(folded);
    return changes.length <= snapshotLength ? changes : undefined;
  }

  /** A tick cut by this node. Answers its form for the other nodes. */
  cut(eventId: string, epoch: string, raw: RawTick): SeatsChanged {
    const changes = decodeRawTick(raw.seats);
    const message = { eventId, epoch, from: raw.from, to: raw.to, changes: encodeChanges(changes) };
    this.#receive(message, changes);
    return message;
  }

  /** A tick cut by another node. */
  receive(message: SeatsChanged): void {
    if (this.#maps.has(message.eventId)) this.#receive(message, decodeChanges(message.changes));
  }

  #receive(message: SeatsChanged, changes: Map<number, SeatState>): void {
    const map = this.#maps.get(message.eventId);
    if (!map) return;
    const { epoch, from, to } = message;
    const tick: Tick = { epoch, from, to, changes };
    if (map.reading) {
      if (map.early.length < keptTicks) map.early.push(tick);
      return;
    }
    const result = map.replica.apply(tick);
    if (result === 'old') return;
    if (result === 'gap') {
      map.early.push(tick);
      this.#heal(message.eventId, map, patienceMs);
      return;
    }
    this.#passOn(message.eventId, map, tick, message);
    this.#retryEarly(message.eventId, map);
  }

  /** Gives an applied tick to the viewers of this node. */
  #passOn(eventId: string, map: LiveMap, tick: Tick, message: SeatsChanged): void {
    this.counts.ticks++;
    map.stale = false;
    map.ticks.push(tick);
    if (map.ticks.length > keptTicks) map.ticks.splice(0, keptTicks / 4);
    map.lastTickAt = this.#clock.now();
    map.lastBeaconAt = 0;
    this.#source.deliver(eventId, message);
  }

  #retryEarly(eventId: string, map: LiveMap): void {
    const waiting = map.early.sort((a, b) => a.from - b.from);
    map.early = [];
    for (const tick of waiting) {
      const result = map.replica.apply(tick);
      if (result === 'gap') map.early.push(tick);
      else if (result !== 'old') this.#passOn(eventId, map, tick, wireOf(eventId, tick));
    }
  }

  /** Fetches what is missing, after a moment in which it may come by itself. */
  #heal(eventId: string, map: LiveMap, afterMs: number): void {
    map.healing ??= new Promise<void>((resolve) => this.#clock.after(afterMs, resolve))
      .then(async () => {
        if (afterMs > 0 && map.early.length === 0) return;
        this.counts.gaps++;
        await this.#fetchMissing(eventId, map);
      })
      .catch((error) => this.#log.debug({ err: error, eventId }, 'could not heal the map'))
      .finally(() => {
        map.healing = undefined;
      });
  }

  async #fetchMissing(eventId: string, map: LiveMap): Promise<void> {
    const { epoch, position, seats } = map.replica;
    const ticks = map.stale ? 'gone' : await this.#source.ticksAfter(eventId, epoch, position);
    if (ticks !== 'gone') {
      const folded = foldTicks(epoch, ticks);
      if (folded && Array.isArray(map.replica.apply(folded))) {
        this.#passOn(eventId, map, folded, wireOf(eventId, folded));
      }
      map.early = map.early.filter((tick) => tick.epoch === epoch);
      this.#retryEarly(eventId, map);
      return;
    }
    await this.#read(eventId, map);
    this.counts.rebuilt++;
    // In the same epoch the viewers are told what is different; another epoch they see by the beacon, and
    // ask for the map.
    if (map.replica.epoch === epoch && map.replica.position > position) {
      const changes = differences(seats, map.replica.seats);
      const tick = { epoch, from: position + 1, to: map.replica.position, changes };
      this.#passOn(eventId, map, tick, wireOf(eventId, tick));
    }
    this.#beacon(eventId, map);
    this.#retryEarly(eventId, map);
  }

  /** What the sweeper read in Redis: heals the map if it has fallen behind. */
  check(eventId: string, epoch: string, cut: number): void {
    const map = this.#ready(eventId);
    if (!map) return;
    if (map.stale || map.replica.isBehind(epoch, cut)) this.#heal(eventId, map, 0);
  }

  /** Redis is away: what is shown may miss holds. */
  setStale(eventId: string): void {
    const map = this.#ready(eventId);
    if (!map || map.stale) return;
    map.stale = true;
    this.#beacon(eventId, map);
  }

  /** Beacons that are due: 1 s after the last tick, then every 10 s. */
  beaconIfDue(eventId: string): void {
    const map = this.#ready(eventId);
    if (!map) return;
    const now = this.#clock.now();
    const afterTick = map.lastBeaconAt === 0 && now - map.lastTickAt >= beaconAfterMs;
    if (afterTick || (map.lastBeaconAt > 0 && now - map.lastBeaconAt >= beaconEveryMs)) {
      this.#beacon(eventId, map);
    }
  }

  #ready(eventId: string): LiveMap | undefined {
    const map = this.#maps.get(eventId);
    return map?.ready ? map : undefined;
  }

  #beacon(eventId: string, map: LiveMap): void {
    map.lastBeaconAt = this.#clock.now();
    this.#source.beacon(eventId, map.replica.epoch, map.replica.position, map.stale);
  }
}

const wireOf = (eventId: string, tick: Tick): SeatsChanged => ({
  eventId,
  epoch: tick.epoch,
  from: tick.from,
  to: tick.to,
  changes: encodeChanges(tick.changes),
});

function differences(before: Uint8Array, after: Uint8Array): Map<number, SeatState> {
  const changes = new Map<number, SeatState>();
  after.forEach((state, seat) => {
    if (state !== before[seat]) changes.set(seat, state as SeatState);
  });
  return changes;
}

function foldTicks(epoch: string, ticks: RawTick[]): Tick | undefined {
  const [first, last] = [ticks[0], ticks.at(-1)];
  if (!first || !last) return undefined;
  const changes = new Map<number, SeatState>();
  for (const tick of ticks) for (const [seat, state] of decodeRawTick(tick.seats)) changes.set(seat, state);
  return { epoch, from: first.from, to: last.to, changes };
}
