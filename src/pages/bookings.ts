/** Your bookings of this event: their numbers, their seats, and the way to cancel them. */
import type { Booking } from '../contracts.gen.ts';
import type { Buyer } from './buyer.ts';
import { byId, el, fill, icon } from './dom.ts';
import { bookingNumber, money, plural } from './format.ts';

export function showBookings(buyer: Buyer, reveal: (seat: number) => void): void {
  const section = byId('bookings', HTMLElement);
  const list = byId('bookings-list', HTMLElement);
  const show = (bookings: Booking[]) => {
    section.hidden = bookings.length === 0;
    fill(list, ...bookings.map((booking) => ticket(booking, buyer, reveal)));
  };
  buyer.on('bookings', show);
  buyer.on('booked', (booking) => celebrate(booking));
  show(buyer.bookings);
}

function ticket(booking: Booking, buyer: Buyer, reveal: (seat: number) => void): HTMLElement {
  const isLive = booking.status === 'confirmed';
  const seats = booking.seats.map(({ seat, label }) => {
    const button = el('button', { class: 'ticket-seat', type: 'button', title: 'Show on the map' }, label);
    button.addEventListener('click', () => reveal(seat));
    return el('li', {}, button);
  });
  return el(
    'article',
    { class: 'ticket', 'data-booking': booking.id, 'data-status': booking.status },
    el(
      'div',
      { class: 'ticket-head' },
      el('span', { class: 'ticket-number', title: `Booking ${booking.id}` }, bookingNumber(booking.id)),
      el('span', { class: 'tag', 'data-kind': isLive ? 'good' : 'muted' }, isLive ? 'Booked' : 'Cancelled'),
    ),
    el('ul', { class: 'ticket-seats' }, ...seats),
    el(
      'div',
      { class: 'ticket-foot' },
      el(
        'span',
        {},
        `${plural(booking.seats.length, 'seat')} · ${money(booking.totalCents, booking.currency)}`,
      ),
      isLive && cancelButton(booking, buyer),
    ),
  );
}

/** Asks by itself: the first press arms it for a few seconds, the second one cancels. */
function cancelButton(booking: Booking, buyer: Buyer): HTMLButtonElement {
  const button = el(
    'button',
    { class: 'button button-quiet button-small', type: 'button', 'data-act': 'cancel' },
    'Cancel',
  );
  let armedAt = 0;
  button.addEventListener('click', async () => {
    const now = performance.now();
    if (armedAt === 0) {
      armedAt = now;
      button.dataset['armed'] = 'true';
      button.textContent = `Give up ${money(booking.totalCents, booking.currency)} of seats?`;
      setTimeout(() => {
        armedAt = 0;
        delete button.dataset['armed'];
        button.textContent = 'Cancel';
      }, 5000);
      return;
    }
    // The second half of a double click is no answer to the question.
    if (now - armedAt < 800) return;
    button.disabled = true;
    await buyer.cancel(booking);
    button.disabled = false;
  });
  return button;
}

function celebrate(booking: Booking): void {
  const dialog = el('dialog', {
    class: 'dialog dialog-booked',
    id: 'booked',
    'aria-labelledby': 'booked-title',
  });
  const done = el(
    'button',
    { class: 'button button-primary button-wide', type: 'button', autofocus: true },
    'Done',
  );
  done.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  dialog.append(
    el('div', { class: 'seal' }, icon('check')),
    el('h2', { id: 'booked-title' }, 'The seats are yours'),
    el('p', { class: 'dialog-lead' }, 'Your booking number'),
    el('p', { class: 'big-number', 'data-booking-number': booking.id }, bookingNumber(booking.id)),
    el('ul', { class: 'booked-seats' }, ...booking.seats.map(({ label }) => el('li', {}, label))),
    el('p', { class: 'booked-total' }, money(booking.totalCents, booking.currency)),
    done,
  );
  document.body.append(dialog);
  dialog.showModal();
}
