/** What the pages need of the client, answered here: for tests of what a page does with an answer. */
import { RequestFailed } from '../../src/client/client.ts';
import { Emitter } from '../../src/client/emitter.ts';
import { SeatMap } from '../../src/client/seat-map.ts';
import type { Booking, BookingSeat, Hold, Payment } from '../../src/contracts.gen.ts';
import type { SeatingPlan } from '../../src/seating/plan.ts';

/** One row of eight seats, €10 each. */
export const plan: SeatingPlan = {
  name: 'Row',
  width: 200,
  height: 50,
  categories: [{ name: 'A', color: '#2f6b8f' }],
  zones: [{ name: '' }],
  rows: [{ zone: 0, label: '1', first: 0, count: 8 }],
  seats: Array.from({ length: 8 }, (_, index) => ({
    index,
    guid: `${index}`,
    label: `seat ${index}`,
    zone: 0,
    row: '1',
    number: `${index}`,
    category: 0,
    x: index * 20,
    y: 0,
  })),
  areas: [],
};

export const holdOf = (holdId: string, seats: number[]): Hold => ({
  holdId,
  eventId: 'event',
  seats,
  expiresAt: 1e13,
  extensionsLeft: 1,
  totalCents: seats.length * 1000,
  currency: 'EUR',
});

export const paymentOf = (state: Payment['state'], action?: Payment['action']): Payment => ({
  state,
  amountCents: 2000,
  currency: 'EUR',
  ...(action ? { action } : {}),
});

/** @param cancelled which of the seats were given back */
export function bookingOf(id: string, seats: number[], cancelled: number[] = []): Booking {
  const line = (seat: number): BookingSeat => ({
    seat,
    label: `Row 1, seat ${seat}`,
    category: 'A',
    priceCents: 1000,
    cancelledAt: cancelled.includes(seat) ? '2027-02-02T10:00:00.000Z' : null,
  });
  return {
    id,
    eventId: 'event',
    holdId: `hold-of-${id}`,
    status: cancelled.length === seats.length ? 'cancelled' : 'confirmed',
    seats: seats.map(line),
    totalCents: seats.length * 1000,
    currency: 'EUR',
    createdAt: '2027-02-01T10:00:00.000Z',
    cancelledAt: null,
    cancelledBy: null,
    payment: null,
  };
}

export const failure = (code: RequestFailed['code'], details: Record<string, unknown> = {}) =>
  new RequestFailed({ code, message: code, retry: 'changed', details });

export class HubStandIn extends Emitter<Record<string, unknown>> {
  readonly map: SeatMap;
  readonly asked: { seats: number[]; holdId: string | undefined }[] = [];
  readonly refuse = new Map<number, RequestFailed['code']>();
  readonly released: string[] = [];
  /** The methods that checkouts were asked with. */
  readonly methods: (string | undefined)[] = [];
  bookings: Booking[] = [];
  /** How the next ones end; a checkout and a confirm wait for it. */
  onCheckout: () => Promise<Payment> = () => Promise.reject(failure('payment-not-needed'));
  onConfirm: () => Promise<Booking> = () => Promise.reject(failure('payment-required'));
  onCancel: () => Promise<Booking> = () => Promise.reject(failure('booking-not-found'));
  /** How often the map was asked for anew. */
  resyncs = 0;
  #next = 1;

  constructor() {
    super();
    this.map = new SeatMap('event', () => {
      this.resyncs++;
      return Promise.reject(failure('timeout'));
    });
    this.map.fresh = true;
  }

  async hold(_eventId: string, seats: number[], holdId?: string): Promise<Hold> {
    this.asked.push({ seats, holdId });
    await new Promise((resolve) => setTimeout(resolve, 1));
    const known = this.map.holds.find((hold) => hold.holdId === holdId);
    if (holdId === 'gone') throw failure('hold-not-found');
    const code = this.refuse.get(seats[0] as number);
    if (code) throw failure(code);
    const hold = holdOf(holdId ?? `hold-${this.#next++}`, [...(known?.seats ?? []), ...seats]);
    this.map.setHold(hold.holdId, hold);
    return hold;
  }

  async release(_eventId: string, holdId: string): Promise<null> {
    this.released.push(holdId);
    this.map.setHold(holdId, null);
    return null;
  }

  async checkout(_eventId: string, _holdId: string, method?: string): Promise<Payment> {
    this.methods.push(method);
    return this.onCheckout();
  }

  async confirm(_eventId: string, holdId: string): Promise<Booking> {
    const booking = await this.onConfirm();
    this.map.setHold(holdId, null);
    return booking;
  }

  cancel(): Promise<Booking> {
    return this.onCancel();
  }

  async request(message: string) {
    if (message === 'bookings:confirm') return { booking: await this.onConfirm() };
    return { bookings: this.bookings, nextCursor: null };
  }

  tell(name: string, data: unknown): void {
    this.emit(name, data);
  }
}
