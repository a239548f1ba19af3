/**
 * Engine.IO's heartbeat for all connections of a node. Engine.IO keeps two timers and their closures for each
 * connection, and walks through four objects for every ping and pong; here every connection is subscribed to one
 * of 25 topics, and each second one of them gets its ping natively. Who does not answer is closed by uWebSockets.js,
 * as it hears nothing from them (`idleTimeoutS`).
 */
import type { TemplatedApp } from 'uWebSockets.js';
import type { GuardedSocket } from './guard.ts';

/** As stock clients expect it; the handshake tells them. */
export const pingIntervalMs = 25_000;
export const pingTimeoutMs = 20_000;
/** Interval and patience together, rounded up to the 4 s in which uWebSockets.js counts. */
export const idleTimeoutS = 48;

const groups = 25;
const beatMs = pingIntervalMs / groups;
const ping = '2';
const pong = 0x33;

export const isPong = (frame: Uint8Array): boolean => frame.length === 1 && frame[0] === pong;

export class Heartbeat {
  readonly #app: TemplatedApp;
  readonly #timer: NodeJS.Timeout;
  readonly #startedAt = performance.now();
  /** Beats so far. */
  #beats = 0;
  #joined = 0;

  constructor(app: TemplatedApp) {
    this.#app = app;
    this.#timer = setInterval(() => this.#beat(), beatMs).unref();
  }

  /** Spread over the groups, so that no second has more to do than the next. */
  join(ws: GuardedSocket): void {
    ws.subscribe(topicOf(this.#joined++ % groups));
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** By the clock, not by the timer: on a node that is too busy each beat is late, and 25 of them would add up. */
  #beat(): void {
    const due = Math.floor((performance.now() - this.#startedAt) / beatMs);
    // After a long standstill everybody is pinged once, not once for each round that was missed.
    this.#beats = Math.max(this.#beats, due - groups);
    while (this.#beats < due) this.#app.publish(topicOf(++this.#beats % groups), ping, false, false);
  }
}

const topicOf = (group: number): string => `heartbeat:${group}`;
