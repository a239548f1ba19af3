/**
 * Token buckets: a sender may spend `rate` tokens a second, and three seconds' worth at once. Kept in
 * memory, per node; a bucket that is full again is forgotten.
 */
export class TokenBuckets {
  readonly #ratePerMs: number;
  readonly #burst: number;
  readonly #buckets = new Map<string, { tokens: number; at: number }>();
  #sweptAt = 0;

  constructor(ratePerSecond: number, burstSeconds = 3) {
    this.#ratePerMs = ratePerSecond / 1000;
    this.#burst = ratePerSecond * burstSeconds;
  }

  /** @returns 0 when the tokens were there and are taken, else after how many ms they will be */
  take(key: string, tokens: number, now = performance.now()): number {
    this.#forgetFull(now);
    let bucket = this.#buckets.get(key);
    if (!bucket) {
      bucket = { tokens: this.#burst, at: now };
      this.#buckets.set(key, bucket);
    }
    bucket.tokens = Math.min(this.#burst, bucket.tokens + Math.max(0, now - bucket.at) * this.#ratePerMs);
    bucket.at = now;
    // A request that costs more than a full bucket must pass some time, or it never could.
    const price = Math.min(tokens, this.#burst);
    if (bucket.tokens < price) return Math.ceil((price - bucket.tokens) / this.#ratePerMs);
    bucket.tokens -= price;
    return 0;
  }

  get size(): number {
    return this.#buckets.size;
  }

  #forgetFull(now: number): void {
    const fullAfterMs = this.#burst / this.#ratePerMs;
    if (now - this.#sweptAt < fullAfterMs) return;
    this.#sweptAt = now;
    for (const [key, bucket] of this.#buckets) if (now - bucket.at > fullAfterMs) this.#buckets.delete(key);
  }
}
