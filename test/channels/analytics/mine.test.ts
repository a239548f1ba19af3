import { expect, test } from 'vitest';
import { call, expectRefused, node } from '../support.ts';
import { sell } from './support.ts';

const { hubs, buyer, eventId } = await sell();
const hub = node(hubs);

test('what one has booked, spent and is going to see', async () => {
  const mine = await call(hub, 'analytics:mine', {}, buyer);
  expect(mine).toMatchObject({ bookings: 2, cancelledBookings: 0, seats: 4, cancelledSeats: 1 });
  expect(mine.spent).toEqual([
    { currency: 'EUR', grossCents: 10_000, cancelledCents: 2500, spentCents: 7500 },
  ]);
  expect(mine.upcoming).toMatchObject({ bookings: 2, seats: 3, nextStartsAt: expect.any(String) });
  await hubs.sql("update events set starts_at = now() - interval '1 hour' where id = $1", [eventId]);
  expect((await call(hub, 'analytics:mine', {}, buyer)).upcoming).toMatchObject({ bookings: 1, seats: 1 });
  const then = await call(hub, 'analytics:mine', { from: '2020-01-01', to: '2020-12-31' }, buyer);
  expect(then).toMatchObject({ bookings: 0, spent: [], upcoming: { bookings: 1 } });
  const nothing = await call(hub, 'analytics:mine', {}, await hubs.user());
  expect(nothing.upcoming).toEqual({ bookings: 0, seats: 0, nextStartsAt: null });
});

test('what there is not is named', async () => {
  const zone = await expectRefused(
    hub,
    'analytics:mine',
    { timeZone: 'Mars/Olympus' },
    buyer,
    'time-zone-unknown',
  );
  expect(zone).toEqual({ field: 'timeZone', found: 'Mars/Olympus' });
});
