/** What a simulated PostgreSQL keeps, and the one place where a statement that is running meets the others. */
import type { BookingRow } from '../../src/database/statements.ts';

interface BookedSeat {
  seat: number;
  label: string;
  category: string;
  priceCents: number;
  /** ms since 1970, or null while it is active. */
  cancelledAt: number | null;
}

export interface StoredBooking {
  id: string;
  eventId: string;
  userId: string;
  holdId: string;
  status: 'confirmed' | 'cancelled';
  totalCents: number;
  currency: string;
  createdAt: number;
  cancelledAt: number | null;
  cancelledBy: BookingRow['cancelled_by'];
  seats: BookedSeat[];
}

export interface StoredOutcome {
  outcome: 'booked' | 'refused';
  reason: string;
}

export interface StoredRequest {
  message: string;
  fingerprint: string;
  /** undefined: none yet; null is an answer. */
  answer: unknown;
  leasedUntil: number;
  createdAt: number;
  /** Of the attempt that has it; a confirm's own has none. */
  token?: string;
}

interface OutboxEntry {
  id: number;
  topic: string;
  key: string;
  payload: Record<string, unknown>;
  attempts: number;
  dueAt: number;
  createdAt: number;
  sentAt: number | null;
}

export interface StoredEntry {
  id: string;
  eventId: string;
  userId: string;
  category: string | null;
  quantity: number;
  together: boolean;
  requestId: string | null;
  order: number;
  skipped: number;
  passes: number;
  state: 'waiting' | 'offered' | 'accepted' | 'left' | 'expired' | 'closed';
  version: number;
  createdAt: number;
  endedAt: number | null;
}

export interface StoredOffer {
  holdId: string;
  entryId: string;
  eventId: string;
  userId: string;
  seats: number[];
  offeredAt: number;
  until: number;
  state: string;
  endedAt: number | null;
}

export class Tables {
  readonly events = new Map<
    string,
    { id: string; organizerId: string; status: 'published' | 'cancelled'; startsAt: number }
  >();
  readonly bookings = new Map<string, StoredBooking>();
  /** By event and hold. */
  readonly outcomes = new Map<string, StoredOutcome>();
  /** By user and request id. */
  readonly requests = new Map<string, StoredRequest>();
  readonly outbox = new Map<number, OutboxEntry>();
  nextOutboxId = 1;
  /** Rows of the audit log that tell of sales: all that is asked of it here. */
  readonly sales: { id: number; eventId: string; at: number }[] = [];
  nextSale = 1;
  /** Of the waitlist: entries, offers by hold, and the steps that are written down. */
  readonly entries = new Map<string, StoredEntry>();
  readonly offers = new Map<string, StoredOffer>();
  readonly steps = new Set<string>();

  /** Active bookings of a seat: one at most, while the index is there. */
  activeBookings(eventId: string, seat: number): StoredBooking[] {
    const found: StoredBooking[] = [];
    for (const booking of this.bookings.values()) {
      if (
        booking.eventId === eventId &&
        booking.seats.some((line) => line.seat === seat && !line.cancelledAt)
      ) {
        found.push(booking);
      }
    }
    return found;
  }

  bookingOf(holdId: string): StoredBooking | undefined {
    for (const booking of this.bookings.values()) if (booking.holdId === holdId) return booking;
    return undefined;
  }
}

/** What a committed transaction has changed, for the monitors. */
export type Fact =
  | { kind: 'booked'; booking: StoredBooking }
  | { kind: 'refused'; holdId: string }
  | { kind: 'cancelled'; booking: StoredBooking; seats: number[] }
  | { kind: 'joined'; entry: StoredEntry }
  | { kind: 'waited' };

type Mode = 'share' | 'exclusive';

/** A statement has to wait for another transaction. */
export class Blocked {
  readonly key: string;

  constructor(key: string) {
    this.key = key;
  }
}

/** An error as `pg` rejects with. */
export class SqlError extends Error {
  readonly code: string;
  /** What it waited for. */
  readonly where: string;

  constructor(code: string, message = code, where = '') {
    super(message);
    this.code = code;
    this.where = where;
  }
}

/** Who holds which key. */
export class Locks {
  readonly #holders = new Map<string, Map<Transaction, Mode>>();

  take(transaction: Transaction, key: string, mode: Mode): void {
    let holders = this.#holders.get(key);
    if (!holders) {
      holders = new Map();
      this.#holders.set(key, holders);
    }
    if (!this.isFree(transaction, key, mode)) throw new Blocked(key);
    if (holders.get(transaction) !== 'exclusive') holders.set(transaction, mode);
    transaction.held.add(key);
  }

  isFree(transaction: Transaction, key: string, mode: Mode): boolean {
    for (const [other, held] of this.#holders.get(key) ?? []) {
      if (other !== transaction && (mode === 'exclusive' || held === 'exclusive')) return false;
    }
    return true;
  }

  release(transaction: Transaction): void {
    for (const key of transaction.held) this.#holders.get(key)?.delete(transaction);
    transaction.held.clear();
  }
}

/** One statement under way. It may be begun several times: after each wait, with the snapshot it had at first. */
export class Transaction {
  readonly tables: Tables;
  readonly locks: Locks;
  /** When the statement came. */
  readonly startedAt: number;
  now: number;
  readonly held = new Set<string>();
  readonly facts: Fact[] = [];
  writes: (() => void)[] = [];
  readonly #snapshot = new Map<string, unknown>();

  constructor(tables: Tables, locks: Locks, now: number) {
    this.tables = tables;
    this.locks = locks;
    this.startedAt = now;
    this.now = now;
  }

  /** What it saw when it came, whatever was committed while it waited. */
  seen<T>(what: string, read: () => T): T {
    if (!this.#snapshot.has(what)) this.#snapshot.set(what, read());
    return this.#snapshot.get(what) as T;
  }

  lock(key: string, mode: Mode = 'exclusive'): void {
    this.locks.take(this, key, mode);
  }

  /** Done when it commits. */
  write(work: () => void, fact?: Fact): void {
    this.writes.push(work);
    if (fact) this.facts.push(fact);
  }
}

/** What a SQL file does. It is begun anew after it had to wait. */
export type SimStatement = (tx: Transaction, parameters: unknown[]) => unknown[];

const text = (ms: number | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/** A row of the view `booking_details`. */
export const bookingRow = (booking: StoredBooking): BookingRow => ({
  id: booking.id,
  event_id: booking.eventId,
  user_id: booking.userId,
  hold_id: booking.holdId,
  status: booking.status,
  total_cents: booking.totalCents,
  currency: booking.currency,
  created_at: text(booking.createdAt) as string,
  cancelled_at: text(booking.cancelledAt),
  cancelled_by: booking.cancelledBy,
  seats: booking.seats
    .map((line) => ({ ...line, cancelledAt: text(line.cancelledAt) }))
    .sort((a, b) => a.seat - b.seat),
  payment: null,
});
