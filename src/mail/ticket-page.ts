/** A ticket as a page of its own: one file, nothing to load, made to be printed. It opens without a network. */
import type { MailBooking, MailEvent } from '../database/delivery-statements.ts';
import { html } from '../docs/html.ts';
import { bookingNumber, eventDate, eventTime, money } from '../pages/format.ts';

export interface TicketFile {
  readonly filename: string;
  readonly content: string;
}

/** A file for each seat that is still booked. */
export function ticketFiles(booking: MailBooking, event: MailEvent, holder: string): TicketFile[] {
  const seats = booking.seats.filter(({ cancelledAt }) => cancelledAt === null);
  return seats.map((seat, i) => ({
    filename: `ticket-${i + 1}-of-${seats.length}.html`,
    content: ticketPage(booking, event, seat, { holder, place: `Ticket ${i + 1} of ${seats.length}` }),
  }));
}

function ticketPage(
  { id, currency }: MailBooking,
  { title, venue, startsAt, endsAt, timeZone }: MailEvent,
  { label, category, priceCents }: MailBooking['seats'][number],
  { holder, place }: { holder: string; place: string },
): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title} – ${label}</title>
<style>
body { margin: 0; padding: 24px; background: #eceef2; color: #14181f; font: 16px/1.45 system-ui, sans-serif }
main { max-width: 620px; margin: 0 auto; padding: 28px; background: #fff; border: 1px solid #cfd4dd; border-radius: 14px }
h1 { margin: 4px 0 18px; font-size: 28px; line-height: 1.2 }
.seat { margin: 18px 0; padding: 16px; border: 2px solid #14181f; border-radius: 10px; font-size: 22px; font-weight: 650 }
dl { display: grid; grid-template-columns: max-content 1fr; gap: 6px 18px; margin: 0 }
dt, .quiet { color: #5b6473 }
dd { margin: 0; overflow-wrap: anywhere }
@page { size: A5 landscape; margin: 10mm }
@media print { body { padding: 0; background: none } main { border: 0; padding: 0; max-width: none } }
</style>
</head>
<body>
<main>
<p class="quiet">Seatcast · ${place}</p>
<h1>${title}</h1>
<p class="seat">${label}</p>
<dl>
<dt>When</dt><dd>${eventDate(startsAt, timeZone)} to ${eventTime(endsAt, timeZone)} (${timeZone})</dd>
${venue !== '' && html`<dt>Where</dt><dd>${venue}</dd>\n`}<dt>Category</dt><dd>${category}, ${money(priceCents, currency)}</dd>
<dt>Booked by</dt><dd>${holder}</dd>
<dt>Booking</dt><dd>${bookingNumber(id)}<br><small>${id}</small></dd>
</dl>
</main>
</body>
</html>
`.text;
}
