/**
 * Paying for what is in the cart, hold by hold: what is asked of the hub, what it answers or tells, and which
 * step that leads to. Where a payment stands is the hub's to say, so that a reload, another window or a lost
 * connection finds its way back.
 */
import { RequestFailed, type SeatcastClient } from '../client/client.ts';
import { Emitter } from '../client/emitter.ts';
import type { SeatMap } from '../client/seat-map.ts';
import type { BookingsPaid, Hold, Payment } from '../contracts.gen.ts';
import type { Buyer } from './buyer.ts';
import { isWebAddress, type PayingMemory, type PayStep } from './pay-step.ts';
import { refusalWords } from './refusal-words.ts';
import type { NoticeKind } from './toast.ts';

interface CheckoutEvents {
  /** The payment of this hold is at another step. */
  changed: string;
  /** The buyer goes on at this address. */
  leave: string;
  notice: { text: string; kind: NoticeKind };
}

interface CheckoutOptions {
  client: SeatcastClient;
  map: SeatMap;
  buyer: Buyer;
  /** No money moves: the buyer chooses a test card here. Otherwise the provider takes the card. */
  simulated: boolean;
  memory: PayingMemory;
}

export class Checkout extends Emitter<CheckoutEvents> {
  readonly simulated: boolean;
  readonly #client: SeatcastClient;
  readonly #map: SeatMap;
  readonly #buyer: Buyer;
  readonly #memory: PayingMemory;
  readonly #steps = new Map<string, PayStep>();
  /** Begun or found in this window; the others only look on. */
  readonly #ours = new Set<string>();

  constructor({ client, map, buyer, simulated, memory }: CheckoutOptions) {
    super();
    this.simulated = simulated;
    this.#client = client;
    this.#map = map;
    this.#buyer = buyer;
    this.#memory = memory;
    map.on('fresh', (fresh) => fresh && this.resume());
    client.on('bookings:paid', (told) => {
      if (told.eventId === buyer.eventId) this.#told(told);
    });
    client.on('bookings:confirmed', ({ booking }) => {
      if (!this.#ours.has(booking.holdId)) return;
      this.#end(booking.holdId);
      buyer.celebrate(booking);
    });
    client.on('seats:hold-expired', ({ holdId }) => {
      const isUndecided = ['asking', 'waiting'].includes(this.#steps.get(holdId)?.at ?? '');
      this.#end(holdId);
      if (!isUndecided) return;
      // What comes of it is told: the seats after all, or the money back.
      this.#ours.add(holdId);
      this.#say(
        'Your bank was too slow. If it still says yes, you get the same seats or your money.',
        'info',
      );
    });
  }

  stepOf(holdId: string): PayStep | undefined {
    return this.#steps.get(holdId);
  }

  open(hold: Hold): void {
    this.#go(hold.holdId, { at: 'form', problem: '' });
  }

  /** Back to choosing; only while the hub knows of no payment. */
  close(hold: Hold): void {
    if (this.#buyer.settled.has(hold.holdId)) return;
    this.#steps.delete(hold.holdId);
    this.emit('changed', hold.holdId);
  }

  async giveUp(hold: Hold): Promise<void> {
    await this.#buyer.release(hold);
    if (!this.#find(hold.holdId)) this.#end(hold.holdId);
  }

  /** @param method the number of a test card; left out, the buyer gives theirs to the provider */
  async pay(hold: Hold, method?: string): Promise<void> {
    const { holdId } = hold;
    this.#ours.add(holdId);
    this.#go(holdId, { at: 'asking' });
    try {
      const payment = await this.#client.checkout(this.#buyer.eventId, holdId, method);
      this.#settle(holdId);
      const { kind, url = '' } = payment.action ?? {};
      if (kind === 'redirect' && isWebAddress(url)) this.emit('leave', url);
      await this.#follow(hold, payment);
    } catch (error) {
      if (!(error instanceof RequestFailed)) throw error;
      await this.#refused(hold, error);
    }
  }

  /** After a reload, or a lost connection: asks how far the payments of what is in the cart are. */
  async resume(): Promise<void> {
    const idle = this.#map.holds.filter(
      ({ holdId, totalCents }) => totalCents > 0 && !this.#isUnderWay(holdId),
    );
    await Promise.all(idle.map((hold) => this.#look(hold)));
  }

  /**
   * Confirming is the question: it books what is paid, changes nothing otherwise, and says why not. To ask
   * for the payment itself would start one where there is none.
   */
  async #look(hold: Hold): Promise<void> {
    const { eventId } = this.#buyer;
    const { holdId } = hold;
    const requestId = crypto.randomUUID();
    try {
      const { booking } = await this.#client.request('bookings:confirm', { eventId, holdId, requestId });
      this.#end(holdId);
      this.#map.setHold(holdId, null);
      this.#buyer.celebrate(booking);
    } catch (error) {
      const code = error instanceof RequestFailed ? error.code : undefined;
      // Begun while we were asking: its own answer counts.
      if (this.#isUnderWay(holdId)) return;
      if (code === 'payment-pending') {
        this.#ours.add(holdId);
        this.#settle(holdId);
        this.#go(holdId, { at: 'waiting', action: undefined });
        // What the buyer has to do is in the answer to the payment; not asked where it could start another.
        if (this.simulated) return;
        const payment = await this.#client.checkout(eventId, holdId).catch(() => undefined);
        if (payment) await this.#follow(hold, payment);
      } else if (code === 'payment-required') {
        const isBegun = this.#memory.has(holdId);
        if (isBegun) this.#settle(holdId);
        const step = this.#steps.get(holdId);
        if (step?.at === 'form') return;
        if (isBegun || step) this.#go(holdId, { at: 'form', problem: '' });
      }
    }
  }

  #follow(hold: Hold, { state, action }: Payment): Promise<void> {
    const { holdId } = hold;
    if (state === 'voiding' || state === 'voided' || state === 'refunding' || state === 'refunded') {
      this.#go(holdId, { at: 'over', problem: 'This payment was called off. Nothing was taken.' });
    } else if (state === 'authorised' || state === 'booked' || state === 'captured') {
      return this.#book(hold);
    } else {
      this.#go(holdId, { at: 'waiting', action });
    }
    return Promise.resolve();
  }

  async #book(hold: Hold): Promise<void> {
    const { holdId } = hold;
    if (this.#steps.get(holdId)?.at === 'booking') return;
    this.#go(holdId, { at: 'booking' });
    await this.#buyer.confirm(hold);
    if (!this.#find(holdId)) this.#end(holdId);
    // It is paid for, so the hub books it by itself.
    else this.#go(holdId, { at: 'waiting', action: undefined });
  }

  async #refused(hold: Hold, error: RequestFailed): Promise<void> {
    const { holdId } = hold;
    if (error.code === 'payment-declined') {
      this.#settle(holdId);
      const { reason } = error.details;
      this.#go(holdId, {
        at: 'form',
        problem: typeof reason === 'string' && reason ? reason : error.message,
      });
      // The refusal does not say how long there is to pay.
      await this.#map.resync().catch(() => undefined);
    } else if (error.code === 'payment-not-needed') {
      await this.#book(hold);
    } else if (error.code === 'timeout' || error.code === 'connection-lost') {
      // It may be under way all the same.
      this.#go(holdId, { at: 'form', problem: refusalWords(error) });
      await this.#look(hold);
    } else if (error.code === 'hold-not-found') {
      this.#end(holdId);
      await this.#map.resync().catch(() => undefined);
      this.#say('Your time ran out before the payment began. Nothing was taken.', 'warn');
    } else {
      this.#go(holdId, { at: 'form', problem: refusalWords(error) });
    }
  }

  #told({ holdId, payment: { state }, reason }: BookingsPaid): void {
    const hold = this.#find(holdId);
    const at = this.#steps.get(holdId)?.at;
    if (!hold) {
      this.#toldLater(holdId, state);
      return;
    }
    this.#settle(holdId);
    if (state === 'authorised' && this.#ours.has(holdId) && at !== 'asking') {
      void this.#book(hold);
    } else if (at === 'asking' || at === 'booking') {
      // The answer says it.
    } else if (state === 'declined') {
      this.#go(holdId, { at: 'form', problem: reason || 'The payment was declined.' });
    } else if (state === 'voiding' || state === 'voided') {
      this.#go(holdId, { at: 'over', problem: reason || 'This payment was called off. Nothing was taken.' });
    } else if (at !== 'waiting') {
      this.#go(holdId, { at: 'waiting', action: undefined });
    }
  }

