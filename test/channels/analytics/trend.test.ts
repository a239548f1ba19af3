import { expect, test } from 'vitest';
import { call, expectRefused, nobody, node } from '../support.ts';
import { sell } from './support.ts';

const { hubs, organizer, booking, otherEventId } = await sell();
const hub = node(hubs);

test('[STATS-4] a day has 23, 24 or 25 hours, as its zone says', async () => {
  const hours = async (day: string, timeZone: string) => {
    const range = { from: day, to: day, timeZone, by: 'hour' as const };
    return (await call(hub, 'analytics:trend', range, organizer)).startsAt;
  };
  expect(await hours('2026-03-29', 'Europe/Brussels')).toHaveLength(23);
  const autumn = await hours('2026-10-25', 'Europe/Brussels');
  expect(autumn).toHaveLength(25);
  expect(autumn.slice(2, 4)).toEqual(['2026-10-25T02:00:00+02:00', '2026-10-25T02:00:00+01:00']);
  expect(await hours('2026-10-25', 'UTC')).toHaveLength(24);
  expect((await hours('2026-05-01', 'Asia/Kathmandu'))[0]).toBe('2026-05-01T00:00:00+05:45');
});

test('[STATS-4] a booking is in the bucket of its moment, on both sides of a change of clocks', async () => {
  const at = async (moment: string, timeZone: string, by: 'day' | 'hour') => {
    await hubs.sql('update bookings set created_at = $2 where id = $1', [booking.id, moment]);
    const range = { from: '2026-10-24', to: '2026-10-26', timeZone, by };
    const trend = await call(hub, 'analytics:trend', range, organizer);
    const [series] = trend.currencies;
    const place = series?.bookings.indexOf(1) ?? -1;
    expect(series?.revenueCents[place]).toBe(5000);
    expect(series?.bookings.filter((count) => count > 0)).toEqual([1]);
    return trend.startsAt[place];
  };
  expect(await at('2026-10-25T00:30:00Z', 'Europe/Brussels', 'hour')).toBe('2026-10-25T02:00:00+02:00');
  expect(await at('2026-10-25T01:30:00Z', 'Europe/Brussels', 'hour')).toBe('2026-10-25T02:00:00+01:00');
  expect(await at('2026-10-24T22:00:00Z', 'Europe/Brussels', 'day')).toBe('2026-10-25T00:00:00+02:00');
  expect(await at('2026-10-25T22:59:59Z', 'Europe/Brussels', 'day')).toBe('2026-10-25T00:00:00+02:00');
  expect(await at('2026-10-24T18:14:59Z', 'Asia/Kathmandu', 'day')).toBe('2026-10-24T00:00:00+05:45');
  expect(await at('2026-10-24T18:15:00Z', 'Asia/Kathmandu', 'day')).toBe('2026-10-25T00:00:00+05:45');
});

test('a range by the hour is at most a month', async () => {
  const range = { from: '2026-01-01', to: '2026-02-01', by: 'hour' };
  expect(await expectRefused(hub, 'analytics:trend', range, organizer, 'invalid-request')).toMatchObject({
    field: 'from',
  });
});

test('what there is not is named', async () => {
  const zone = await expectRefused(
    hub,
    'analytics:trend',
    { timeZone: 'Mars/Olympus' },
    organizer,
    'time-zone-unknown',
  );
  expect(zone).toEqual({ field: 'timeZone', found: 'Mars/Olympus' });
  await expectRefused(hub, 'analytics:trend', { eventId: nobody }, organizer, 'event-not-found');
  await expectRefused(hub, 'analytics:trend', { eventId: otherEventId }, organizer, 'event-not-found');
});
