import { beforeEach, describe, expect, test, vi } from 'vitest';
import { SeatBoard } from '../../src/pages/seat-board.ts';
import type { SeatingPlan } from '../../src/seating/plan.ts';
import { statesOfLetters } from '../../src/seats/codec.ts';

const seat = (index: number, category: number) => ({
  index,
  guid: `g${index}`,
  label: `seat ${index}`,
  zone: 0,
  row: '1',
  number: `${index}`,
  category,
  x: index * 20,
  y: 0,
});

const plan: SeatingPlan = {
  name: 'Six seats',
  width: 200,
  height: 50,
  categories: [
    { name: 'A', color: '#2f6b8f' },
    { name: 'B', color: '#8f2f6b' },
  ],
  zones: [{ name: 'Floor' }],
  rows: [
    { zone: 0, label: '1', first: 0, count: 4 },
    { zone: 0, label: '2', first: 4, count: 2 },
  ],
  seats: [0, 0, 0, 1, 1, 1].map((category, index) => seat(index, category)),
  areas: [],
};

const looksOf = (board: SeatBoard) => plan.seats.map(({ index }) => board.lookOf(index)).join(' ');

describe('how seats look to a viewer', () => {
  let board: SeatBoard;
  let map: Uint8Array;
  const change = (index: number, letter: string) => {
    map.set(statesOfLetters(letter), index);
    board.setStates(map, [index]);
  };

  beforeEach(() => {
    vi.useFakeTimers();
    board = new SeatBoard(plan);
    map = statesOfLetters('fhsbff');
    board.setStates(map, 'all');
    return () => vi.useRealTimers();
  });

  test('before the map is loaded nothing is known', () => {
    expect(new SeatBoard(plan).lookOf(0)).toBe('unknown');
  });

  test('what is held and booked by the viewer goes over the map', () => {
    expect(looksOf(board)).toBe('free held sold blocked free free');
    board.setMine([1]);
    board.setBooked([2]);
    expect(looksOf(board)).toBe('free mine booked blocked free free');
    board.setMine([]);
    expect(board.lookOf(1)).toBe('held');
  });

  test('counts follow every change, and a whole map counts anew', () => {
    expect(board.tally).toEqual({ free: 3, held: 1, sold: 1, blocked: 1 });
    expect([...board.freeByCategory, ...board.freeByRow, ...board.freeByZone]).toEqual([1, 2, 1, 2, 3]);
    change(4, 'h');
    board.setMine([4]);
    change(0, 's');
    expect(board.tally).toEqual({ free: 1, held: 2, sold: 2, blocked: 1 });
    expect([...board.freeByCategory, ...board.freeByRow, ...board.freeByZone]).toEqual([0, 1, 0, 1, 1]);
    board.setStates(statesOfLetters('ffffff'), 'all');
    expect(board.tally).toEqual({ free: 5, held: 1, sold: 0, blocked: 0 });
  });

  test('only seats that look different are told', () => {
    const told: unknown[] = [];
    board.on('changed', (seats) => told.push(seats));
    change(0, 'f');
    change(0, 'h');
    board.setMine([0]);
    board.setMine([0]);
    expect(told).toEqual([[0], [0]]);
  });

  test('a seat given back looks free before the tick that says so, but not for ever', () => {
    change(0, 'h');
    board.setMine([0]);
    board.setMine([]);
    board.setPending([0], 'giving');
    expect(board.lookOf(0)).toBe('free');
    vi.advanceTimersByTime(2500);
    expect(board.lookOf(0)).toBe('held');
  });

  test('a tick that came before the answer is believed: whoever takes the seat then, holds it', () => {
    board.setPending([0], 'giving');
    change(0, 'h');
    expect(board.lookOf(0)).toBe('held');
  });
});
