import { beforeEach, describe, expect, test } from 'vitest';
import type { SeatcastClient } from '../../src/client/client.ts';
import type { Booking, BookingsPaid, Payment } from '../../src/contracts.gen.ts';
import { Buyer } from '../../src/pages/buyer.ts';
import { Checkout } from '../../src/pages/checkout.ts';
import { SeatBoard } from '../../src/pages/seat-board.ts';
import { bookingOf, failure, HubStandIn, holdOf, paymentOf, plan } from './hub-stand-in.ts';

const hold = holdOf('hold-of-b', [1, 2]);
const booking = bookingOf('b', [1, 2]);
const { holdId } = hold;
const card = '4242424242424242';

describe('paying for a hold', () => {
  let hub: HubStandIn;
  let buyer: Buyer;
  let checkout: Checkout;
  let memory: Set<string>;
  let steps: string[];
  let booked: Booking[];
  let notices: string[];

  function openPage(simulated = true): void {
    hub = new HubStandIn();
    const board = new SeatBoard(plan);
    board.setStates(new Uint8Array(8), 'all');
    const client = hub as unknown as SeatcastClient;
    buyer = new Buyer(client, hub.map, board, (seat) => `Seat ${seat}`);
    checkout = new Checkout({ client, map: hub.map, buyer, simulated, memory });
    [steps, booked, notices] = [[], [], []];
    checkout.on('changed', (id) => steps.push(checkout.stepOf(id)?.at ?? 'none'));
    checkout.on('notice', ({ text }) => notices.push(text));
    buyer.on('booked', (each) => booked.push(each));
    hub.map.setHolds([hold]);
  }

  const paid = (state: Payment['state'], reason = ''): void => {
    const told: BookingsPaid = { eventId: 'event', holdId, payment: paymentOf(state), reason };
    hub.tell('bookings:paid', told);
  };

  beforeEach(() => {
    memory = new Set();
    openPage();
  });

  test('approved: asked, booked, over', async () => {
    checkout.open(hold);
    hub.onCheckout = async () => paymentOf('authorised');
    hub.onConfirm = async () => booking;
    await checkout.pay(hold, card);
    expect(hub.methods).toEqual([card]);
    expect(steps).toEqual(['form', 'asking', 'booking', 'none']);
    expect(booked).toEqual([booking]);
    expect(hub.map.holds).toEqual([]);
    expect(memory.size).toBe(0);
  });

  test('declined: told why, settled, the time to pay asked for, and another card may be tried', async () => {
    hub.onCheckout = () => Promise.reject(failure('payment-declined', { reason: 'Not enough money.' }));
    await checkout.pay(hold, card);
    expect(checkout.stepOf(holdId)).toEqual({ at: 'form', problem: 'Not enough money.' });
    expect(buyer.settled.has(holdId)).toBe(true);
    expect(hub.resyncs).toBeGreaterThan(0);
    checkout.close(hold);
    expect(checkout.stepOf(holdId)).toBeDefined();
    hub.onCheckout = async () => paymentOf('authorised');
    hub.onConfirm = async () => booking;
    await checkout.pay(hold, card);
    expect(booked).toEqual([booking]);
  });

  test('pending, then approved: it books by itself', async () => {
    hub.onCheckout = async () => paymentOf('pending');
    await checkout.pay(hold, card);
    expect(checkout.stepOf(holdId)?.at).toBe('waiting');
    hub.onConfirm = async () => booking;
    const done = new Promise((resolve) => buyer.on('booked', resolve));
    paid('authorised');
    await done;
    // The hub tells it as well.
    hub.tell('bookings:confirmed', { booking });
    expect(booked).toEqual([booking]);
  });

  test('pending, then booked by the hub itself: shown all the same', async () => {
    hub.onCheckout = async () => paymentOf('pending');
    await checkout.pay(hold, card);
    hub.tell('bookings:confirmed', { booking });
    expect(booked).toEqual([booking]);
    expect(hub.map.holds).toEqual([]);
    expect(checkout.stepOf(holdId)).toBeUndefined();
  });

  test('pending, then declined: back to the form', async () => {
    hub.onCheckout = async () => paymentOf('pending');
    await checkout.pay(hold, card);
    paid('declined', 'The card was declined.');
    expect(checkout.stepOf(holdId)).toEqual({ at: 'form', problem: 'The card was declined.' });
  });

  test('what is told while the bank is asked waits for the answer', async () => {
    let answer: (payment: Payment) => void = () => undefined;
    hub.onCheckout = () => new Promise((resolve) => (answer = resolve));
    hub.onConfirm = async () => booking;
    const paying = checkout.pay(hold, card);
    paid('started');
    paid('authorised');
    expect(steps).toEqual(['asking']);
    answer(paymentOf('authorised'));
    await paying;
    expect(steps).toEqual(['asking', 'booking', 'none']);
  });

  test('a reload while the bank decides: found again, without asking for another payment', async () => {
    hub.onConfirm = () => Promise.reject(failure('payment-pending'));
    await checkout.resume();
    expect(checkout.stepOf(holdId)?.at).toBe('waiting');
    expect(hub.methods).toEqual([]);
    hub.tell('bookings:confirmed', { booking });
    expect(booked).toEqual([booking]);
  });

  test('a reload after a declined card: the form again; without any payment, the cart', async () => {
    await checkout.resume();
    expect(checkout.stepOf(holdId)).toBeUndefined();
    hub.onCheckout = () => Promise.reject(failure('payment-declined'));
    await checkout.pay(hold, card);
    openPage();
    await checkout.resume();
    expect(checkout.stepOf(holdId)?.at).toBe('form');
    expect(buyer.settled.has(holdId)).toBe(true);
  });

  test('a reload after the bank said yes: booked', async () => {
    hub.onConfirm = async () => booking;
    await checkout.resume();
    expect(booked).toEqual([booking]);
    expect(hub.map.holds).toEqual([]);
  });

  test('no answer: what became of it is asked, not guessed', async () => {
    hub.onCheckout = () => Promise.reject(failure('timeout'));
    hub.onConfirm = () => Promise.reject(failure('payment-pending'));
    await checkout.pay(hold, card);
    expect(checkout.stepOf(holdId)?.at).toBe('waiting');
  });

  test('paid for in another window: this one looks on and does not celebrate', () => {
    paid('pending');
    expect(checkout.stepOf(holdId)?.at).toBe('waiting');
    expect(buyer.settled.has(holdId)).toBe(true);
    hub.tell('bookings:confirmed', { booking });
    expect(booked).toEqual([]);
    expect(hub.map.holds).toEqual([]);
  });

  test('the time runs out before the bank decides: told what comes of it', async () => {
    hub.onCheckout = async () => paymentOf('pending');
    await checkout.pay(hold, card);
    hub.map.setHold(holdId, null);
    hub.tell('seats:hold-expired', { eventId: 'event', holdId, seats: [1, 2] });
    expect(notices).toHaveLength(1);
    paid('voided', 'Some of these seats are not free any more.');
    expect(notices).toHaveLength(2);
    expect(notices[1]).toContain('You pay nothing');
  });

  test('after a refund the bookings are asked for again', () => {
    hub.tell('bookings:confirmed', { booking });
    const listed = new Promise<string>((resolve) => {
      hub.request = async (message) => {
        resolve(message);
        return { bookings: [booking], nextCursor: null };
      };
    });
    paid('captured');
    return expect(listed).resolves.toBe('bookings:list');
  });

  describe('with a provider that takes the card itself', () => {
    beforeEach(() => openPage(false));

    test('to be paid elsewhere: the buyer is sent there, but not again after coming back', async () => {
      const left: string[] = [];
      const action = { kind: 'redirect', url: 'https://bank.example/pay' } as const;
      hub.onCheckout = async () => paymentOf('pending', action);
      checkout.on('leave', (url) => left.push(url));
      await checkout.pay(hold);
      expect(left).toEqual([action.url]);
      openPage(false);
      checkout.on('leave', (url) => left.push(url));
      hub.onCheckout = async () => paymentOf('pending', action);
      hub.onConfirm = () => Promise.reject(failure('payment-pending'));
      await checkout.resume();
      expect(left).toEqual([action.url]);
      expect(checkout.stepOf(holdId)).toEqual({ at: 'waiting', action });
    });

    test('an address that is none of the web is not opened', async () => {
      const left: string[] = [];
      checkout.on('leave', (url) => left.push(url));
      const url = 'javascript:alert(1)';
      hub.onCheckout = async () => paymentOf('pending', { kind: 'redirect', url });
      await checkout.pay(hold);
      expect(left).toEqual([]);
    });
  });
});
