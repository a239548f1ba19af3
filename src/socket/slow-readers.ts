/**
 * Viewers who read more slowly than their maps change. What waits for a connection in our memory is looked at four
 * times a second, with thousands of viewers once a second. Beyond a soft limit its ticks are held back, so that a
 * lagging viewer costs nothing more; once it has read what waits it gets what brings each of its maps up to date, and
 * then ticks again.
 *
 * Ticks are published natively to a topic of their own, and holding back is leaving that topic: whatever
 * else concerns the viewer still arrives, and for socket.io and the other nodes nothing has changed.
 */
import type { LiveMaps } from '../seats/live-maps.ts';
import { eventFrame, eventRoom, ticksTopic } from './frame.ts';
import type { GuardedSocket } from './guard.ts';

const lookEveryMs = 250;
/** So many viewers are looked at in each turn; more, so that everybody's is within so many turns. */
const atOnce = 1000;
const turns = 4;
const topicPrefix = ticksTopic(eventRoom(''));

type Standing = { epoch: string; position: number };
type Maps = Pick<LiveMaps, 'standing' | 'viewNow'>;

interface Lag {
  since: number;
  /** Events whose ticks are held back, and up to where they were sent; undefined before the map was there. */
  held: Map<string, Standing | undefined>;
}

export class SlowReaders {
  readonly limits = {
    /** A second of a rush is 10 KB: so much waits only for a viewer who has stopped reading. */
    softBytes: 32 * 1024,
    /** Below this a viewer counts as having read what waited. */
    lowBytes: 4 * 1024,
    /** Who has not caught up by then is better off with a new connection, and a fresh map. */
    lagMs: 30_000,
  };
  readonly counts = { marked: 0, caughtUp: 0 };
  readonly #maps: () => Maps | undefined;
  readonly #closeTooSlow: (ws: GuardedSocket) => void;
  /** Connections that watch something. Only open ones: a closed one throws at every touch. */
  readonly #viewers = new Set<GuardedSocket>();
  readonly #lags = new Map<GuardedSocket, Lag>();
  /** Who is looked at next. */
  #next: SetIterator<GuardedSocket>;
  readonly #timer: NodeJS.Timeout;

  constructor(maps: () => Maps | undefined, closeTooSlow: (ws: GuardedSocket) => void) {
    this.#maps = maps;
    this.#closeTooSlow = closeTooSlow;
    this.#next = this.#viewers.values();
    this.#timer = setInterval(() => this.#look(), lookEveryMs).unref();
  }

  get viewers(): number {
    return this.#viewers.size;
  }

  get lagging(): number {
    return this.#lags.size;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Ticks of the event from now on; for a lagging viewer once it has caught up. */
  watch(ws: GuardedSocket, eventId: string): void {
    const topic = ticksTopic(eventRoom(eventId));
    const lag = this.#lags.get(ws);
    if (!lag) {
      ws.subscribe(topic);
      this.#viewers.add(ws);
      // The answer to a second `seats:watch` may fail, so what is held back stays as it is.
    } else if (!ws.isSubscribed(topic) && !lag.held.has(eventId)) {
      lag.held.set(eventId, this.#maps()?.standing(eventId));
    }
  }

  unwatch(ws: GuardedSocket, eventId: string): void {
    ws.unsubscribe(ticksTopic(eventRoom(eventId)));
    const lag = this.#lags.get(ws);
    lag?.held.delete(eventId);
    if (lag?.held.size === 0) this.#lags.delete(ws);
    if (!this.#lags.has(ws) && watchedBy(ws).length === 0) this.#viewers.delete(ws);
  }

  /** The connection has read something: what was held back is sent, as far as it keeps up with it. */
  drained(ws: GuardedSocket): void {
    const lag = this.#lags.get(ws);
    if (!lag) return;
    for (const [eventId, sent] of lag.held) {
      if (ws.getBufferedAmount() > this.limits.lowBytes) return;
      lag.held.delete(eventId);
      this.#catchUp(ws, eventId, sent);
    }
    this.#lags.delete(ws);
    this.counts.caughtUp++;
  }

  /** The connection is closed, or as good as that. */
  forget(ws: GuardedSocket): void {
    this.#viewers.delete(ws);
    this.#lags.delete(ws);
  }

  #look(): void {
    const now = performance.now();
    for (const [ws, { since }] of this.#lags) {
      if (now - since > this.limits.lagMs) this.#closeTooSlow(ws);
      else this.drained(ws);
    }
    let left = Math.max(atOnce, Math.ceil(this.#viewers.size / turns));
    // A look takes half a microsecond, as each touches memory of its own: with thousands of viewers that is more than
    // it is worth four times a second.
    for (; left > 0; left--) {
      const { value: ws, done } = this.#next.next();
      if (done) {
        this.#next = this.#viewers.values();
        return;
      }
      if (ws.getBufferedAmount() > this.limits.softBytes) this.#holdBack(ws, now);
    }
  }

  /**
   * Between two turns of the event loop the node's copy of a map stands exactly where the ticks do that were
   * published, and what was published before leaving the topic is still sent: so nothing is missed between
   * here and `#catchUp`.
   */
  #holdBack(ws: GuardedSocket, now: number): void {
    const watched = watchedBy(ws);
    if (watched.length === 0) return;
    let lag = this.#lags.get(ws);
    if (!lag) {
      lag = { since: now, held: new Map() };
      this.#lags.set(ws, lag);
      this.counts.marked++;
    }
    for (const eventId of watched) {
      ws.unsubscribe(ticksTopic(eventRoom(eventId)));
      lag.held.set(eventId, this.#maps()?.standing(eventId));
    }
  }

  /** What changed since, and ticks again, without another tick in between. */
  #catchUp(ws: GuardedSocket, eventId: string, sent: Standing | undefined): void {
    for (const frame of this.#missed(eventId, sent)) ws.send(frame);
    ws.subscribe(ticksTopic(eventRoom(eventId)));
  }

  #missed(eventId: string, sent: Standing | undefined): string[] {
    const view = this.#maps()?.viewNow(eventId, sent);
    // Not read yet: the answer to `seats:watch` is still to come, and before it there are no ticks.
    if (!view) return [];
    const { epoch, position, stale, snapshot, changes } = view;
    const beacon = eventFrame('seats:position', { eventId, epoch, position, stale });
    // The beacons were held back as well. One of another epoch makes the viewer ask for map and holds.
    if (sent && (sent.epoch !== epoch || sent.position === position)) return [beacon];
    if (snapshot) return [eventFrame('seats:snapshot', { eventId, epoch, position, snapshot }), beacon];
    if (!sent || changes === undefined) return [beacon];
    const from = sent.position + 1;
    return [eventFrame('seats:changed', { eventId, epoch, from, to: position, changes }), beacon];
  }
}

/** The events whose ticks the connection gets. uWebSockets.js knows, so nothing is kept here for each viewer. */
const watchedBy = (ws: GuardedSocket): string[] =>
  ws
    .getTopics()
    .filter((topic) => topic.startsWith(topicPrefix))
    .map((topic) => topic.slice(topicPrefix.length));
