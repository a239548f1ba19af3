/** A seat in words, for the tooltip, the cart, notices and screen readers. */
import type { PlanRow, SeatingPlan } from '../seating/plan.ts';
import type { LookName } from './seat-board.ts';

export const rowWords = (row: PlanRow): string =>
  row.rowText ?? (row.label === '' ? 'Row' : `Row ${row.label}`);

export const lookWords: Readonly<Record<LookName, string>> = {
  free: 'free',
  held: 'held by somebody else',
  sold: 'sold',
  blocked: 'not on sale',
  mine: 'held for you',
  booked: 'booked by you',
  unknown: 'loading',
  offered: 'offered to you',
};

export class SeatWords {
  readonly #plan: SeatingPlan;
  readonly #rowOf: Int32Array;
  readonly #prices: Readonly<Record<string, number>>;

  /** @param prices by the category's name, in minor units */
  constructor(plan: SeatingPlan, rowOf: Int32Array, prices: Readonly<Record<string, number>>) {
    this.#plan = plan;
    this.#rowOf = rowOf;
    this.#prices = prices;
  }

  /** Zone (when it has a name), row, seat: ["Block A", "Row 4", "Seat 12"]. */
  parts(seat: number): string[] {
    const row = this.#plan.rows[this.#rowOf[seat] ?? -1];
    if (!row) return [];
    const zone = this.#plan.zones[row.zone]?.name ?? '';
    const number = this.#plan.seats[seat]?.number ?? '';
    const name = row.seatText === undefined ? `Seat ${number}` : row.seatText.replace('%s', () => number);
    return zone === '' ? [rowWords(row), name] : [zone, rowWords(row), name];
  }

  /** "Row 4, Seat 12". */
  short(seat: number): string {
    return this.parts(seat).slice(-2).join(', ');
  }

  long(seat: number): string {
    return this.parts(seat).join(', ');
  }

  category(seat: number): string {
    return this.#plan.categories[this.#plan.seats[seat]?.category ?? -1]?.name ?? '';
  }

  priceCents(seat: number): number {
    return this.#prices[this.category(seat)] ?? 0;
  }

  /** Why a seat that looks like this cannot be had. */
  whyNot(seat: number, look: LookName): string {
    const name = this.short(seat);
    if (look === 'held') return `${name} is in somebody's cart. It may come back.`;
    if (look === 'sold') return `${name} is sold.`;
    if (look === 'booked') return `${name} is booked by you.`;
    if (look === 'offered') return `${name} is offered to you: accept or decline first.`;
    if (look === 'blocked') return `${name} is not on sale.`;
    return 'The map is still loading.';
  }
}
