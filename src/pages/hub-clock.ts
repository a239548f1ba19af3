/**
 * The hub's clock, as this page can best tell it. The hub says what time it is with every map it sends;
 * between two of those we count on with the page's own stopwatch, which nobody can set forward or back.
 */
export class HubClock {
  #offset: number | undefined;
  /** The hub's time when the stopwatch read 0. */
  #origin = 0;
  readonly #stopwatch: () => number;
  readonly #wallClock: () => number;

  constructor(stopwatch = () => performance.now(), wallClock = () => Date.now()) {
    this.#stopwatch = stopwatch;
    this.#wallClock = wallClock;
  }

  /** @param offsetMs hub's clock less wall clock, as measured just now; the same value again changes nothing */
  sync(offsetMs: number): void {
    if (offsetMs === this.#offset) return;
    this.#offset = offsetMs;
    this.#origin = this.#wallClock() + offsetMs - this.#stopwatch();
  }

  now(): number {
    return this.#offset === undefined ? this.#wallClock() : this.#origin + this.#stopwatch();
  }
}
