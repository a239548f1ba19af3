/** A hall with three categories, one of which begins in the middle of a row. */
import type { SeatFact } from '../checks/waitlist-record.ts';

export const categories = ['Stalls', 'Circle', 'Gallery'];
const rowSeats = 20;

export interface Hall {
  plan: Record<string, unknown>;
  prices: Record<string, number>;
  seats: SeatFact[];
}

export function hallOf(count: number): Hall {
  const categoryOf = (seat: number) => categories[Math.floor((seat * categories.length) / count)] as string;
  const rows = Array.from({ length: Math.ceil(count / rowSeats) }, (_, row) => ({
    row_number: String(row + 1),
    position: { x: 0, y: row * 25 },
    seats: Array.from({ length: Math.min(rowSeats, count - row * rowSeats) }, (_, seat) => ({
      seat_guid: `h-${row}-${seat}`,
      seat_number: String(seat + 1),
      position: { x: seat * 25, y: 0 },
      category: categoryOf(row * rowSeats + seat),
    })),
  }));
  return {
    plan: {
      name: 'Hall',
      size: { width: 600, height: rows.length * 25 + 50 },
      categories: categories.map((name, i) => ({ name, color: `#4c8bf${i}` })),
      zones: [{ name: 'Main', position: { x: 20, y: 20 }, rows, areas: [] }],
    },
    prices: Object.fromEntries(categories.map((name, i) => [name, 5000 - 1000 * i])),
    seats: Array.from({ length: count }, (_, seat) => ({
      category: categoryOf(seat),
      hasNeighbour: seat + 1 < count && (seat + 1) % rowSeats !== 0,
    })),
  };
}
