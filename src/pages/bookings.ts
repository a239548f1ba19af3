/** Your bookings of this event: their numbers, their seats, what was paid, and the way to give seats back. */
import type { Booking, BookingSeat, Event as SeatedEvent } from '../contracts.gen.ts';
import { armedButton } from './armed-button.ts';
import { showBooked } from './booked-dialog.ts';
import { stateWords } from './booking-words.ts';
import type { Buyer } from './buyer.ts';
import { byId, type Child, el, fill, icon } from './dom.ts';
import { bookingNumber, money, plural, zonedDate } from './format.ts';
import type { HubClock } from './hub-clock.ts';
import { paymentWords } from './payment-words.ts';

interface TicketOptions {
  buyer: Buyer;
  event: SeatedEvent;
  clock: HubClock;
  reveal: (seat: number) => void;
}

const lookEveryMs = 5000;
const isActive = (line: BookingSeat) => line.cancelledAt === null;
const centsOf = (lines: readonly BookingSeat[]) => lines.reduce((sum, line) => sum + line.priceCents, 0);

export function showBookings(options: TicketOptions): void {
  const { buyer, event, clock } = options;
  const section = byId('bookings', HTMLElement);
  const list = byId('bookings-list', HTMLElement);
  const until = Date.parse(event.startsAt) - event.rules.cancelBeforeMs;
  const isOpen = () => clock.now() < until && event.status === 'published';
  let wasOpen = isOpen();
  const show = (bookings: Booking[]) => {
    wasOpen = isOpen();
    section.hidden = bookings.length === 0;
    const isAnyLive = bookings.some((booking) => booking.status === 'confirmed');
    fill(
      list,
      ...bookings.map((booking) => ticket(booking, options, wasOpen)),
      isAnyLive && limitNote(event, until, wasOpen),
    );
  };
  buyer.on('bookings', show);
  buyer.on('booked', showBooked);
  // Shown anew only when the limit passes: a button that was just armed would forget it.
  setInterval(() => wasOpen !== isOpen() && show(buyer.bookings), lookEveryMs);
  show(buyer.bookings);
}

function limitNote({ rules, status, timeZone }: SeatedEvent, until: number, isOpen: boolean): Child {
  if (status !== 'published') return undefined;
  const date = zonedDate(new Date(until).toISOString(), timeZone);
  if (isOpen && rules.cancelBeforeMs === 0) return undefined;
  const words = isOpen
    ? `Seats can be given back until ${date}.`
    : `Seats could be given back until ${date}.`;
  return el('p', { class: 'hint ticket-limit', 'data-open': `${isOpen}` }, words);
}

function ticket(booking: Booking, options: TicketOptions, isOpen: boolean): HTMLElement {
  const { buyer } = options;
  const isLive = booking.status === 'confirmed';
  const active = booking.seats.filter(isActive);
  const counted = isLive ? active : booking.seats;
  const words = paymentWords(booking);
  const total = money(centsOf(counted), booking.currency);
  const cancel =
    isLive &&
    isOpen &&
    armedButton({
      resting: active.length === 1 ? 'Give back' : 'Give all back',
      asks: `Give up ${total} of seats?`,
      look: 'button button-quiet button-small',
      data: { 'data-act': 'cancel' },
      act: () => buyer.cancel(booking),
    });
  return el(
    'article',
    { class: 'ticket', 'data-booking': booking.id, 'data-status': booking.status },
    el(
      'div',
      { class: 'ticket-head' },
      el('span', { class: 'ticket-number', title: `Booking ${booking.id}` }, bookingNumber(booking.id)),
      el('span', { class: 'tag', 'data-kind': isLive ? 'good' : 'muted' }, stateWords(booking)),
    ),
    el(
      'ul',
      { class: 'ticket-seats' },
      ...booking.seats.map((line) =>
        ticketLine(line, booking, options, isLive && isOpen && active.length > 1),
      ),
    ),
    el(
      'div',
      { class: 'ticket-foot' },
      el('span', {}, `${plural(counted.length, 'seat')} · ${total}`),
      cancel,
    ),
    words.length > 0 &&
      el(
        'ul',
        { class: 'ticket-money' },
        ...words.map(({ state, text }) => el('li', { class: 'ticket-payment', 'data-payment': state }, text)),
      ),
  );
}

function ticketLine(line: BookingSeat, booking: Booking, options: TicketOptions, isOffered: boolean) {
  const { buyer, reveal } = options;
  const show = el('button', { class: 'ticket-seat', type: 'button', title: 'Show on the map' }, line.label);
  show.addEventListener('click', () => reveal(line.seat));
  const price = money(line.priceCents, booking.currency);
  const giveBack =
    isOffered &&
    isActive(line) &&
    armedButton({
      resting: icon('close'),
      asks: `Give up ${price}?`,
      label: `Give back ${line.label}`,
      look: 'icon-button ticket-give',
      data: { 'data-give-back': line.seat },
      act: () => buyer.cancel(booking, [line.seat]),
    });
  const note = !isActive(line) && el('span', { class: 'visually-hidden' }, 'given back');
  return el(
    'li',
    { class: 'ticket-line', 'data-ticket-seat': line.seat, 'data-cancelled': `${!isActive(line)}` },
    show,
    note,
    el('span', { class: 'ticket-price' }, price),
    giveBack,
  );
}
