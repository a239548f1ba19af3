import fc from 'fast-check';
import { expect, test } from 'vitest';
import { csv, plain, salesTable } from '../../../src/bookings/sales-table.ts';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { readCsv } from '../../support/read-csv.ts';
import { seed } from '../../support/seed.ts';
import { book, call, expectRefused, nobody, node, organizerOf, send } from '../support.ts';

const hubs = await startTestHubs(1);

async function exported(eventId: string, filter: object = {}): Promise<{ text: string; response: Response }> {
  const response = await send(
    node(hubs),
    'bookings:export',
    { eventId, ...filter },
    await organizerOf(hubs, eventId),
  );
  expect(response.status).toBe(200);
  return {
    text: new TextDecoder('utf-8', { ignoreBOM: true }).decode(await response.arrayBuffer()),
    response,
  };
}

test('a line for each seat, oldest booking first, as a file that spreadsheets read', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const client = await hubs.connect(user);
  const first = await book(client, eventId, [4, 5]);
  const second = await book(client, eventId, [6]);
  const cancel = { bookingId: second.id, requestId: requestId() };
  const { booking } = await call(node(hubs), 'bookings:cancel', cancel, user);
  const { text, response } = await exported(eventId);
  expect(response.headers.get('content-type')).toBe('text/csv; charset=utf-8');
  expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="bookings-[\w-]+\.csv"/);
  expect(response.headers.get('cache-control')).toBe('no-store');
  expect(text.charCodeAt(0)).toBe(0xfeff);
  const [head, ...lines] = readCsv(text.slice(1));
  expect(head).toEqual([
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
  ]);
  const line = (seat: string, of: typeof first, cancelledAt = '') => [
    of.id,
    of.status,
    of.createdAt,
    seat,
    `Main, row 1, seat ${Number(seat) + 1}`,
    'Stalls',
    '2500',
    'EUR',
    cancelledAt,
    '',
    'Test',
    `${user.id}@example.com`,
  ];
  expect(lines).toEqual([
    line('4', first),
    line('5', first),
    line('6', booking, booking.seats[0]?.cancelledAt ?? ''),
  ]);
  const confirmed = readCsv((await exported(eventId, { status: 'confirmed' })).text.slice(1));
  expect(confirmed).toEqual([head, line('4', first), line('5', first)]);
});

/** What buyers call themselves, and how it must look in the file. */
const names: [string, string][] = [
  ['=HYPERLINK("https://evil.example")', `'=HYPERLINK("https://evil.example")`],
  ['+1', "'+1"],
  ['-1', "'-1"],
  ['@SUM(A1)', "'@SUM(A1)"],
  ['\t=1', "'\t=1"],
  ['\r=1', "'\r=1"],
  ['\n=1', "'\n=1"],
  ['  =1', "'  =1"],
  ['＝1', "'＝1"],
  ['|calc', "'|calc"],
  ['a","b', 'a","b'],
  ['a\r\nbooking,confirmed', 'a\r\nbooking,confirmed'],
  ['Zoë 😀', 'Zoë 😀'],
  ['a=b', 'a=b'],
];

test('[EXPORT-1] no text of a buyer begins a formula, another field or another line', async () => {
  const eventId = await hubs.event();
  const users = await hubs.users(names.length);
  for (const [i, [name]] of names.entries()) {
    const user = users[i];
    if (!user) throw new Error('too few buyers');
    await hubs.sql('update users set name = $2 where id = $1', [user.id, name]);
    await book(await hubs.connect(user), eventId, [i]);
  }
  const [, ...lines] = readCsv((await exported(eventId)).text.slice(1));
  expect(lines.map((line) => line[10])).toEqual(names.map(([, shown]) => shown));
  expect(new Set(lines.map((line) => line.length))).toEqual(new Set([12]));
});

test('[EXPORT-1] whatever is written is read again as it was, but for the apostrophe and NUL', () => {
  const hostile = fc.string({
    unit: fc.constantFrom(
      '=',
      '+',
      '-',
      '@',
      '\t',
      '\r',
      '\n',
      '"',
      ',',
      "'",
      '\0',
      ' ',
      'a',
      'é',
      '😀',
      ';',
    ),
  });
  const table = fc.array(fc.array(fc.oneof(hostile, fc.string()), { minLength: 3, maxLength: 3 }), {
    minLength: 1,
  });
  fc.assert(
    fc.property(table, (rows) => {
      const written = rows.map((row) => row.map(plain));
      const read = readCsv(csv(written));
      expect(read).toEqual(written);
      for (const [i, row] of read.entries()) {
        for (const [j, field] of row.entries()) {
          const was = (rows[i]?.[j] ?? '').replaceAll('\0', '');
          expect([was, `'${was}`]).toContain(field);
          expect(field.trim()).not.toMatch(/^[=+@-]/);
        }
      }
    }),
    { seed },
  );
});

test('event-not-found: the event of another organizer, and none', async () => {
  const eventId = await hubs.event();
  const other = await hubs.user('organizer');
  for (const id of [eventId, nobody]) {
    await expectRefused(node(hubs), 'bookings:export', { eventId: id }, other, 'event-not-found');
  }
});

test("more lines than an export may have are refused with 'export-too-large', and its parts are not", async () => {
  const eventId = await hubs.event();
  const client = await hubs.connect(await hubs.user());
  const first = await book(client, eventId, [1, 2]);
  const second = await book(client, eventId, [3]);
  const { bookings } = node(hubs).engine;
  const error = await salesTable(bookings, eventId, {}, 2).catch((caught: unknown) => caught);
  expect(error).toMatchObject({ code: 'export-too-large', details: { allowed: 2 } });
  const part = await salesTable(bookings, eventId, { to: second.createdAt }, 2);
  expect(readCsv(new TextDecoder().decode(part)).map((line) => line[0])).toEqual([
    'booking_id',
    first.id,
    first.id,
  ]);
});
