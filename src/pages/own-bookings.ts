/** A buyer's bookings of one event, kept true to what the hub answers and tells, in whatever order it comes. */
import type { SeatcastClient } from '../client/client.ts';
import { Emitter } from '../client/emitter.ts';
import type { Booking } from '../contracts.gen.ts';

interface OwnBookingsEvents {
  changed: Booking[];
}

export class OwnBookings extends Emitter<OwnBookingsEvents> {
  /** Newest first. */
  all: Booking[] = [];
  readonly #client: SeatcastClient;
  readonly #eventId: string;
  #puts = 0;

  constructor(client: SeatcastClient, eventId: string) {
    super();
    this.#client = client;
    this.#eventId = eventId;
  }

  /** The seats that are the buyer's now. */
  get seats(): number[] {
    const lines = this.all.flatMap((booking) => (booking.status === 'confirmed' ? booking.seats : []));
    return lines.filter((line) => line.cancelledAt === null).map((line) => line.seat);
  }

  put(told: Booking): void {
    const others = this.all.filter((each) => each.id !== told.id);
    const before = this.all.find((each) => each.id === told.id)?.payment;
    // An answer may be older than what was told since; what was given back stays given back.
    const isOlder = (before?.refundedCents ?? 0) > (told.payment?.refundedCents ?? 0);
    const booking = before && isOlder ? { ...told, payment: before } : told;
    this.#puts++;
    this.set([...others, booking].sort((a, b) => b.createdAt.localeCompare(a.createdAt)));
  }

  set(bookings: Booking[]): void {
    this.all = bookings;
    this.emit('changed', bookings);
  }

  /** Asks the hub: their payments have come further. Rejects with a `RequestFailed`. */
  async reload(): Promise<Booking[]> {
    for (;;) {
      const before = this.#puts;
      const { bookings } = await this.#client.request('bookings:list', { eventId: this.#eventId });
      // What was told meanwhile may be newer than this list.
      if (before !== this.#puts) continue;
      this.set(bookings);
      return bookings;
    }
  }
}
