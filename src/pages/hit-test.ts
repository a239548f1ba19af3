/** Finds seats by place: a grid of buckets over the plan, so that a pointer costs a few comparisons, not 20,000. */
import { type Box, emptyBox, include, type Point } from './viewport.ts';

export class SeatGrid {
  readonly #points: readonly Point[];
  readonly #cell: number;
  readonly #box: Box;
  readonly #columns: number;
  readonly #rows: number;
  /** First seat of each bucket, and for each seat the next one in its bucket; -1 ends. */
  readonly #first: Int32Array;
  readonly #next: Int32Array;

  /** @param cell side of a bucket in plan units; about one seat's pitch is good */
  constructor(points: readonly Point[], cell: number) {
    this.#points = points;
    this.#box = emptyBox();
    for (const { x, y } of points) include(this.#box, x, y);
    const width = Math.max(this.#box.right - this.#box.left, 0);
    const height = Math.max(this.#box.bottom - this.#box.top, 0);
    // A sparse plan must not cost more buckets than seats are worth.
    this.#cell = Math.max(cell, Math.sqrt((width * height) / (points.length * 8 + 1)), 1e-3);
    this.#columns = Math.floor(width / this.#cell) + 1;
    this.#rows = Math.floor(height / this.#cell) + 1;
    this.#first = new Int32Array(this.#columns * this.#rows).fill(-1);
    this.#next = new Int32Array(points.length).fill(-1);
    points.forEach(({ x, y }, seat) => {
      const bucket = this.#row(y) * this.#columns + this.#column(x);
      this.#next[seat] = this.#first[bucket] as number;
      this.#first[bucket] = seat;
    });
  }

  /** @returns the seat nearest to a point of the plan, at most `reach` plan units away, or undefined */
  nearest(at: Point, reach: number, except = -1): number | undefined {
    let best: number | undefined;
    let bestDistance = reach;
    this.#visit(at.x - reach, at.y - reach, at.x + reach, at.y + reach, (seat, point) => {
      if (seat === except) return;
      const distance = Math.hypot(point.x - at.x, point.y - at.y);
      if (distance > bestDistance) return;
      bestDistance = distance;
      best = seat;
    });
    return best;
  }

  /** Whether any seat's middle lies in the box. */
  any(box: Box): boolean {
    let found = false;
    this.#visit(box.left, box.top, box.right, box.bottom, (_seat, { x, y }) => {
      found ||= x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
    });
    return found;
  }

  #visit(
    left: number,
    top: number,
    right: number,
    bottom: number,
    see: (seat: number, point: Point) => void,
  ): void {
    const { left: l, top: t, right: r, bottom: b } = this.#box;
    if (right < l || left > r || bottom < t || top > b) return;
    for (let row = this.#row(top); row <= this.#row(bottom); row++) {
      for (let column = this.#column(left); column <= this.#column(right); column++) {
        for (let seat = this.#first[row * this.#columns + column] as number; seat >= 0; ) {
          see(seat, this.#points[seat] as Point);
          seat = this.#next[seat] as number;
        }
      }
    }
  }

  #column(x: number): number {
    return Math.max(0, Math.min(this.#columns - 1, Math.floor((x - this.#box.left) / this.#cell)));
  }

  #row(y: number): number {
    return Math.max(0, Math.min(this.#rows - 1, Math.floor((y - this.#box.top) / this.#cell)));
  }
}
