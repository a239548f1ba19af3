import { beforeEach, describe, expect, test } from 'vitest';
import type { SeatcastClient } from '../../src/client/client.ts';
import type { SeatMap } from '../../src/client/seat-map.ts';
import type { Booking } from '../../src/contracts.gen.ts';
import { Buyer } from '../../src/pages/buyer.ts';
import { SeatBoard } from '../../src/pages/seat-board.ts';
import { bookingOf, HubStandIn, holdOf, plan } from './hub-stand-in.ts';

describe('what a buyer does', () => {
  let map: SeatMap;
  let hub: HubStandIn;
  let board: SeatBoard;
  let buyer: Buyer;
  let lost: number[][];

  beforeEach(() => {
    hub = new HubStandIn();
    map = hub.map;
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
    hub.bookings = [{ ...bookingOf('booking', [1]), holdId: 'a' }];
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

  test('what is being paid for is not changed: one more seat begins another hold', async () => {
    map.setHolds([holdOf('paying', [1, 2])]);
    buyer.settled.add('paying');
    await buyer.hold(3);
    expect(hub.asked).toEqual([{ seats: [3], holdId: undefined }]);
    await buyer.release(holdOf('paying', [1, 2]), [1]);
    expect(hub.released).toEqual([]);
    await buyer.release(holdOf('paying', [1, 2]));
    expect(hub.released).toEqual(['paying']);
  });

  test('a cart that the hub, or another window, has booked is empty', () => {
    map.setHolds([holdOf('hold-of-b', [1, 2])]);
    hub.tell('bookings:confirmed', { booking: bookingOf('b', [1, 2]) });
    expect(map.holds).toEqual([]);
    expect(board.lookOf(1)).toBe('booked');
  });

  test('a seat that is given back is not ours any more, the others of its booking are', async () => {
    hub.tell('bookings:confirmed', { booking: bookingOf('b', [1, 2]) });
    hub.onCancel = async () => bookingOf('b', [1, 2], [1]);
    await buyer.cancel(bookingOf('b', [1, 2]), [1]);
    expect([1, 2].map((seat) => board.lookOf(seat))).toEqual(['free', 'booked']);
  });

  test('an answer that is older than what was told takes no refund back', async () => {
    const payment = { state: 'captured', amountCents: 2000, refundedCents: 0 } as const;
    const given: Booking = { ...bookingOf('b', [1, 2], [1]), payment };
    hub.onCancel = async () => {
      hub.tell('bookings:cancelled', { booking: { ...given, payment: { ...payment, refundedCents: 1000 } } });
      return given;
    };
    await buyer.cancel(bookingOf('b', [1, 2]), [1]);
    expect(buyer.bookings[0]?.payment?.refundedCents).toBe(1000);
  });

  test('a list that is older than what was told meanwhile is asked for again', async () => {
    const lists = [bookingOf('b', [1, 2]), bookingOf('b', [1, 2], [1])];
    hub.request = async () => {
      const bookings = [lists.shift() as Booking];
      if (lists.length === 1) hub.tell('bookings:cancelled', { booking: bookingOf('b', [1, 2], [1]) });
      return { bookings, nextCursor: null };
    };
    await buyer.reload();
    expect(lists).toEqual([]);
    expect(board.lookOf(1)).toBe('free');
  });
});
