/** Counts of times in steps of about 2 %, so that tens of millions of them need no memory to speak of. */
const step = Math.log(1.02);

const bucketOf = (ms: number): number => Math.round(Math.log1p(ms) / step);
const msOf = (bucket: number): number => Math.expm1(bucket * step);

export class Histogram {
  readonly #counts = new Map<number, number>();
  count = 0;
  max = 0;

  add(ms: number): void {
    const bucket = bucketOf(ms);
    this.#counts.set(bucket, (this.#counts.get(bucket) ?? 0) + 1);
    this.count++;
    if (ms > this.max) this.max = ms;
  }

  /** What a share of all does not exceed, within 2 %. NaN when there are none. */
  percentile(share: number): number {
    let seen = 0;
    for (const [bucket, count] of this.#sorted()) {
      seen += count;
      if (seen >= this.count * share) return Math.min(this.max, msOf(bucket));
    }
    return Number.NaN;
  }

  /** How many were in each of the steps up to these limits, and above the last. */
  under(limits: readonly number[]): number[] {
    const counts = [...limits, Number.POSITIVE_INFINITY].map(() => 0);
    for (const [bucket, count] of this.#counts) {
      const at = limits.findIndex((limit) => msOf(bucket) <= limit);
      const i = at < 0 ? limits.length : at;
      counts[i] = (counts[i] as number) + count;
    }
    return counts;
  }

  #sorted(): [number, number][] {
    return [...this.#counts].sort(([a], [b]) => a - b);
  }
}
