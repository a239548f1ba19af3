/** Random calls of the statements, in a world so small that they meet. */
import fc from 'fast-check';
import { simStatements } from './postgres-statements.ts';

export const uuid = (n: number) => `00000000-0000-7000-8000-${String(n).padStart(12, '0')}`;
export const users = [uuid(1), uuid(2)];
export const events = [uuid(11), uuid(12)];
export const longMs = 10_000_000;

export interface Call {
  name: string;
  parameters: unknown[];
}

const pickUser = fc.constantFrom(...users);
/** Holds 0 to 3 are of the first event, the others of the second. */
const eventOf = (hold: number) => events[hold < 4 ? 0 : 1];
const pickEvent = fc.constantFrom(events[0], events[0], events[0], events[1]);
const eventAndHold = fc.nat(5).map((n) => [eventOf(n), `hold-${n}`]);
const holdNumber = fc.nat(5);
const bookingId = fc.nat(5).map((n) => uuid(100 + n));
const seats = fc.uniqueArray(fc.nat(5), { minLength: 1, maxLength: 3 });
const request = fc.option(fc.constantFrom('request-1', 'request-2', 'request-3', 'request-4'), { freq: 3 });
const actor = [null, null, null, 'reason'];

/** Holds of a batch have no seat in common. */
const batch = fc
  .uniqueArray(fc.record({ n: holdNumber, userId: pickUser, requestId: request, seats }), {
    minLength: 1,
    maxLength: 3,
    selector: ({ n }) => n,
  })
  .chain((holds) =>
    fc.constantFrom(null, null, null, longMs, -longMs).map((leftMs) => {
      const used = new Set<string>();
      const apart = holds.filter(({ n, seats, userId, requestId }) => {
        const keys = seats.map((seat) => `${eventOf(n)} ${seat}`);
        // Which of two would keep the request depends on how PostgreSQL goes about it.
        if (requestId !== null) keys.push(`${userId} ${requestId}`);
        const isFree = keys.every((key) => !used.has(key));
        for (const key of keys) used.add(key);
        return isFree;
      });
      return JSON.stringify(
        apart.map(({ n, seats, ...hold }) => ({
          ...hold,
          eventId: eventOf(n),
          holdId: `hold-${n}`,
          bookingId: uuid(100 + n),
          sessionId: 'session',
          currency: 'EUR',
          leftMs,
          seats: seats.map((seat) => ({
            seat,
            label: `Seat ${seat}`,
            category: 'A',
            priceCents: 100 + seat,
          })),
        })),
      );
    }),
  );

/** The n-th row by its key: which of a batch gets which id is nobody's business. */
const outboxRow = fc.nat(5);
const away = fc.constantFrom(-longMs, longMs);
const token = fc.constantFrom('token-1', 'token-2');
const parametersOf: Record<string, fc.Arbitrary<unknown[]>> = {
  'confirm-holds': fc.tuple(batch),
  'refuse-hold': eventAndHold.map((each) => [...each, 'hold-not-found']),
  'compare-event': fc
    .tuple(
      pickEvent,
      fc.uniqueArray(fc.nat(5)),
      fc.uniqueArray(holdNumber.map((n) => `hold-${n}`)),
      fc.uniqueArray(pickUser),
      fc.array(fc.nat(3), { minLength: 2, maxLength: 2 }),
      fc.uniqueArray(fc.nat(5)),
    )
    .map(([event, shown, holds, owners, counts, strays]) => {
      return [event, shown, holds, owners, counts.slice(0, owners.length), strays];
    }),
  'latest-sales': fc.constant([events]),
  'read-outcome': eventAndHold,
  'booked-seats': fc.tuple(pickEvent),
  'sold-among': fc.tuple(pickEvent, seats),
  'booking-of-hold': fc.tuple(holdNumber.map((n) => `hold-${n}`)),
  'read-booking': fc.tuple(bookingId),
  'read-bookings': fc.tuple(fc.array(bookingId, { maxLength: 3 })),
  'cancel-seats': fc.tuple(bookingId, fc.option(seats)).map(([id, some]) => [id, some, ...actor]),
  'cancel-event': fc.tuple(pickEvent).map(([id]) => [id, ...actor]),
  'cancel-event-batch': fc
    .tuple(pickEvent, fc.integer({ min: 1, max: 3 }))
    .map((each) => [...each, ...actor]),
  'event-cancellation': fc.tuple(pickEvent),
  'ask-once': fc.tuple(
    pickUser,
    fc.constantFrom('request-1', 'request-2'),
    fc.constantFrom('message', 'message', 'other'),
    fc.constantFrom('print', 'print', 'other'),
    away,
    token,
  ),
  'answer-once': fc.tuple(
    pickUser,
    fc.constantFrom('request-1', 'request-2'),
    token,
    fc.constantFrom('{"a":1}', 'null'),
  ),
  'forget-request': fc.tuple(pickUser, fc.constantFrom('request-1', 'request-2'), token),
  'renew-request': fc.tuple(pickUser, fc.constantFrom('request-1', 'request-2'), token, away),
  'take-outbox': fc.tuple(away, fc.constant(100)),
  'mark-sent': fc.tuple(fc.uniqueArray(outboxRow, { maxLength: 3 })),
  'delay-outbox': fc.tuple(outboxRow, away),
  'forget-old': fc.constant([100]),
};
const weights: Record<string, number> = {
  'confirm-holds': 14,
  'cancel-seats': 8,
  'refuse-hold': 3,
  'cancel-event': 1,
};
export const arbitrary = (names: string[]): fc.Arbitrary<Call> =>
  fc.oneof(
    ...names.map((name) => ({
      weight: weights[name] ?? 2,
      arbitrary: (parametersOf[name] as fc.Arbitrary<unknown[]>).map((parameters) => ({ name, parameters })),
    })),
  );
export const anyCall = arbitrary(Object.keys(simStatements));
/** Those that meet others. */
const writing = arbitrary([
  'confirm-holds',
  'refuse-hold',
  'cancel-seats',
  'cancel-event',
  'cancel-event-batch',
  'ask-once',
  'answer-once',
  'forget-request',
  'take-outbox',
  'mark-sent',
]);
/** Two of those, often the same twice: these meet for certain. */
export const pair: fc.Arbitrary<[Call, Call]> = fc.oneof(
  { weight: 2, arbitrary: fc.tuple(writing, writing) },
  { weight: 1, arbitrary: writing.map((call): [Call, Call] => [call, call]) },
);
