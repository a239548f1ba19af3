/** One small world that all examples tell of: a studio theatre, one evening, one buyer. */
import { wireDisconnect } from '../disconnects.ts';
import type { PlanWire } from '../seating/plan-wire.ts';

const eventId = '01a3702b-0416-7c41-9f0e-6d2b8a51c3e7';
const planId = '01a3701a-ca8a-7b02-8e55-90c1d47f2ab6';
const bookingId = '01a3702e-517b-7e1d-b3c4-1f7a0c92d845';
const holdId = 'q3ZkW8vYt0uJm2LxR7sN-A';

export const ids = { eventId, planId, bookingId, holdId } as const;

const seats = (cancelledAt: string | null) => [
  { seat: 12, label: 'Front, row B, seat 3', category: 'Stalls', priceCents: 4500, cancelledAt },
  { seat: 13, label: 'Front, row B, seat 4', category: 'Stalls', priceCents: 4500, cancelledAt },
];
const paid = { amountCents: 9000, currency: 'EUR' };
const booked = { state: 'captured', amountCents: 9000, refundedCents: 0 };
const refunding = { ...booked, state: 'refunding' };

const step = (kind: string, second: string, rest: object = {}) => ({
  kind,
  state: 'done',
  attempts: 1,
  reason: '',
  amountCents: 0,
  dueAt: `2027-02-01T09:${second}.902Z`,
  endedAt: `2027-02-01T09:${second}.317Z`,
  ...rest,
});

/** A payment whose capture was put aside: the evening's only trouble. */
function saga(state: string, reason: string, capture: object, ...more: object[]) {
  const way = [step('start', '16:11'), step('authorise', '16:12'), step('book', '16:20')];
  const attempts = { attempts: 12, reason: 'time-out: the payment provider did not answer in time' };
  return {
    holdId,
    eventId,
    userId: '01a367c3-06ac-7a36-8c4f-d51e6b0a97f2',
    bookingId,
    provider: 'stripe',
    paymentId: 'pi_3QzT8vK2eZvKYlo2',
    state,
    reason,
    seats: [12, 13],
    ...paid,
    refundedCents: 0,
    createdAt: '2027-02-01T09:16:10.871Z',
    updatedAt: '2027-02-01T09:38:02.317Z',
    steps: [...way, step('capture', '38:02', { ...attempts, ...capture }), ...more],
  };
}

/** By `Type.field`, else by the bare name of the field. */
export const byField: Readonly<Record<string, unknown>> = {
  'analytics:trend.startsAt': ['2027-02-01T00:00:00+01:00'],
  'analytics:mine.upcoming.nextStartsAt': '2027-03-14T19:30:00Z',
  'analytics:categories.categories': [
    {
      category: 'Stalls',
      currency: 'EUR',
      events: 1,
      seats: 20,
      cancelledSeats: 5,
      grossCents: 90_000,
      cancelledCents: 22_500,
      revenueCents: 67_500,
      cancellationRate: 0.25,
    },
  ],
  'analytics:trend.endsAt': '2027-02-02T00:00:00+01:00',
  eventId,
  planId,
  bookingId,
  organizerId: '01a1f866-0d00-7d90-a1b7-4e6f93d8025c',
  'events:create.status': 'draft',
  'events:cancel.status': 'cancelled',
  'bookings:cancel.booking.status': 'cancelled',
  'bookings:cancel.booking.payment': refunding,
  'bookings:cancelled.booking.payment': refunding,
  'Booking.payment': booked,
  'bookings:checkout.payment': { state: 'authorised', ...paid },
  'bookings:checkout.method': '4242424242424242',
  'bookings:paid.payment': { state: 'captured', ...paid },
  'bookings:paid.reason': '',
  'bookings:cancel.booking.cancelledAt': '2027-02-03T18:40:09.015Z',
  'bookings:cancelled.booking.status': 'cancelled',
  'bookings:cancelled.booking.cancelledAt': '2027-02-03T18:40:09.015Z',
  'sagas:list.dead': true,
  'sagas:retry.saga': saga('booked', '', { state: 'due', attempts: 0, endedAt: null }),
  'sagas:abandon.saga': saga(
    'voiding',
    'time-out: the payment provider did not answer in time',
    { state: 'dropped' },
    step('void', '41:30', { state: 'due', attempts: 0, endedAt: null }),
  ),
  'audit:list.entries': [
    {
      id: '20417',
      at: '2027-02-01T09:16:20.731Z',
      action: 'booking-confirmed',
      eventId,
      bookingId,
      actorId: '01a367c3-06ac-7a36-8c4f-d51e6b0a97f2',
      sessionId: 'mX2v9kQb7LrT4sYhW0aZeg',
      requestId: '7f0c9d52-3b7e-4a86-9d10-5e2c6f1b8a44',
      seats: [12, 13],
      details: { holdId, totalCents: 9000 },
    },
  ],
  'audit:seats.at': '2027-02-01T09:15:00.000Z',
  'audit:seats.counts': { free: 58, held: 2, sold: 0 },
  'seats:watch.now': 1_801_473_374_120,
  'Event.id': eventId,
  'Booking.id': bookingId,
  'Plan.id': planId,
  'plans:read.id': planId,
  'User.id': '01a367c3-06ac-7a36-8c4f-d51e6b0a97f2',
  title: 'The Cherry Orchard',
  description: 'Chekhov’s last play, in two acts.',
  venue: 'Studio theatre',
  'User.name': 'Ada Janssens',
  'auth:register.name': 'Ada Janssens',
  'Plan.name': 'Studio theatre',
  password: 'correct horse battery',
  label: 'Front, row B, seat 3',
  category: 'Stalls',
  categories: ['Stalls'],
  seats: [12, 13],
  'Booking.createdAt': '2027-02-01T09:16:20.731Z',
  'Booking.seats': seats(null),
  'bookings:cancel.booking.seats': seats('2027-02-03T18:40:09.015Z'),
  'bookings:cancelled.booking.seats': seats('2027-02-03T18:40:09.015Z'),
  'Snapshot.seats': 'f5.h2.f1h',
  count: 60,
  seatCount: 60,
  'Plan.seatCount': 2,
  priceCents: 4500,
  totalCents: 9000,
  extensionsLeft: 1,
  startsAt: '2027-03-14T19:30:00Z',
  endsAt: '2027-03-14T22:00:00Z',
  createdAt: '2027-02-01T09:12:44.310Z',
  publishedAt: '2027-02-01T09:15:02.871Z',
  updatedAt: '2027-02-01T09:15:02.871Z',
  'SignedIn.expiresAt': '2027-02-01T21:12:44.000Z',
  cancelledAt: null,
  holdMs: 600_000,
  seatsPerHold: 10,
  seatsPerBuyer: 20,
  extensions: 1,
  limit: 50,
  reason: 'The leading actor is ill.',
  nextCursor: null,
  cursor: 'MjAyNy0wMy0xNA',
  holds: [],
  token: 'eyJhbGciOiJIUzI1NiIsImtpZCI6IjEifQ.eyJzdWIiOiIwMWEzNjdjMyJ9.c2lnbmF0dXJl',
  from: 1842,
  to: 1842,
};

