import { expect, test } from 'vitest';
import { call, expectRefused, nobody, node } from '../support.ts';
import { sell, sold } from './support.ts';

const { hubs, organizer, other, admin, buyer, eventId, booking, otherEventId, today } = await sell();
const hub = node(hubs);

test('[STATS-3] an organizer gets the totals of their own events, an admin those of all', async () => {
  const own = await call(hub, 'analytics:summary', {}, organizer);
  expect(own).toMatchObject({ to: today, timeZone: 'UTC', events: { starting: 0, onSale: 1 } });
  expect(own.currencies).toEqual([{ currency: 'EUR', ...sold, holds: 1, converted: 1, conversionRate: 1 }]);
  expect(await call(hub, 'analytics:summary', { eventId }, organizer)).toMatchObject({
    currencies: own.currencies,
  });
  const all = await call(hub, 'analytics:summary', {}, admin);
  expect(all.currencies[0]).toMatchObject({ bookings: 2, seats: 4, revenueCents: 7500, holds: 2 });
  const theirs = await call(hub, 'analytics:summary', { organizerId: other.id }, admin);
  expect(theirs.currencies[0]).toMatchObject({ bookings: 1, revenueCents: 2500 });
  await expectRefused(hub, 'analytics:summary', { organizerId: other.id }, organizer, 'forbidden');
});

test('a range has days that there are, in their order, and not too many', async () => {
  const refused = (range: object) =>
    expectRefused(hub, 'analytics:summary', range, organizer, 'invalid-request');
  expect(await refused({ from: '2026-02-30' })).toMatchObject({ field: 'from' });
  expect(await refused({ from: '2026-03-02', to: '2026-03-01' })).toMatchObject({ field: 'to' });
  expect(await refused({ from: '2015-01-01', to: '2026-01-01' })).toMatchObject({ field: 'from' });
  const before = await call(hub, 'analytics:summary', { from: '2020-01-01', to: '2020-12-31' }, organizer);
  expect(before.currencies).toEqual([]);
});

test('a cancellation counts with the answer that tells of it', async () => {
  const client = await hubs.connect(buyer);
  await client.request('bookings:cancel', { bookingId: booking.id, requestId: 'cancel-all' });
  const { currencies } = await call(hub, 'analytics:summary', {}, organizer);
  expect(currencies[0]).toMatchObject({
    bookings: 1,
    cancelledBookings: 1,
    cancelledSeats: 3,
    revenueCents: 0,
  });
});

test('what there is not is named', async () => {
  const zone = await expectRefused(
    hub,
    'analytics:summary',
    { timeZone: 'Mars/Olympus' },
    organizer,
    'time-zone-unknown',
  );
  expect(zone).toEqual({ field: 'timeZone', found: 'Mars/Olympus' });
  await expectRefused(hub, 'analytics:summary', { eventId: nobody }, organizer, 'event-not-found');
  await expectRefused(hub, 'analytics:summary', { eventId: otherEventId }, organizer, 'event-not-found');
});

test('[STATS-3] on sale is what can be held now', async () => {
  const onSale = async (change: string) => {
    await hubs.sql(`update events set ${change} where id = $1`, [eventId]);
    return (await call(hub, 'analytics:summary', {}, organizer)).events.onSale;
  };
  expect(
    await onSale("sales_start_at = now() - interval '1 hour', sales_end_at = now() + interval '1 hour'"),
  ).toBe(1);
  expect(await onSale("sales_start_at = now() + interval '30 minutes'")).toBe(0);
  expect(await onSale("sales_start_at = null, sales_end_at = now() - interval '1 minute'")).toBe(0);
  expect(await onSale('sales_end_at = null')).toBe(1);
  expect(await onSale("sell_mode = 'offline'")).toBe(0);
});
