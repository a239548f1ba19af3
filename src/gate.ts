import { RequestError } from './errors.ts';

/** Lets a few pieces of work run at once; the rest wait in a queue that is short, then `try-later`. */
export class Gate {
  readonly #atOnce: number;
  readonly #queue: number;
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(atOnce: number, queue: number) {
    this.#atOnce = atOnce;
    this.#queue = queue;
  }

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.#atOnce) {
      if (this.#waiting.length >= this.#queue) throw new RequestError('try-later');
      // Whoever finishes hands its place over, so the count stays as it is.
      await new Promise<void>((go) => this.#waiting.push(go));
    } else this.#running++;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next) next();
      else this.#running--;
    }
  }
}
