import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SeatGrid } from '../../src/pages/hit-test.ts';

const coordinate = fc.double({ min: -300, max: 300, noNaN: true });
const point = fc.record({ x: coordinate, y: coordinate });

describe('finding the seat at a place', () => {
  test('the grid finds the same distance as looking at every seat', () => {
    fc.assert(
      fc.property(
        fc.array(point, { minLength: 1, maxLength: 60 }),
        point,
        fc.double({ min: 1, max: 200, noNaN: true }),
        fc.double({ min: 1, max: 80, noNaN: true }),
        (seats, at, reach, cell) => {
          const distance = (seat: { x: number; y: number }) => Math.hypot(seat.x - at.x, seat.y - at.y);
          const nearest = Math.min(...seats.map(distance));
          const found = new SeatGrid(seats, cell).nearest(at, reach);
          if (nearest > reach) expect(found).toBeUndefined();
          else expect(distance(seats[found as number] as { x: number; y: number })).toBe(nearest);
        },
      ),
    );
  });

  test('a seat can be left out, to find its neighbour', () => {
    const grid = new SeatGrid(
      [
        { x: 0, y: 0 },
        { x: 20, y: 0 },
        { x: 50, y: 0 },
      ],
      20,
    );
    expect(grid.nearest({ x: 1, y: 0 }, 100)).toBe(0);
    expect(grid.nearest({ x: 1, y: 0 }, 100, 0)).toBe(1);
  });

  test('far outside the plan there is nothing, and asking costs nothing', () => {
    const grid = new SeatGrid(
      [
        { x: 0, y: 0 },
        { x: 100, y: 100 },
      ],
      10,
    );
    expect(grid.nearest({ x: 1e6, y: -1e6 }, 50)).toBeUndefined();
    expect(grid.any({ left: 200, top: 200, right: 300, bottom: 300 })).toBe(false);
    expect(grid.any({ left: 90, top: 90, right: 110, bottom: 110 })).toBe(true);
  });

  test('two seats a world apart do not ask for a bucket each metre', () => {
    const grid = new SeatGrid(
      [
        { x: 0, y: 0 },
        { x: 1e6, y: 1e6 },
      ],
      1,
    );
    expect(grid.nearest({ x: 1e6, y: 1e6 - 3 }, 5)).toBe(1);
  });
});
