/**
 * The only place that sends to rooms. A tell is encoded once and published natively by uWebSockets.js to
 * the room's members on this node, and through the Redis adapter to those on the others. Ticks go through
 * the node's copy of the map first, so that viewers get them in order, and to a topic of their own
 * (`slow-readers.ts`).
 */
import type { TemplatedApp } from 'uWebSockets.js';
import type { TellName, Tells } from '../contracts.gen.ts';
import type { RawTick } from '../redis/scripts/script.ts';
import type { LiveMaps } from '../seats/live-maps.ts';
import type { Cluster } from './adapter.ts';
import { eventFrame, eventRoom, ticksTopic, topicOf, userRoom, venueRoom } from './frame.ts';

/** What a later one makes up for, so that a viewer who lags can do without. */
const replaceable: ReadonlySet<TellName> = new Set(['seats:changed', 'seats:position']);

export class Publisher {
  readonly #app: TemplatedApp;
  /** A tell is encoded once; deliveries and bytes are those of everybody who gets it here. */
  readonly counts = { frames: 0, deliveries: 0, bytes: 0 };
  cluster: Cluster | undefined;
  maps: LiveMaps | undefined;

  constructor(app: TemplatedApp) {
    this.#app = app;
  }

  /** To everyone who watches the event. */
  toEvent<T extends TellName>(eventId: string, name: T, data: Tells[T]): void {
    this.#everywhere(eventRoom(eventId), name, data);
  }

  /** To every socket of the user. */
  toUser<T extends TellName>(userId: string, name: T, data: Tells[T]): void {
    this.#everywhere(userRoom(userId), name, data);
  }

  /** To the kiosks of the venue. */
  toVenue<T extends TellName>(venueId: string, name: T, data: Tells[T]): void {
    this.#everywhere(venueRoom(venueId), name, data);
  }

  /** A tick that this node has cut. */
  tick(eventId: string, epoch: string, raw: RawTick): void {
    const message = this.maps?.cut(eventId, epoch, raw);
    if (message) this.cluster?.publish(eventRoom(eventId), 'seats:changed', message);
  }

  /** Something another node published. */
  fromRemote<T extends TellName>(room: string, name: T, data: Tells[T]): void {
    if (name === 'seats:changed') this.maps?.receive(data as Tells['seats:changed']);
    else this.local(room, name, data);
  }

  /** To the members of a room on this node alone. */
  local<T extends TellName>(room: string, name: T, data: Tells[T]): void {
    const topic = replaceable.has(name) ? ticksTopic(room) : topicOf(room);
    const frame = eventFrame(name, data);
    const receivers = this.#app.numSubscribers(topic);
    this.counts.frames++;
    this.counts.deliveries += receivers;
    this.counts.bytes += receivers * Buffer.byteLength(frame);
    this.#app.publish(topic, frame, false, false);
  }

  #everywhere<T extends TellName>(room: string, name: T, data: Tells[T]): void {
    this.local(room, name, data);
    this.cluster?.publish(room, name, data);
  }
}
