/**
 * Everything a buyer can do to an event: hold, give back, extend, book, cancel. One hold is the cart, so
 * holding goes one seat after the other: the second must know the hold that the first one made.
 */
import { RequestFailed, type SeatcastClient } from '../client/client.ts';
import { Emitter } from '../client/emitter.ts';
import type { SeatMap } from '../client/seat-map.ts';
import type { Booking, Hold } from '../contracts.gen.ts';
import { plural } from './format.ts';
import { OwnBookings } from './own-bookings.ts';
import { refusalWords } from './refusal-words.ts';
import type { SeatBoard } from './seat-board.ts';
import type { NoticeKind } from './toast.ts';

interface BuyerEvents {
  /** Your bookings of this event, newest first. */
  bookings: Booking[];
  booked: Booking;
  /** Holds that ended without your doing: they ran out, here or while the connection was lost. */
  lost: number[];
  /** Somebody was faster. */
  snatched: number[];
  notice: { text: string; kind: NoticeKind };
  /** What the page shows anyway, for those who cannot see it. */
  done: string;
}

const loadedWithinMs = 8000;

export class Buyer extends Emitter<BuyerEvents> {
  readonly eventId: string;
  readonly #own: OwnBookings;
  readonly #client: SeatcastClient;
  readonly #map: SeatMap;
  readonly #board: SeatBoard;
  readonly #describe: (seat: number) => string;
  #queue: Promise<unknown> = Promise.resolve();
  /** Holds we saw, until they end in a way we know of. */
  #known = new Map<string, Hold>();
  /** Holds that are being paid for: they can be given up, but not changed. */
  readonly settled = new Set<string>();
  /** Bookings that were told to the page as its own doing. */
  readonly #shown = new Set<string>();

