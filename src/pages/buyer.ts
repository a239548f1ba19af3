/**
 * Everything a buyer can do to an event: hold, give back, extend, book, cancel. One hold is the cart, so
 * holding goes one seat after the other: the second must know the hold that the first one made.
 */
import { RequestFailed, type SeatcastClient } from '../client/client.ts';
import { Emitter } from '../client/emitter.ts';
import type { SeatMap } from '../client/seat-map.ts';
import type { Booking, Hold } from '../contracts.gen.ts';
import { plural } from './format.ts';
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
  bookings: Booking[] = [];
  readonly #client: SeatcastClient;
  readonly #map: SeatMap;
  readonly #board: SeatBoard;
  readonly #describe: (seat: number) => string;
  #queue: Promise<unknown> = Promise.resolve();
  /** Holds we saw, until they end in a way we know of. */
  #known = new Map<string, Hold>();

  constructor(client: SeatcastClient, map: SeatMap, board: SeatBoard, describe: (seat: number) => string) {
    super();
    this.eventId = map.eventId;
    this.#client = client;
    this.#map = map;
    this.#board = board;
    this.#describe = describe;
    map.on('holds', (holds) => this.adopt(holds));
    client.on('seats:hold-expired', ({ eventId, holdId, seats }) => {
      if (eventId !== this.eventId) return;
      this.#known.delete(holdId);
      this.emit('lost', seats);
    });
    const changed = ({ booking }: { booking: Booking }) => {
      if (booking.eventId === this.eventId) this.#put(booking);
    };
    client.on('bookings:confirmed', changed);
    client.on('bookings:cancelled', changed);
  }

  get cart(): Hold | undefined {
    return this.#map.holds.at(-1);
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
  release(hold: Hold, seats: number[] = hold.seats): Promise<void> {
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
        const booking = await this.#client.confirm(this.eventId, hold.holdId);
        this.#put(booking);
        this.emit('booked', booking);
      } catch (error) {
        this.#gone(hold, error);
      } finally {
        this.#board.setPending(hold.seats, undefined);
      }
    });
  }

  async cancel(booking: Booking): Promise<void> {
    try {
      this.#put(await this.#client.cancel(booking.id));
      this.#say('Your booking is cancelled. The seats are free again.', 'info');
    } catch (error) {
      this.#failed(error);
    }
  }

  /** Loads your bookings; also tells of holds that ended while nobody could tell us. */
  async refresh(signedIn: boolean): Promise<void> {
    if (!signedIn) {
      this.#known.clear();
      return this.#setBookings([]);
    }
    await this.#loaded();
    const { bookings } = await this.#client.request('bookings:list', { eventId: this.eventId });
    this.#setBookings(bookings);
    const booked = new Set(bookings.map((booking) => booking.holdId));
    for (const [holdId, hold] of this.#known) {
      if (this.#map.holds.some((live) => live.holdId === holdId)) continue;
      this.#known.delete(holdId);
      if (!booked.has(holdId)) this.emit('lost', hold.seats);
    }
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
    const others = this.bookings.filter((each) => each.id !== booking.id);
    this.#known.delete(booking.holdId);
    this.#setBookings([...others, booking].sort((a, b) => b.createdAt.localeCompare(a.createdAt)));
  }

  #setBookings(bookings: Booking[]): void {
    this.bookings = bookings;
    const active = bookings.filter((booking) => booking.status === 'confirmed');
    this.#board.setBooked(active.flatMap((booking) => booking.seats.map((seat) => seat.seat)));
    this.emit('bookings', bookings);
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
    const { allowed } = error.details;
    const limits: Partial<Record<RequestFailed['code'], string>> = {
      'seats-per-hold': `You can hold ${allowed} seats at a time at most.`,
      'seats-per-buyer': `You can have ${allowed} seats at this event at most.`,
      'connection-lost': 'No connection to the hub. Nothing was changed: try again in a moment.',
      timeout: 'The hub takes too long to answer. Try again in a moment.',
    };
    this.#say(limits[error.code] ?? error.message, 'bad');
  }

  #say(text: string, kind: NoticeKind): void {
    this.emit('notice', { text, kind });
  }
}