export const byType: Readonly<Record<string, unknown>> = {
  Day: '2027-02-01',
  Sum: 12,
  Rate: 0.25,
  Id: eventId,
  EventStatus: 'published',
  HoldId: holdId,
  RequestId: '7f0c9d52-3b7e-4a86-9d10-5e2c6f1b8a44',
  SeatIndex: 12,
  Epoch: 'k3Jx9QaZ',
  Position: 1842,
  EpochMs: 1_801_473_974_120,
  Cents: 4500,
  Currency: 'EUR',
  Changes: 'hc.1',
  Email: 'ada@example.com',
  Prices: { Stalls: 4500 },
  TimeZone: 'Europe/Brussels',
  Saga: saga('booked', 'time-out: the payment provider did not answer in time', {
    state: 'dead',
    endedAt: null,
  }),
};

/** Optional fields worth showing. The others are left out of the examples. */
export const optionalShown: Readonly<Record<string, readonly string[]>> = {
  'events:create': ['venue', 'timeZone'],
  'events:update': ['title', 'venue'],
  'events:cancel': ['reason'],
  'events:list': ['limit'],
  'bookings:list': ['limit'],
  'bookings:checkout': ['method'],
  'sagas:list': ['dead'],
  'seats:watch': ['snapshot'],
};

const wirePlan: PlanWire = {
  name: 'Studio theatre',
  width: 200,
  height: 120,
  categories: [{ name: 'Stalls', color: '#8f2f6b' }],
  zones: ['Front'],
  rows: [{ zone: 0, label: 'A', count: 2 }],
  seats: { guid: ['F-A-1', 'F-A-2'], number: ['1', '2'], category: [0, 0], x: [60, 94], y: [40, 40] },
  areas: [],
};

/** Where the contract leaves the shape to others: seating plans, and the reasons of a disconnect. */
export const whole: Readonly<Record<string, unknown>> = {
  'plans:import request': {
    name: 'Studio theatre',
    size: { width: 200, height: 120 },
    categories: [{ name: 'Stalls', color: '#8f2f6b' }],
    zones: [
      {
        name: 'Front',
        position: { x: 60, y: 40 },
        rows: [
          {
            row_number: 'A',
            position: { x: 0, y: 0 },
            seats: [
              { seat_guid: 'F-A-1', seat_number: '1', position: { x: 0, y: 0 }, category: 'Stalls' },
              { seat_guid: 'F-A-2', seat_number: '2', position: { x: 34, y: 0 }, category: 'Stalls' },
            ],
          },
        ],
        areas: [],
      },
    ],
  },
  'server:disconnected': wireDisconnect('server-draining'),
  'plans:read reply': { id: planId, plan: wirePlan },
};
