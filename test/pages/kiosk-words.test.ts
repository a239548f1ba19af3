import { describe, expect, test } from 'vitest';
import type { Announcement, BoardEvent } from '../../src/contracts.gen.ts';
import { bannersOf, dayOf, price, seatWords, statusOf } from '../../src/pages/kiosk-words.ts';

const minute = 60_000;
const seats = (free: number, held = 0, all = 100) => ({
  stale: false,
  seats: all,
  free,
  held,
  sold: all - free - held,
  fromCents: free > 0 ? 2500 : null,
  categories: [],
  moreCategories: 0,
});
const event = (startsAt: string, more: Partial<BoardEvent> = {}): BoardEvent => ({
  id: 'event',
  title: 'The Cherry Orchard',
  category: null,
  startsAt,
  endsAt: '2027-12-31T00:00:00Z',
  timeZone: 'Europe/Brussels',
  state: 'scheduled',
  delayMinutes: 0,
  sale: 'open',
  salesStartAt: null,
  currency: 'EUR',
  seats: seats(60),
  ...more,
});
const said = (more: Partial<Announcement>): Announcement => ({
  id: 'said',
  venueId: 'venue',
  eventId: 'event',
  kind: 'info',
  text: '',
  minutes: null,
  at: null,
  until: '2027-12-31T00:00:00Z',
  createdAt: '2027-01-01T00:00:00Z',
  withdrawnAt: null,
  ...more,
});
const now = Date.parse('2027-03-14T17:00:00Z');
const at = (inMinutes: number) => new Date(now + inMinutes * minute).toISOString();

describe('how an event stands, in a word or two', () => {
  test.each([
    ['On sale', 'good', event(at(60))],
    ['Few left', 'warn', event(at(60), { seats: seats(9) })],
    ['Last seats held', 'warn', event(at(60), { seats: seats(0, 2) })],
    ['Sold out', 'bad', event(at(60), { seats: seats(0) })],
    ['Sale over', 'quiet', event(at(60), { sale: 'over' })],
    ['Box office', 'quiet', event(at(60), { sale: 'elsewhere', seats: null })],
    ['On sale Mon 15 Mar', 'quiet', event(at(6000), { sale: 'before', salesStartAt: at(1440) })],
    ['20 min late', 'warn', event(at(60), { delayMinutes: 20 })],
    ['In 10 min', 'now', event(at(9.5))],
    ['In 1 min', 'now', event(at(0.1))],
    ['In 5 min', 'now', event(at(-10), { delayMinutes: 15 })],
    ['Now on', 'now', event(at(-1))],
    ['Cancelled', 'bad', event(at(60), { state: 'cancelled' })],
  ] as const)('%s', (text, tone, shown) => {
    expect(statusOf(shown, [], now)).toEqual({ text, tone });
  });

  test('doors that open, and that are open', () => {
    const doors = (inMinutes: number) => [said({ kind: 'doors', minutes: 0, at: at(inMinutes) })];
    expect(statusOf(event(at(60)), doors(10), now).text).toBe('Doors 18:10');
    expect(statusOf(event(at(60)), doors(-1), now).text).toBe('Doors open');
    expect(statusOf(event(at(3000)), doors(2880), now).text).toBe('Doors Tue 16 Mar, 18:00');
  });
});

describe('the day beside the time, by the calendar of the event', () => {
  test.each([
    ['2027-03-14T17:00:00Z', '2027-03-14T22:30:00Z', ''],
    ['2027-03-14T17:00:00Z', '2027-03-14T23:30:00Z', 'Tomorrow'],
    ['2027-03-14T17:00:00Z', '2027-03-15T22:30:00Z', 'Tomorrow'],
    ['2027-03-14T17:00:00Z', '2027-03-15T23:30:00Z', 'Tue 16 Mar'],
    // The day that clocks go forward has 23 hours, the day they go back has 25.
    ['2027-03-27T23:30:00Z', '2027-03-28T21:30:00Z', ''],
    ['2027-03-27T22:30:00Z', '2027-03-28T21:30:00Z', 'Tomorrow'],
    ['2026-10-24T21:30:00Z', '2026-10-25T22:30:00Z', 'Tomorrow'],
    ['2026-10-24T22:30:00Z', '2026-10-25T23:30:00Z', 'Tomorrow'],
  ])('at %s, of %s: "%s"', (moment, startsAt, words) => {
    expect(dayOf(event(startsAt), Date.parse(moment))).toBe(words);
  });
});

test('seats and prices are short', () => {
  expect(price(2500, 'EUR')).toBe('€25');
  expect(price(2550, 'EUR')).toBe('€25.50');
  expect(seatWords(event(at(60)))).toEqual({ left: '60', of: 'of 100 left', price: 'from €25' });
  expect(seatWords(event(at(60), { seats: seats(0) }))?.price).toBe('');
  expect(seatWords(event(at(60), { seats: null }))).toBeUndefined();
});

test('a moment of another day has its date, by the calendar of the event', () => {
  const board = (startsAt: string, ...announcements: Announcement[]) => ({
    timeZone: 'Europe/Brussels',
    events: [event(startsAt)],
    announcements,
  });
  const texts = (shown: ReturnType<typeof board>) =>
    bannersOf(shown as never, now).map(({ title, text }) => `${title}: ${text}`);
  expect(
    texts(
      board(
        at(2880),
        said({ kind: 'delay', minutes: 30, at: at(2910) }),
        said({ kind: 'doors', minutes: 2820, at: at(2820) }),
      ),
    ),
  ).toEqual([
    '30 minutes late: The Cherry Orchard · starts Tue 16 Mar, 18:30',
    'Doors open Tue 16 Mar, 17:00: The Cherry Orchard',
  ]);
  // 23:50 here, ten minutes into the next day there.
  expect(texts(board(at(380), said({ kind: 'delay', minutes: 30, at: at(370) })))).toEqual([
    '30 minutes late: The Cherry Orchard · starts Mon 15 Mar, 00:10',
  ]);
});

test('banners: delays first, then what starts soon, then the rest', () => {
  const board = {
    events: [event(at(60)), event(at(10), { id: 'soon', title: 'Jazz' })],
    announcements: [
      said({ id: 'info', eventId: null, text: 'The lift is out of order.' }),
      said({ id: 'late', kind: 'delay', minutes: 20, text: 'A late train', at: at(80) }),
      said({ id: 'doors', kind: 'doors', minutes: 5, at: at(5) }),
    ],
    timeZone: 'Europe/Brussels',
  };
  const banners = bannersOf(board as never, now);
  expect(banners.map(({ title, text }) => `${title}: ${text}`)).toEqual([
    '20 minutes late: The Cherry Orchard · A late train · starts 19:20',
    'Starts in 10 minutes: Jazz',
    'Please note: The lift is out of order.',
    'Doors open 18:05: The Cherry Orchard',
  ]);
});
