/** Seeded randomness: the same seed, the same numbers. (The generator is Chris Doty-Humphrey's sfc32.) */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param stream keeps what one part draws apart from what another draws */
  constructor(seed: number, stream: string) {
    let hash = 2166136261;
    for (let i = 0; i < stream.length; i++) hash = Math.imul(hash ^ stream.charCodeAt(i), 16777619);
    this.#a = seed | 0;
    this.#b = hash | 0;
    this.#c = (seed / 4294967296) | 0;
    for (let i = 0; i < 12; i++) this.#next();
  }

  #next(): number {
    const sum = (this.#a + this.#b + this.#counter++) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }

  /** In [0, 1). */
  unit(): number {
    return this.#next() / 4294967296;
  }

  chance(probability: number): boolean {
    return probability > 0 && this.unit() < probability;
  }

  /** Whole, from `low` to `high`, both included. */
  whole(low: number, high: number): number {
    return low + Math.floor(this.unit() * (high - low + 1));
  }

  between(low: number, high: number): number {
    return low + this.unit() * (high - low);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.whole(0, list.length - 1)] as T;
  }

  /** Some of a list, in its order. */
  some<T>(list: readonly T[], count: number): T[] {
    const left = list.map((_, at) => at);
    const chosen: number[] = [];
    while (chosen.length < count && left.length > 0) {
      chosen.push(left.splice(this.whole(0, left.length - 1), 1)[0] as number);
    }
    return chosen.sort((a, b) => a - b).map((at) => list[at] as T);
  }

  bytes(count: number): Uint8Array {
    return Uint8Array.from({ length: count }, () => this.#next() & 255);
  }
}