  constructor(client: SeatcastClient, map: SeatMap, board: SeatBoard, describe: (seat: number) => string) {
    super();
    this.eventId = map.eventId;
    this.#client = client;
    this.#map = map;
    this.#board = board;
    this.#describe = describe;
    this.#own = new OwnBookings(client, map.eventId);
    this.#own.on('changed', (bookings) => {
      board.setBooked(this.#own.seats);
      this.emit('bookings', bookings);
    });
    map.on('holds', (holds) => this.adopt(holds));
    client.on('seats:hold-expired', ({ eventId, holdId, seats }) => {
      if (eventId !== this.eventId) return;
      this.#known.delete(holdId);
      this.emit('lost', seats);
    });
    client.on('bookings:cancelled', ({ booking }) => {
      if (booking.eventId === this.eventId) this.#put(booking);
    });
    // Also when another window, or the hub itself, has booked what is in this cart.
    client.on('bookings:confirmed', ({ booking }) => {
      if (booking.eventId !== this.eventId) return;
      this.#put(booking);
      if (map.holds.some((hold) => hold.holdId === booking.holdId)) map.setHold(booking.holdId, null);
    });
  }

  get bookings(): Booking[] {
    return this.#own.all;
  }

  /** What one more seat goes into. */
  get cart(): Hold | undefined {
    return this.#map.holds.findLast((hold) => !this.settled.has(hold.holdId));
  }

  holdOf(seat: number): Hold | undefined {
    return this.#map.holds.find((hold) => hold.seats.includes(seat));
  }

  /** What is held is yours on the map. */
  adopt(holds: Hold[]): void {
    for (const hold of holds) this.#known.set(hold.holdId, hold);
    this.#board.setMine(holds.flatMap((hold) => hold.seats));
  }

  hold(seat: number): Promise<void> {
    this.#board.setPending([seat], 'taking');
    return this.#next(async () => {
      try {
        await this.#loaded();
        await this.#holdInCart(seat);
        this.emit('done', `${this.#describe(seat)} is held for you.`);
      } catch (error) {
        if (error instanceof RequestFailed && error.code === 'seats-taken') this.emit('snatched', [seat]);
        else this.#failed(error);
      } finally {
        this.#board.setPending([seat], undefined);
      }
    });
  }

  /** The whole hold, or only some of its seats. */
  async release(hold: Hold, some?: number[]): Promise<void> {
    if (some && this.settled.has(hold.holdId)) {
      return this.#say('These seats are being paid for: they can be given up together only.', 'info');
    }
    const seats = some ?? hold.seats;
    this.#board.setPending(seats, 'taking');
    return this.#next(async () => {
      try {
        if (seats.length >= hold.seats.length) this.#known.delete(hold.holdId);
        await this.#client.release(
          this.eventId,
          hold.holdId,
          seats.length < hold.seats.length ? seats : undefined,
        );
        this.#board.setPending(seats, 'giving');
        const what = seats.length === 1 ? this.#describe(seats[0] as number) : plural(seats.length, 'seat');
        this.emit('done', `${what} given back.`);
      } catch (error) {
        this.#board.setPending(seats, undefined);
        this.#gone(hold, error);
      }
    });
  }

  extend(hold: Hold): Promise<void> {
    return this.#next(async () => {
      try {
        await this.#client.extend(this.eventId, hold.holdId);
        this.emit('done', 'Your time starts anew.');
      } catch (error) {
        this.#gone(hold, error);
      }
    });
  }

  confirm(hold: Hold): Promise<void> {
    return this.#next(async () => {
      this.#board.setPending(hold.seats, 'taking');
      try {
        this.#known.delete(hold.holdId);
        this.celebrate(await this.#client.confirm(this.eventId, hold.holdId));
      } catch (error) {
        this.#gone(hold, error);
      } finally {
        this.#board.setPending(hold.seats, undefined);
      }
    });
  }

  /** The end of what was begun in this window; its answer and what the hub tells are one. */
  celebrate(booking: Booking): void {
    this.#put(booking);
    if (this.#shown.has(booking.id)) return;
    this.#shown.add(booking.id);
    this.emit('booked', booking);
  }

  /** The whole booking, or only some of its seats. */
  async cancel(booking: Booking, seats?: number[]): Promise<void> {
    try {
      const left = await this.#client.cancel(booking.id, seats);
      this.#put(left);
      const what =
        left.status === 'cancelled'
          ? 'Your booking is cancelled.'
          : `${plural(seats?.length ?? 0, 'seat')} given back.`;
      this.#say(left.payment ? `${what} Your money is on its way back.` : what, 'info');
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Loads your bookings; also tells of holds that ended while nobody could tell us. */
  async refresh(signedIn: boolean): Promise<void> {
    if (!signedIn) {
      this.#known.clear();
      return this.#own.set([]);
    }
    await this.#loaded();
    const bookings = await this.#own.reload();
    const booked = new Set(bookings.map((booking) => booking.holdId));
    for (const [holdId, hold] of this.#known) {
      if (this.#map.holds.some((live) => live.holdId === holdId)) continue;
      this.#known.delete(holdId);
      if (!booked.has(holdId)) this.emit('lost', hold.seats);
    }
  }

  /** Asks for the bookings anew. */
  reload(): Promise<Booking[]> {
    return this.#own.reload();
  }

  /** Holds of somebody who signed out are not lost. */
  forget(): void {
    this.#known.clear();
  }

  async #holdInCart(seat: number): Promise<void> {
    const holdId = this.cart?.holdId;
    try {
      await this.#client.hold(this.eventId, [seat], holdId);
    } catch (error) {
      // The cart ran out between the click and the hub: then this seat starts a new one.
      if (!(error instanceof RequestFailed) || error.code !== 'hold-not-found' || !holdId) throw error;
      this.#map.setHold(holdId, null);
      await this.#client.hold(this.eventId, [seat]);
    }
  }

  /** After signing in the map comes anew, and with it the holds there are already. */
  async #loaded(): Promise<void> {
    const until = performance.now() + loadedWithinMs;
    while (!this.#map.fresh && performance.now() < until) {
      await new Promise<void>((resolve) => {
        const done = () => {
          off();
          clearTimeout(timer);
          resolve();
        };
        const off = this.#map.on('fresh', done);
        const timer = setTimeout(done, loadedWithinMs);
      });
    }
  }

  #next(act: () => Promise<void>): Promise<void> {
    const turn = this.#queue.then(act);
    this.#queue = turn.catch(() => undefined);
    return turn;
  }

  #put(booking: Booking): void {
    this.#known.delete(booking.holdId);
    this.#own.put(booking);
  }

  #gone(hold: Hold, error: unknown): void {
    const isGone = error instanceof RequestFailed && ['hold-not-found', 'seats-taken'].includes(error.code);
    if (!isGone) {
      if (this.#map.holds.some((live) => live.holdId === hold.holdId)) this.#known.set(hold.holdId, hold);
      this.#failed(error);
      return;
    }
    this.#known.delete(hold.holdId);
    this.#map.setHold(hold.holdId, null);
    this.emit('lost', hold.seats);
  }

  #failed(error: unknown): void {
    if (!(error instanceof RequestFailed)) throw error;
    this.#say(refusalWords(error), 'bad');
  }

  #say(text: string, kind: NoticeKind): void {
    this.emit('notice', { text, kind });
  }
}
