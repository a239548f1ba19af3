const everyMs = 500;

/** How late this node's timers are: whoever asks waits as long. One long pause is half forgotten with each look. */
export class EventLoopLag {
  ms = 0;
  readonly #timer: NodeJS.Timeout;
  #last = performance.now();

  constructor() {
    this.#timer = setInterval(() => this.#look(), everyMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    const now = performance.now();
    this.ms = Math.max(now - this.#last - everyMs, this.ms / 2, 0);
    this.#last = now;
  }
}
