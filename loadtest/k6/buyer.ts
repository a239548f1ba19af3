/** A visitor who holds seats, books them, looks at the bookings and cancels, and remembers what was promised. */
import type { Booking, Hold } from '../../src/contracts.gen.ts';
import { states } from '../../src/seats/codec.ts';
import { accepted, count, elapsed, failed, pause } from './journal.ts';
import { SocketIoError } from './socket-io.ts';
import { Refusal, type Visitor } from './visitor.ts';

/** Below what an event allows a buyer by default (20), two seats a booking. */
const bookingsAtMost = 8;
const pageSize = 100;

const chance = (share: number) => Math.random() < share;
const think = (minMs: number, maxMs: number) => pause(minMs + Math.random() * (maxMs - minMs));

/** Free seats, or fewer: those with low numbers are liked most, so that buyers get in each other's way. */
export function chooseFree(seats: Uint8Array, wanted: number): number[] {
  const { length } = seats;
  const begin = Math.floor(Math.random() ** 2 * length);
  const found: number[] = [];
  for (let i = 0; i < length && found.length < wanted; i++) {
    const seat = (begin + i) % length;
    if (seats[seat] === states.free) found.push(seat);
  }
  return found;
}

export class Buyer {
  readonly visitor: Visitor;
  readonly #eventId: string;
  /** Bookings that the hub has confirmed to this buyer and that were not cancelled. */
  readonly #promised = new Set<string>();

  constructor(visitor: Visitor, eventId: string) {
    this.visitor = visitor;
    this.#eventId = eventId;
  }

  /** Buys and cancels until that moment, with pauses to think. Never rejects: what goes wrong is counted. */
  async shopUntil(endsAt: number): Promise<void> {
    await this.visitor.entered;
    await think(0, 1500);
    while (elapsed() < endsAt) {
      await this.#visit();
      await think(500, 2000);
    }
  }

  async #visit(): Promise<void> {
    await this.visitor.whenFresh();
    const seats = chooseFree(this.visitor.map.replica.seats, chance(0.5) ? 1 : 2);
    if (seats.length === 0 || this.#promised.size >= bookingsAtMost) return this.cancelOne();
    const hold = await this.hold(seats);
    if (!hold) return;
    await think(300, 1500);
    if (chance(0.2)) return this.release(hold);
    await this.confirm(hold);
    if (chance(0.3)) await this.#attempt(() => this.#list());
    await think(200, 800);
    if (chance(0.4)) await this.cancelOne();
  }

  /** undefined: somebody else was faster, or it failed and was counted. */
  async hold(seats: number[]): Promise<Hold | undefined> {
    return this.#attempt(async () => {
      try {
        const request = { eventId: this.#eventId, seats };
        const { hold, epoch, position } = await this.visitor.command('seats:hold', request, 'hold');
        accepted(epoch, position, this.visitor.answeredAt);
        count('holds');
        return hold;
      } catch (error) {
        if (!(error instanceof Refusal) || error.error.code !== 'seats-taken') throw error;
        count('conflicts');
        return undefined;
      }
    });
  }

  async release({ holdId }: Hold): Promise<void> {
    await this.#attempt(async () => {
      const request = { eventId: this.#eventId, holdId };
      const { epoch, position } = await this.visitor.command('seats:release', request, 'release');
      accepted(epoch, position, this.visitor.answeredAt);
    });
  }

  async confirm({ holdId }: Hold): Promise<Booking | undefined> {
    return this.#attempt(async () => {
      const request = { eventId: this.#eventId, holdId };
      const { booking } = await this.visitor.command('bookings:confirm', request, 'confirm');
      this.#promised.add(booking.id);
      count('bookings');
      return booking;
    });
  }

  async cancelOne(): Promise<void> {
    const [bookingId] = this.#promised;
    if (!bookingId) return;
    // Whether it was cancelled or not if this fails, it is no promise any more.
    this.#promised.delete(bookingId);
    await this.#attempt(async () => {
      await this.visitor.command('bookings:cancel', { bookingId }, 'cancel');
      count('cancellations');
    });
  }

  /** Counts the bookings that were promised and that the hub does not list. */
  async checkPromises(): Promise<void> {
    await this.#attempt(async () => {
      const listed = new Set(await this.#list());
      count('bookingsLost', [...this.#promised].filter((id) => !listed.has(id)).length);
    });
  }

  async #list(): Promise<string[]> {
    const ids: string[] = [];
    let cursor: string | null | undefined;
    do {
      const request = { eventId: this.#eventId, status: 'confirmed' as const, limit: pageSize };
      const page = await this.visitor.persist(
        'bookings:list',
        { ...request, ...(cursor ? { cursor } : {}) },
        'list',
      );
      ids.push(...page.bookings.map(({ id }) => id));
      cursor = page.nextCursor;
    } while (cursor);
    return ids;
  }

  async #attempt<T>(work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof Refusal) failed(error.error.code);
      else if (error instanceof SocketIoError) failed(error.reason);
      else throw error;
      return undefined;
    }
  }
}
