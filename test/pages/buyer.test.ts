import { beforeEach, describe, expect, test } from 'vitest';
import { RequestFailed, type SeatcastClient } from '../../src/client/client.ts';
import { Emitter } from '../../src/client/emitter.ts';
import { SeatMap } from '../../src/client/seat-map.ts';
import type { Booking, Hold } from '../../src/contracts.gen.ts';
import { Buyer } from '../../src/pages/buyer.ts';
import { SeatBoard } from '../../src/pages/seat-board.ts';
import type { SeatingPlan } from '../../src/seating/plan.ts';

const plan: SeatingPlan = {
  name: 'Row',
  width: 200,
  height: 50,
  categories: [{ name: 'A', color: '#2f6b8f' }],
  zones: [{ name: '' }],
  rows: [{ zone: 0, label: '1', first: 0, count: 8 }],
  seats: Array.from({ length: 8 }, (_, index) => ({
    index,
    guid: `${index}`,
    label: `seat ${index}`,
    zone: 0,
    row: '1',
    number: `${index}`,
    category: 0,
    x: index * 20,
    y: 0,
  })),
  areas: [],
};

const holdOf = (holdId: string, seats: number[]): Hold => ({
  holdId,
  eventId: 'event',
  seats,
  expiresAt: 1e13,
  extensionsLeft: 1,
  totalCents: seats.length * 1000,
  currency: 'EUR',
});

const failure = (code: RequestFailed['code']) => new RequestFailed({ code, message: code, retry: 'changed' });

/** What the buyer needs of the client, answered here. */
class Hub extends Emitter<Record<string, unknown>> {
  readonly map: SeatMap;
  readonly asked: { seats: number[]; holdId: string | undefined }[] = [];
  readonly refuse = new Map<number, RequestFailed['code']>();
  bookings: Partial<Booking>[] = [];
  #next = 1;

  constructor(map: SeatMap) {
    super();
    this.map = map;
  }

  async hold(_eventId: string, seats: number[], holdId?: string): Promise<Hold> {
    this.asked.push({ seats, holdId });
    await new Promise((resolve) => setTimeout(resolve, 1));
    const known = this.map.holds.find((hold) => hold.holdId === holdId);
    if (holdId === 'gone') throw failure('hold-not-found');
    const code = this.refuse.get(seats[0] as number);
    if (code) throw failure(code);
    const hold = holdOf(holdId ?? `hold-${this.#next++}`, [...(known?.seats ?? []), ...seats]);
    this.map.setHold(hold.holdId, hold);
    return hold;
  }

  async request() {
    return { bookings: this.bookings, nextCursor: null };
  }

  tell(name: string, data: unknown): void {
    this.emit(name, data);
  }
}

describe('what a buyer does', () => {
  let map: SeatMap;
  let hub: Hub;
  let board: SeatBoard;
  let buyer: Buyer;
  let lost: number[][];

  beforeEach(() => {
    map = new SeatMap('event', () => Promise.reject(failure('timeout')));
    map.fresh = true;
    hub = new Hub(map);
    board = new SeatBoard(plan);
    board.setStates(new Uint8Array(8), 'all');
    buyer = new Buyer(hub as unknown as SeatcastClient, map, board, (seat) => `Seat ${seat}`);
    lost = [];
    buyer.on('lost', (seats) => lost.push(seats));
  });

  test('seats picked in a hurry go into one hold', async () => {
    await Promise.all([buyer.hold(1), buyer.hold(2), buyer.hold(3)]);
    expect(hub.asked.map(({ holdId }) => holdId)).toEqual([undefined, 'hold-1', 'hold-1']);
    expect(buyer.cart?.seats).toEqual([1, 2, 3]);
    expect([1, 2, 3].map((seat) => board.lookOf(seat))).toEqual(['mine', 'mine', 'mine']);
    expect(board.pending.size).toBe(0);
  });

  test('a hold that ran out under the click is replaced by a new one', async () => {
    map.setHolds([holdOf('gone', [5])]);
    await buyer.hold(6);
    expect(hub.asked.map(({ holdId }) => holdId)).toEqual(['gone', undefined]);
    expect(buyer.cart?.seats).toEqual([6]);
  });

  test('somebody was faster: told, nothing pending, and the next seat goes on', async () => {
    hub.refuse.set(1, 'seats-taken');
    const snatched: number[][] = [];
    buyer.on('snatched', (seats) => snatched.push(seats));
    await Promise.all([buyer.hold(1), buyer.hold(2)]);
    expect(snatched).toEqual([[1]]);
    expect(buyer.cart?.seats).toEqual([2]);
    expect(board.pending.size).toBe(0);
  });

  test('a hold that ended while the connection was lost is told once', async () => {
    map.setHolds([holdOf('a', [1, 2]), holdOf('b', [3])]);
    map.setHolds([holdOf('b', [3])]);
    await buyer.refresh(true);
    await buyer.refresh(true);
    expect(lost).toEqual([[1, 2]]);
  });

  test('a hold that was booked meanwhile, by another window, is not lost', async () => {
    map.setHolds([holdOf('a', [1])]);
    map.setHolds([]);
    hub.bookings = [
      { id: 'booking', holdId: 'a', eventId: 'event', status: 'confirmed', seats: [{ seat: 1 }] as never },
    ];
    await buyer.refresh(true);
    expect(lost).toEqual([]);
    expect(board.lookOf(1)).toBe('booked');
  });

  test('whoever signs out has lost nothing', async () => {
    map.setHolds([holdOf('a', [1])]);
    buyer.forget();
    map.setHolds([]);
    await buyer.refresh(false);
    expect(lost).toEqual([]);
  });

  test('a hold of another event that runs out is none of our business', () => {
    hub.tell('seats:hold-expired', { eventId: 'other', holdId: 'x', seats: [1] });
    hub.tell('seats:hold-expired', { eventId: 'event', holdId: 'y', seats: [2] });
    expect(lost).toEqual([[2]]);
  });
});
