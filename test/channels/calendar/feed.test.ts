import ICAL from 'ical.js';
import { expect, test } from 'vitest';
import { bookingNumber } from '../../../src/pages/format.ts';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, call, expectRefused, node, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2);

async function entriesOf(token: string, on = 1) {
  const response = await fetch(`${node(hubs, on).url}/api/v1/me/calendar.ics?token=${token}`);
  expect(response.status).toBe(200);
  const calendar = new ICAL.Component(ICAL.parse(await response.text()));
  const entries = calendar.getAllSubcomponents('vevent').map((event) => {
    const value = (name: string) => String(event.getFirstPropertyValue(name) ?? '');
    return { uid: value('uid'), status: value('status'), seats: value('description') };
  });
  return { response, entries };
}

test('[CAL-4] an entry for each event that was booked, by start, with the seats that are still theirs', async () => {
  const later = await hubs.event({ startsInMs: 200_000_000 });
  const sooner = await hubs.event();
  const user = await hubs.user();
  const client = await hubs.connect(user);
  const { token } = await call(node(hubs), 'calendar:renew', {}, user);
  expect((await entriesOf(token)).entries).toEqual([]);
  const number = ({ id }: { id: string }) => `Booking ${bookingNumber(id)}`;
  const alone = await book(client, later, [1]);
  const booking = await book(client, sooner, [4, 5]);
  const second = await book(client, sooner, [6]);
  await book(await hubs.connect(await hubs.user()), sooner, [7]);
  const cancel = { bookingId: booking.id, seats: [5], requestId: requestId() };
  await client.request('bookings:cancel', cancel);
  const { entries, response } = await entriesOf(token);
  expect(response.headers.get('cache-control')).toBe('private, no-cache');
  expect(entries).toEqual([
    {
      uid: `${sooner}@seatcast`,
      status: 'CONFIRMED',
      seats: ['Main, row 1, seat 5', 'Main, row 1, seat 7', number(booking), number(second)].join('\n'),
    },
    {
      uid: `${later}@seatcast`,
      status: 'CONFIRMED',
      seats: ['Main, row 1, seat 2', number(alone)].join('\n'),
    },
  ]);
});

test('[CAL-2] what the buyer or the organizer has cancelled stays, as cancelled', async () => {
  const [mine, theirs] = [await hubs.event(), await hubs.event({ startsInMs: 200_000_000 })];
  const user = await hubs.user();
  const client = await hubs.connect(user);
  const { token } = await call(node(hubs), 'calendar:renew', {}, user);
  const booking = await book(client, mine, [1]);
  await book(client, theirs, [1]);
  await client.request('bookings:cancel', { bookingId: booking.id, requestId: requestId() });
  await call(node(hubs), 'events:cancel', { eventId: theirs }, await organizerOf(hubs, theirs));
  const { entries } = await entriesOf(token);
  expect(entries.map(({ status }) => status)).toEqual(['CANCELLED', 'CANCELLED']);
});

test('a program that asks again with the ETag gets 304 until something changes', async () => {
  const user = await hubs.user();
  const { token } = await call(node(hubs), 'calendar:renew', {}, user);
  const etag = (await entriesOf(token)).response.headers.get('etag') ?? '';
  const again = () =>
    fetch(`${node(hubs).url}/api/v1/me/calendar.ics?token=${token}`, { headers: { 'if-none-match': etag } });
  expect((await again()).status).toBe(304);
  await book(await hubs.connect(user), await hubs.event(), [1]);
  expect((await again()).status).toBe(200);
});

test('[CAL-4] calendar-not-found: a secret that is none of ours, that was renewed, or whose account is disabled', async () => {
  const user = await hubs.user();
  const refused = (token: string) =>
    expectRefused(node(hubs, 1), 'calendar:feed', { token }, undefined, 'calendar-not-found');
  await refused('A'.repeat(43));
  const { token: first } = await call(node(hubs), 'calendar:renew', {}, user);
  const { token: second } = await call(node(hubs), 'calendar:renew', {}, user);
  await refused(first);
  await entriesOf(second);
  await hubs.sql('update users set disabled_at = now() where id = $1', [user.id]);
  await refused(second);
});

test('[CAL-4] the secret opens the feed and nothing else, and the database does not know it', async () => {
  const user = await hubs.user();
  const { token } = await call(node(hubs), 'calendar:renew', {}, user);
  const stranger = { ...user, token };
  await expectRefused(node(hubs), 'bookings:list', {}, stranger, 'unauthenticated');
  const rows = await hubs.sql<{ token_hash: string }>('select * from calendar_feeds where user_id = $1', [
    user.id,
  ]);
  expect(JSON.stringify(rows)).not.toContain(token);
  const audit = await hubs.sql('select * from audit where actor_id = $1', [user.id]);
  expect(JSON.stringify(audit)).not.toContain(token);
});
