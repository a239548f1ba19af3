/** The examples of the socket page. The tests hold every one against the contracts and the codec. */
import type { MessageName, Snapshot, TellName } from '../contracts.gen.ts';
import { RequestError } from '../errors.ts';
import { ids } from './samples.ts';

export type Turn = { readonly note: string } & (
  | { readonly ask: MessageName; readonly data: unknown }
  | { readonly reply: MessageName; readonly data: unknown }
  | { readonly refusal: MessageName; readonly error: unknown }
  | { readonly tell: TellName; readonly data: unknown }
);

const { eventId, holdId, bookingId } = ids;
const epoch = 'k3Jx9QaZ';
const taken = new RequestError('seats-taken', { seats: [12] });

const hold = {
  holdId,
  eventId,
  seats: [12, 13],
  expiresAt: 1_801_473_974_120,
  extensionsLeft: 1,
  totalCents: 9000,
  currency: 'EUR',
};
const booking = {
  id: bookingId,
  eventId,
  holdId,
  status: 'confirmed',
  seats: [
    { seat: 12, label: 'Front, row B, seat 3', category: 'Stalls', priceCents: 4500, cancelledAt: null },
    { seat: 13, label: 'Front, row B, seat 4', category: 'Stalls', priceCents: 4500, cancelledAt: null },
  ],
  totalCents: 9000,
  currency: 'EUR',
  createdAt: '2027-02-01T09:16:20.731Z',
  cancelledAt: null,
  cancelledBy: null,
  payment: null,
};

/** One buyer, two seats, from looking to booked. */
export const conversation: readonly Turn[] = [
  { note: 'You open the seat map.', ask: 'seats:watch', data: { eventId } },
  {
    note: 'All 60 seats at position 1841: five free, two held, 53 free. From now on you are told what changes.',
    reply: 'seats:watch',
    data: {
      eventId,
      epoch,
      position: 1841,
      snapshot: { encoding: 'runs', count: 60, seats: 'f5.h2.f1h' },
      stale: false,
      holds: [],
      now: 1_801_473_371_005,
    },
  },
  {
    note: 'You choose two seats. The request id is new for each thing you want done.',
    ask: 'seats:hold',
    data: { eventId, seats: [12, 13], requestId: '7f0c9d52-3b7e-4a86-9d10-5e2c6f1b8a44' },
  },
  {
    note: 'Both are yours until `expiresAt`. No answer in time? Ask the same again with the same request id.',
    reply: 'seats:hold',
    data: { hold, epoch, position: 1842 },
  },
  {
    note: 'Everyone who watches sees them held: seat 12 is `c` in base 36, seat 13 is one further.',
    tell: 'seats:changed',
    data: { eventId, epoch, from: 1842, to: 1842, changes: 'hc.1' },
  },
  {
    note: 'Somebody else who asks for seats 11 and 12 now gets neither, and is told why.',
    refusal: 'seats:hold',
    error: taken.toWire(),
  },
  {
    note: 'You book what you hold. Where the event is paid online, `bookings:checkout` comes first.',
    ask: 'bookings:confirm',
    data: { eventId, holdId, requestId: 'c41d7a60-92f5-4be8-8a3c-0d7715e9b6f2' },
  },
  {
    note: 'One hold gives at most one booking, however often you ask.',
    reply: 'bookings:confirm',
    data: { booking },
  },
  {
    note: 'Everyone who watches sees them sold.',
    tell: 'seats:changed',
    data: { eventId, epoch, from: 1843, to: 1843, changes: 'sc.1' },
  },
];

/** A text of `changes` step by step. */
export const changesExample = {
  text: 'f3;hc.1.5;s1z',
  groups: [
    { group: 'f3', state: 'free', steps: '3', seats: [3] },
    { group: 'hc.1.5', state: 'held', steps: '`c` = 12, 12 + 1 = 13, 13 + 5 = 18', seats: [12, 13, 18] },
    { group: 's1z', state: 'sold', steps: '`1z` = 36 + 35 = 71', seats: [71] },
  ],
} as const;

interface SnapshotExample {
  readonly snapshot: Snapshot;
  /** A letter a seat. */
  readonly letters: string;
  readonly steps: string;
}

export const snapshotExamples: readonly SnapshotExample[] = [
  {
    snapshot: { encoding: 'runs', count: 60, seats: 'f5.h2.f1h' },
    letters: `fffffhh${'f'.repeat(53)}`,
    steps: '5 free, 2 held, then `1h` = 36 + 17 = 53 free: 60 seats.',
  },
  {
    snapshot: { encoding: 'bits', count: 8, seats: 'JIE=' },
    letters: 'fhsfhffs',
    steps:
      'Two bytes. 0x24 is `00 10 01 00`, read from the right: f, h, s, f. 0x81 is `10 00 00 01`: h, f, f, s.',
  },
];

/** The decoder that the page prints, as a client without ours would write it. */
export const decoder = `const letters = 'fhsb'; // free, held, sold, blocked

function decodeSnapshot({ encoding, count, seats }) {
  if (encoding === 'bits') {
    const bytes = atob(seats);
    return Array.from({ length: count }, (_, seat) =>
      letters[(bytes.charCodeAt(seat >> 2) >> ((seat & 3) * 2)) & 3]);
  }
  return seats.split('.').flatMap((run) =>
    Array(parseInt(run.slice(1), 36)).fill(run[0]));
}

/** Writes the changes into the map: one letter a seat. */
function applyChanges(map, changes) {
  for (const group of changes === '' ? [] : changes.split(';')) {
    let seat = 0;
    for (const distance of group.slice(1).split('.')) {
      seat += parseInt(distance, 36);
      map[seat] = group[0];
    }
  }
}`;
