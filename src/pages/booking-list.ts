/** One's bookings of one kind, a page at a time. */
import type {
  Booking,
  BookingsListReply,
  BookingsListRequest,
  Event as SeatedEvent,
} from '../contracts.gen.ts';
import { stateWords } from './booking-words.ts';
import { byId, type Child, el, fill } from './dom.ts';
import { bookingNumber, money, plural, zonedDate } from './format.ts';
import { paymentWords } from './payment-words.ts';

/** As many as one answer may have. */
const mostAtOnce = 100;

interface ListOptions {
  /** Of its section on the page, with a `.own-list` and a button for more in it. */
  id: string;
  which: Pick<BookingsListRequest, 'status' | 'when' | 'sort'>;
  pageSize: number;
}

export class BookingList {
  bookings: Booking[] = [];
  readonly #which: ListOptions['which'];
  readonly #pageSize: number;
  readonly #section: HTMLElement;
  readonly #list = el('div', { class: 'own-list' });
  readonly #more = el('button', { class: 'button', type: 'button' }, 'Show more');
  #nextCursor: string | null = null;

  constructor({ id, which, pageSize }: ListOptions, more: (list: BookingList) => void) {
    this.#which = which;
    this.#pageSize = pageSize;
    this.#section = byId(id, HTMLElement);
    this.#section.append(this.#list, this.#more);
    this.#more.addEventListener('click', () => more(this));
  }

  /** What to ask: what follows, or anew for as many as there are. */
  request(goesOn: boolean): BookingsListRequest {
    if (goesOn && this.#nextCursor)
      return { ...this.#which, limit: this.#pageSize, cursor: this.#nextCursor };
    return { ...this.#which, limit: Math.min(mostAtOnce, Math.max(this.#pageSize, this.bookings.length)) };
  }

  take({ bookings, nextCursor }: BookingsListReply, goesOn: boolean): void {
    this.bookings = goesOn ? [...this.bookings, ...bookings] : bookings;
    this.#nextCursor = nextCursor;
  }

  forget(): void {
    this.take({ bookings: [], nextCursor: null }, false);
    this.#section.hidden = true;
  }

  show(events: ReadonlyMap<string, SeatedEvent | undefined>): void {
    this.#section.hidden = this.bookings.length === 0;
    this.#more.hidden = this.#nextCursor === null;
    fill(this.#list, ...this.bookings.map((booking) => bookingCard(booking, events.get(booking.eventId))));
  }
}

/** Title, time and place of an event, with the way to its page; undefined: there is none that everybody may see. */
export function eventHeading(eventId: string, event: SeatedEvent | undefined): HTMLElement[] {
  if (!event) return [el('h3', {}, 'An event'), el('p', { class: 'own-when' }, 'It is not public any more.')];
  const { title, startsAt, timeZone, venue } = event;
  const time = el('time', { datetime: startsAt }, zonedDate(startsAt, timeZone));
  return [
    el('h3', {}, el('a', { href: `/events/${eventId}` }, title)),
    el('p', { class: 'own-when' }, time, venue !== '' && el('span', { class: 'own-where' }, venue)),
  ];
}

function bookingCard(booking: Booking, event: SeatedEvent | undefined): HTMLElement {
  const isLive = booking.status === 'confirmed';
  const kept = booking.seats.filter(({ cancelledAt }) => cancelledAt === null);
  const counted = isLive ? kept : booking.seats;
  const cents = counted.reduce((sum, { priceCents }) => sum + priceCents, 0);
  const lines: Child[] = booking.seats.map(({ label, cancelledAt }) =>
    el('li', { 'data-cancelled': `${cancelledAt !== null}` }, label),
  );
  return el(
    'article',
    { class: 'card own-card', 'data-booking': booking.id, 'data-status': booking.status },
    ...eventHeading(booking.eventId, event),
    el(
      'div',
      { class: 'ticket-head' },
      el('span', { class: 'ticket-number', title: `Booking ${booking.id}` }, bookingNumber(booking.id)),
      el('span', { class: 'tag', 'data-kind': isLive ? 'good' : 'muted' }, stateWords(booking)),
    ),
    el('ul', { class: 'own-seats' }, ...lines),
    el('p', { class: 'muted' }, `${plural(counted.length, 'seat')} · ${money(cents, booking.currency)}`),
    ...paymentWords(booking).map(({ state, text }) =>
      el('span', { class: 'ticket-payment', 'data-payment': state }, text),
    ),
  );
}
