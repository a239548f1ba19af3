/** Attempts a minute that hold on all nodes together, for what can be guessed. */
import { RequestError } from '../errors.ts';
import type { Keys } from '../redis/keys.ts';
import type { RedisLinks } from '../redis/links.ts';
import { takeWindow } from '../redis/scripts/take-window.ts';

const windowMs = 60_000;

export class Limits {
  readonly #links: RedisLinks;
  readonly #keys: Keys;

  constructor(links: RedisLinks, keys: Keys) {
    this.#links = links;
    this.#keys = keys;
  }

  /** Counts an attempt. Throws `rate-limited`, and `try-later` while nobody can count. */
  async take(name: string, aMinute: number): Promise<void> {
    const key = this.#keys.limit(name);
    const { redis } = this.#links.home([key]);
    const retryAfterMs = await takeWindow(redis, key, { limit: aMinute, windowMs }).catch(() => {
      throw new RequestError('try-later');
    });
    if (retryAfterMs > 0) throw new RequestError('rate-limited', { retryAfterMs });
  }
}
