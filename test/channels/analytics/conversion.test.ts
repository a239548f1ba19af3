import { expect, test } from 'vitest';
import { call, expectRefused, nobody, node } from '../support.ts';
import { sell } from './support.ts';

const { hubs, organizer, eventId, otherEventId } = await sell();
const hub = node(hubs);

test('[STATS-5] a hold counts once, where it began, and as booked whenever it was', async () => {
  const client = await hubs.connect(await hubs.user());
  const { hold } = await client.request('seats:hold', { eventId, seats: [10], requestId: 'first-seat' });
  await client.request('seats:hold', { eventId, seats: [11], holdId: hold.holdId, requestId: 'second-seat' });
  await hub.engine.audit.flush();
  expect(await call(hub, 'analytics:conversion', {}, organizer)).toMatchObject({
    holds: 2,
    converted: 1,
    rate: 0.5,
  });
  await client.request('bookings:confirm', { eventId, holdId: hold.holdId, requestId: 'book-both' });
  for (const request of [{}, { eventId }]) {
    const all = await call(hub, 'analytics:conversion', request, organizer);
    expect(all).toMatchObject({ holds: 2, converted: 2, rate: 1 });
  }
  const before = { from: '2020-01-01', to: '2020-01-31' };
  expect(await call(hub, 'analytics:conversion', before, organizer)).toMatchObject({ holds: 0, rate: null });
});

test('what there is not is named', async () => {
  const zone = await expectRefused(
    hub,
    'analytics:conversion',
    { timeZone: 'Mars/Olympus' },
    organizer,
    'time-zone-unknown',
  );
  expect(zone).toEqual({ field: 'timeZone', found: 'Mars/Olympus' });
  await expectRefused(hub, 'analytics:conversion', { eventId: nobody }, organizer, 'event-not-found');
  await expectRefused(hub, 'analytics:conversion', { eventId: otherEventId }, organizer, 'event-not-found');
});
