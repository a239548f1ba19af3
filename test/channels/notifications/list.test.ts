import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, call, expectRefused, node } from '../support.ts';
import { untilListed } from './support.ts';

const hubs = await startTestHubs(2);
const cursorOf = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');

test('[NOTE-2] a booking and its cancellation are found, newest first, on any node, by nobody else', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const client = await hubs.connect(user);
  const booking = await book(client, eventId, [3, 4]);
  await untilListed(hubs, user, 1);
  await client.request('bookings:cancel', { bookingId: booking.id, seats: [3], requestId: requestId() });
  await untilListed(hubs, user, 2);
  await client.request('bookings:cancel', { bookingId: booking.id, requestId: requestId() });
  const listed = await untilListed(hubs, user, 3);
  const [row] = await hubs.sql<{ starts_at: Date }>('select starts_at from events where id = $1', [eventId]);
  const about = {
    bookingId: booking.id,
    title: 'Test event',
    startsAt: row?.starts_at.toISOString(),
    timeZone: 'Europe/Brussels',
  };
  const common = { id: expect.any(String), eventId, createdAt: expect.any(String), readAt: null };
  expect(listed).toEqual([
    { ...common, kind: 'booking-cancelled', payload: { ...about, seats: 1, whole: true } },
    { ...common, kind: 'booking-cancelled', payload: { ...about, seats: 1, whole: false } },
    {
      ...common,
      kind: 'booking-confirmed',
      payload: { ...about, seats: 2, totalCents: 5000, currency: 'EUR' },
    },
  ]);
  const expected = { notifications: listed, unread: 3, nextCursor: null };
  expect(await (await hubs.connect(user, 1)).request('notifications:list', {})).toEqual(expected);
  expect(await call(node(hubs, 1), 'notifications:list', {}, await hubs.user())).toEqual({
    notifications: [],
    unread: 0,
    nextCursor: null,
  });
});

test('page by page, and only what was not read', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const client = await hubs.connect(user);
  for (const seat of [0, 1, 2, 3]) await book(client, eventId, [seat]);
  const all = await untilListed(hubs, user, 4);
  const second = all[1]?.id ?? '';
  await client.request('notifications:read', { ids: [second] });
  const first = await call(node(hubs), 'notifications:list', { limit: 2, unread: true }, user);
  expect(first.notifications.map(({ id }) => id)).toEqual([all[0]?.id, all[2]?.id]);
  expect(first.unread).toBe(3);
  const cursor = first.nextCursor ?? '';
  const rest = await call(node(hubs, 1), 'notifications:list', { limit: 2, unread: true, cursor }, user);
  expect(rest.notifications.map(({ id }) => id)).toEqual([all[3]?.id]);
  expect(rest.nextCursor).toBeNull();
  const whole = await call(node(hubs), 'notifications:list', { limit: 3 }, user);
  expect(whole.notifications.map(({ id }) => id)).toEqual(all.slice(0, 3).map(({ id }) => id));
  expect(whole.notifications[1]?.readAt).not.toBeNull();
});

test('cursor-invalid: a list goes on only where a list ended', async () => {
  const user = await hubs.user();
  for (const cursor of ['x', cursorOf('x'), cursorOf(), cursorOf('a', 'b')]) {
    await expectRefused(node(hubs), 'notifications:list', { cursor }, user, 'cursor-invalid');
  }
});