  /** The hold is over: it was booked, or ran out before the bank made up its mind. */
  #toldLater(holdId: string, state: Payment['state']): void {
    const isBooked = this.#buyer.bookings.some((booking) => booking.holdId === holdId);
    if (isBooked) {
      this.#buyer.reload().catch(() => undefined);
    } else if (this.#ours.has(holdId) && (state === 'voided' || state === 'refunded')) {
      this.#end(holdId);
      this.#say('Your seats were sold before your bank said yes. You pay nothing.', 'warn');
    }
  }

  /** From now on the hold's seats stay as they are, and it has its time to pay. */
  #settle(holdId: string): void {
    if (this.#buyer.settled.has(holdId)) return;
    this.#buyer.settled.add(holdId);
    this.#memory.add(holdId);
    this.#map.resync().catch(() => undefined);
  }

  #end(holdId: string): void {
    this.#steps.delete(holdId);
    this.#ours.delete(holdId);
    this.#buyer.settled.delete(holdId);
    this.#memory.delete(holdId);
    this.emit('changed', holdId);
  }

  #isUnderWay(holdId: string): boolean {
    return ['asking', 'booking', 'over'].includes(this.#steps.get(holdId)?.at ?? '');
  }

  #find(holdId: string): Hold | undefined {
    return this.#map.holds.find((hold) => hold.holdId === holdId);
  }

  #go(holdId: string, step: PayStep): void {
    this.#steps.set(holdId, step);
    this.emit('changed', holdId);
  }

  #say(text: string, kind: NoticeKind): void {
    this.emit('notice', { text, kind });
  }
}
