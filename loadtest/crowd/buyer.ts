/** Somebody who looks for seats, holds them, thinks about it, and books them or does not. */
import { RequestFailed, type SeatcastClient } from '../../src/client/client.ts';
import type { SeatMap } from '../../src/client/seat-map.ts';
import type { Booking, Hold } from '../../src/contracts.gen.ts';
import type { Tally } from './tally.ts';
import type { Taste } from './taste.ts';

export interface BuyerParts {
  client: SeatcastClient;
  map: SeatMap;
  eventId: string;
  taste: Taste;
  tally: Tally;
  /** Called at the moment a change was accepted. */
  accepted: (at: { epoch: string; position: number }) => void;
  signal: AbortSignal;
}

const chance = (share: number) => Math.random() < share;
const partySize = () => [1, 2, 2, 2, 2, 3, 4, 4][Math.floor(Math.random() * 8)] as number;

export class Buyer {
  /** What this buyer has booked and not cancelled. */
  bookings: Booking[] = [];
  readonly #parts: BuyerParts;

  constructor(parts: BuyerParts) {
    this.#parts = parts;
  }

  /** Buys until the signal. Never rejects: what goes wrong is counted. */
  async run(): Promise<void> {
    const { signal, tally, client } = this.#parts;
    await this.#attempt(() => this.#begin());
    await this.#think(0, 3000);
    while (!signal.aborted && client.state !== 'closed') {
      await this.#attempt(() => this.#visit());
      await this.#think(500, 4000);
    }
    if (client.state === 'closed') tally.failed('buyers-locked-out');
  }

  /** Gives back what is held. */
  async leave(): Promise<void> {
    for (const hold of this.#parts.map.holds) await this.#attempt(() => this.#release(hold));
  }

  /** An account that was used before may still have holds and bookings. */
  async #begin(): Promise<void> {
    const { client, eventId } = this.#parts;
    const { bookings } = await client.request('bookings:list', { eventId, status: 'confirmed', limit: 100 });
    this.bookings = bookings;
    await this.leave();
  }

  async #visit(): Promise<void> {
    const { map, taste } = this.#parts;
    const seats = map.fresh ? taste.choose(map.replica.seats, partySize()) : undefined;
    if (!seats) {
      await this.#cancelOne();
      return;
    }
    // While somebody aims, somebody else may click.
    await this.#think(200, 1500);
    const hold = await this.#hold(seats);
    if (!hold) return;
    await this.#think(800, 5000);
    if (hold.extensionsLeft > 0 && chance(0.15)) await this.#extend(hold);
    if (chance(0.3)) await this.#changeMind(hold);
    else await this.#confirm(hold);
    if (chance(0.12)) await this.#cancelOne();
  }

  async #hold(seats: number[]): Promise<Hold | undefined> {
    const { client, eventId, map, tally, accepted } = this.#parts;
    const start = performance.now();
    try {
      const { hold, epoch, position } = await client.command('seats:hold', { eventId, seats });
      tally.holdMs.push(performance.now() - start);
      accepted({ epoch, position });
      tally.holds++;
      tally.seatsHeld += seats.length;
      map.setHold(hold.holdId, hold);
      return hold;
    } catch (error) {
      const code = error instanceof RequestFailed ? error.code : undefined;
      if (code === 'seats-taken') tally.conflicts++;
      else if (code === 'seats-per-buyer') await this.#cancelOne();
      else throw error;
      return undefined;
    }
  }

  async #extend({ holdId }: Hold): Promise<void> {
    await this.#parts.client.extend(this.#parts.eventId, holdId);
    this.#parts.tally.extensions++;
    await this.#think(500, 2000);
  }

  /** All seats go back, or all but one, which is booked. */
  async #changeMind(hold: Hold): Promise<void> {
    if (hold.seats.length === 1 || chance(0.6)) return this.#release(hold);
    await this.#release(hold, hold.seats.slice(1));
    await this.#think(300, 1000);
    await this.#confirm(hold);
  }

  async #release({ holdId }: Hold, seats?: number[]): Promise<void> {
    const { client, eventId, map, tally, accepted } = this.#parts;
    const { hold, epoch, position } = await client.command('seats:release', {
      eventId,
      holdId,
      ...(seats ? { seats } : {}),
    });
    accepted({ epoch, position });
    tally.releases++;
    map.setHold(holdId, hold);
  }

  async #confirm({ holdId }: Hold): Promise<void> {
    const booking = await this.#parts.client.confirm(this.#parts.eventId, holdId);
    this.#parts.tally.booked(booking);
    this.bookings.push(booking);
  }

  async #cancelOne(): Promise<void> {
    const booking = this.bookings.shift();
    if (!booking) return;
    this.#parts.tally.cancelling(booking);
    await this.#parts.client.cancel(booking.id);
    this.#parts.tally.cancellations++;
  }

  async #attempt(work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      this.#parts.tally.failed(error instanceof RequestFailed ? error.code : String(error));
    }
  }

  /** Waits between two times, or until the end. */
  #think(minMs: number, maxMs: number): Promise<void> {
    const { signal } = this.#parts;
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, minMs + Math.random() * (maxMs - minMs));
      signal.addEventListener('abort', done);
    });
  }
}
