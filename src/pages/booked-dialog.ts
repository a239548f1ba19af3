/** The end of it all: the booking number, the seats, and what was paid. */
import type { Booking } from '../contracts.gen.ts';
import { el, icon } from './dom.ts';
import { bookingNumber, money } from './format.ts';

export function showBooked(booking: Booking): void {
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
  const total = money(booking.totalCents, booking.currency);
  dialog.append(
    el('div', { class: 'seal' }, icon('check')),
    el('h2', { id: 'booked-title' }, 'The seats are yours'),
    el('p', { class: 'dialog-lead' }, 'Your booking number'),
    el('p', { class: 'big-number', 'data-booking-number': booking.id }, bookingNumber(booking.id)),
    el('ul', { class: 'booked-seats' }, ...booking.seats.map(({ label }) => el('li', {}, label))),
    el('p', { class: 'booked-total' }, booking.payment ? `${total} paid` : total),
    done,
  );
  document.body.append(dialog);
  dialog.showModal();
}
