/** What must be true of sales, whatever happens: checked at every commit and at every answer. */
import type { Booking } from '../../../src/contracts.gen.ts';
import type { Reply } from '../connection.ts';
import type { Fact, StoredBooking } from '../postgres-tables.ts';
import type { World } from '../world.ts';
import type { Report } from './report.ts';

const refusals = new Set(['hold-not-found', 'seats-taken', 'event-not-on-sale']);

export class SalesMonitor {
  acknowledged = 0;
  readonly #world: World;
  readonly #report: Report;
  /** Bookings that a client was told it has. */
  readonly #told = new Map<string, string>();
  /** Holds whose client was told no. */
  readonly #refused = new Set<string>();
  readonly #begun = new Map<string, Set<string>>();
  /** Holds whose confirm was asked for and not decided. */
  readonly undecided = new Set<string>();
  readonly #tellsOf = new Set<string>();

  constructor(world: World, report: Report) {
    this.#world = world;
    this.#report = report;
  }

  /** `begin-confirm` has given these seats to a confirm. */
  begun(holdId: string, seats: string): void {
    const lists = this.#begun.get(holdId) ?? new Set();
    this.#begun.set(
      holdId,
      lists.add(
        String(
          seats
            .split(',')
            .map(Number)
            .sort((a, b) => a - b),
        ),
      ),
    );
  }

  committed(fact: Fact): void {
    const { tables } = this.#world.postgres;
    if (fact.kind === 'booked') this.#booked(fact.booking);
    else if (fact.kind === 'refused') {
      if (tables.bookingOf(fact.holdId)) this.#report('PHANTOM', `${fact.holdId} was booked and refused`);
    } else if (fact.kind === 'cancelled') this.#isWhole(fact.booking);
  }

  #booked(booking: StoredBooking): void {
    const { tables } = this.#world.postgres;
    const { id, holdId, eventId } = booking;
    for (const { seat } of booking.seats) {
      const active = tables.activeBookings(eventId, seat);
      if (active.length > 1) {
        this.#report(
          'OVERSELL',
          `seat ${seat} is sold to ${active.map(({ userId }) => userId).join(' and ')}`,
        );
      }
    }
    const same = [...tables.bookings.values()].filter((each) => each.holdId === holdId);
    if (same.length > 1) this.#report('IDEM', `${holdId} was booked ${same.length} times`);
    if (this.#refused.has(holdId)) this.#report('PHANTOM', `${holdId} was refused and is booked as ${id}`);
    const seats = booking.seats.map(({ seat }) => seat).sort((a, b) => a - b);
    const begun = this.#begun.get(holdId);
    if (begun && !begun.has(String(seats))) {
      this.#report('ATOMIC', `${holdId} is booked with seats ${seats}, of ${[...begun].join(' or ')}`);
    }
    this.#isWhole(booking);
  }

  #isWhole(booking: StoredBooking): void {
    const active = booking.seats.filter((line) => line.cancelledAt === null).length;
    if (booking.seats.length === 0) this.#report('ATOMIC', `booking ${booking.id} has no seats`);
    if ((booking.status === 'confirmed') !== active > 0) {
      this.#report('ATOMIC', `booking ${booking.id} is ${booking.status} with ${active} seats`);
    }
  }

  /** What a client hears of a confirm. */
  confirmed(holdId: string, reply: Reply): void {
    const { tables } = this.#world.postgres;
    if (reply.ok) {
      const { booking } = reply.data as { booking: Booking };
      this.acknowledged++;
      this.undecided.delete(holdId);
      const stored = tables.bookings.get(booking.id);
      if (stored?.holdId !== holdId) this.#report('DURABLE', `${holdId} was told booked, and is not`);
      const before = this.#told.get(holdId);
      if (before !== undefined && before !== booking.id) {
        this.#report('IDEM', `${holdId} was told ${before} and ${booking.id}`);
      }
      if (this.#refused.has(holdId)) this.#report('PHANTOM', `${holdId} was told no, and then yes`);
      this.#told.set(holdId, booking.id);
    } else if (refusals.has(reply.code)) {
      this.undecided.delete(holdId);
      this.#refused.add(holdId);
      if (tables.bookingOf(holdId))
        this.#report('PHANTOM', `${holdId} was told ${reply.code}, and is booked`);
      if (this.#told.has(holdId)) this.#report('IDEM', `${holdId} was told yes, and then ${reply.code}`);
    } else if (reply.retry !== 'later') {
      this.undecided.delete(holdId);
      this.#report('ANSWER', `a confirm was answered ${reply.code}`);
    }
  }

  /** What the rooms hear. */
  told(name: string, data: unknown): void {
    const { booking } = data as { booking?: Booking };
    if (!booking) return;
    this.#tellsOf.add(`${name} ${booking.id}`);
    const stored = this.#world.postgres.tables.bookings.get(booking.id);
    if (!stored) this.#report('TRUTH-ORDER', `${name} was told of ${booking.id}, which is not committed`);
  }

  atRest(): void {
    const { tables } = this.#world.postgres;
    for (const [holdId, id] of this.#told) {
      if (tables.bookings.get(id)?.holdId !== holdId) this.#report('DURABLE', `${id} is gone`);
    }
    for (const booking of tables.bookings.values()) {
      this.#isWhole(booking);
      const outcome = tables.outcomes.get(`${booking.eventId} ${booking.holdId}`);
      if (outcome?.outcome !== 'booked') this.#report('ATOMIC', `${booking.id} has no outcome`);
      const isGone = booking.seats.some((line) => line.cancelledAt !== null);
      if (!isGone && !this.#tellsOf.has(`bookings:confirmed ${booking.id}`)) {
        this.#report('TOLD', `nobody was told of ${booking.id}`);
      }
      if (isGone && !this.#tellsOf.has(`bookings:cancelled ${booking.id}`)) {
        this.#report('TOLD', `nobody was told that seats of ${booking.id} are cancelled`);
      }
    }
    for (const holdId of this.undecided) this.#report('PENDING', `${holdId} never got a definite answer`);
    const unsent = [...tables.outbox.values()].filter(({ sentAt }) => sentAt === null);
    for (const row of unsent) this.#report('OUTBOX', `${row.topic} ${row.key} was not done`);
  }
}
