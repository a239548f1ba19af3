/** The bookings of an event as CSV (RFC 4180), a line for each seat, safe to open in a spreadsheet. */
import { stringify } from 'csv-stringify/sync';
import { RequestError } from '../errors.ts';
import { Gate } from '../gate.ts';
import type { BookingFilter, BookingRecords, Sale } from './records.ts';

const linesAtMost = 200_000;
const pageSize = 500;
/** A long one is 40 MB of text. */
const gate = new Gate(2, 20);

const columns = [
  'booking_id',
  'status',
  'booked_at',
  'seat',
  'label',
  'category',
  'price_cents',
  'currency',
  'seat_cancelled_at',
  'payment',
  'buyer_name',
  'buyer_email',
] as const;

/** UTF-8. Throws `export-too-large`. */
export function salesTable(
  records: BookingRecords,
  eventId: string,
  filter: Omit<BookingFilter, 'sort' | 'after' | 'limit'>,
  atMost = linesAtMost,
): Promise<Uint8Array<ArrayBuffer>> {
  return gate.run(async () => {
    // Without the mark spreadsheets take UTF-8 for something else.
    const parts = [`\uFEFF${csv([columns])}`];
    let lines = 0;
    let after: string | undefined;
    for (;;) {
      const page = await records.sales(eventId, { ...filter, sort: 'oldest', after, limit: pageSize });
      const rows = page.flatMap(linesOf);
      lines += rows.length;
      if (lines > atMost) throw new RequestError('export-too-large', { allowed: atMost });
      parts.push(csv(rows));
      after = page.at(-1)?.booking.id;
      if (page.length < pageSize) return new TextEncoder().encode(parts.join(''));
    }
  });
}

const linesOf = ({ booking, buyer }: Sale): (string | number)[][] =>
  booking.seats.map((line) => [
    booking.id,
    booking.status,
    booking.createdAt,
    line.seat,
    plain(line.label),
    plain(line.category),
    line.priceCents,
    booking.currency,
    line.cancelledAt ?? '',
    booking.payment?.state ?? '',
    plain(buyer.name),
    plain(buyer.email),
  ]);

/**
 * Text that no spreadsheet takes for a formula: programs skip blanks and control characters, so what comes after them
 * counts, and so does a tab or a line break at the beginning (OWASP on CSV injection).
 */
export const plain = (text: string): string => {
  const clean = text.replaceAll('\0', '');
  return /^(?:[\t\r\n]|[\s\p{C}]*[=+\-@|%＝＋－＠])/u.test(clean) ? `'${clean}` : clean;
};

/** Every text in quotes, so that nothing in it begins a field or a line. */
export const csv = (rows: readonly (readonly (string | number)[])[]): string =>
  stringify([...rows], { record_delimiter: 'windows', quoted_string: true, quote_record_delimiter: true });
