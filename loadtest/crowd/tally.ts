/** What the crowd counts while it runs. */
import type { Booking } from '../../src/contracts.gen.ts';

export class Tally {
  holds = 0;
  seatsHeld = 0;
  conflicts = 0;
  extensions = 0;
  releases = 0;
  bookings = 0;
  cancellations = 0;
  /** Frames that viewers and buyers got. */
  frames = 0;
  /** Refusals beside conflicts, and answers that did not come, by code. */
  readonly failures = new Map<string, number>();
  /** Milliseconds from asking for a hold to its answer. */
  readonly holdMs: number[] = [];
  /** Seats that the crowd has booked now, by seat: the id of the booking. */
  readonly #sold = new Map<number, string>();
  readonly doubleSold = new Set<number>();

  failed(code: string): void {
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
  }

  booked({ id, seats }: Booking): void {
    this.bookings++;
    for (const { seat } of seats) {
      const before = this.#sold.get(seat);
      if (before !== undefined && before !== id) this.doubleSold.add(seat);
      this.#sold.set(seat, id);
    }
  }

  /** Before the hub is asked: once it has cancelled, somebody else may be faster than its answer. */
  cancelling({ id, seats }: Booking): void {
    for (const { seat } of seats) if (this.#sold.get(seat) === id) this.#sold.delete(seat);
  }
}

/** The value that a share of all values does not exceed. NaN when there are none. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)] ?? Number.NaN;
}
