/** Which seats buyers like: dear ones, in the middle, together. Because all like the same, they collide. */
import type { SeatingPlan } from '../../src/seating/plan.ts';

const free = 0;
/** Of so many places that a buyer looks at, they take the best: more would make all want the same seats. */
const looksAt = 6;

export class Taste {
  readonly #plan: SeatingPlan;
  /** 0 to 1, by seat. */
  readonly #liking: number[];

  constructor(plan: SeatingPlan, prices: Readonly<Record<string, number>>) {
    this.#plan = plan;
    const priceOf = (category: number) => prices[plan.categories[category]?.name ?? ''] ?? 0;
    const dearest = Math.max(1, ...plan.categories.map((_, category) => priceOf(category)));
    const middle = plan.width / 2;
    this.#liking = plan.seats.map(({ category, x }) => {
      const central = 1 - Math.min(1, Math.abs(x - middle) / middle);
      return 0.6 * (priceOf(category) / dearest) + 0.4 * central;
    });
  }

  /** Free seats that this buyer would take, or undefined when none can be found. */
  choose(seats: Uint8Array, count: number): number[] | undefined {
    // One in ten does not mind sitting apart.
    const find = Math.random() < 0.9 ? this.#together : this.#apart;
    let best: number[] | undefined;
    let bestLiking = -1;
    for (let look = 0; look < looksAt; look++) {
      const found = find.call(this, seats, count);
      const liking = found ? this.#likingOf(found) : -1;
      if (liking > bestLiking) [best, bestLiking] = [found, liking];
    }
    return best ?? this.#apart(seats, 1);
  }

  /** Neighbours in one row, near a random place. */
  #together(seats: Uint8Array, count: number): number[] | undefined {
    const { rows } = this.#plan;
    const begin = Math.floor(Math.random() * rows.length);
    for (let i = 0; i < rows.length; i++) {
      const row = rows[(begin + i) % rows.length];
      if (!row || row.count < count) continue;
      const offset = Math.floor(Math.random() * (row.count - count + 1));
      for (let step = 0; step <= row.count - count; step++) {
        const first = row.first + ((offset + step) % (row.count - count + 1));
        const run = Array.from({ length: count }, (_, at) => first + at);
        if (run.every((seat) => seats[seat] === free)) return run;
      }
    }
    return undefined;
  }

  #apart(seats: Uint8Array, count: number): number[] | undefined {
    const begin = Math.floor(Math.random() * seats.length);
    const found: number[] = [];
    for (let i = 0; i < seats.length && found.length < count; i++) {
      // A prime step visits every seat once, far from the one before.
      const seat = (begin + i * 7919) % seats.length;
      if (seats[seat] === free && !found.includes(seat)) found.push(seat);
    }
    return found.length === count ? found : undefined;
  }

  #likingOf(seats: number[]): number {
    return seats.reduce((sum, seat) => sum + (this.#liking[seat] ?? 0), 0) / seats.length;
  }
}
