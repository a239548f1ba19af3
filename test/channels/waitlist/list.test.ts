import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, nobody, node, organizerOf } from '../support.ts';
import { fullEvent, offered, waiting } from './support.ts';

const hubs = await startTestHubs(1);

test('the organizer sees who waits, in order, and who has an offer', async () => {
  const event = await fullEvent(hubs);
  const { eventId } = event;
  const first = await offered(hubs, event, 4);
  const waiters = [];
  for (let n = 0; n < 3; n++) waiters.push(await waiting(hubs, eventId));
  const organizer = await organizerOf(hubs, eventId);
  const all = await call(node(hubs), 'waitlist:list', { eventId }, organizer);
  expect(all.entries).toMatchObject(
    waiters.map(({ user, entryId }, at) => ({
      entry: { id: entryId, position: at + 1 },
      userId: user.id,
      name: 'Test',
      email: `${user.id}@example.com`,
      promoted: false,
    })),
  );
  expect([all.length, all.nextCursor]).toEqual([3, null]);
  const page = await call(node(hubs), 'waitlist:list', { eventId, limit: 2 }, organizer);
  const rest = await call(
    node(hubs),
    'waitlist:list',
    { eventId, limit: 2, cursor: page.nextCursor ?? '' },
    organizer,
  );
  expect([...page.entries, ...rest.entries]).toEqual(all.entries);
  const others = await call(node(hubs), 'waitlist:list', { eventId, state: 'offered' }, organizer);
  expect(others.entries).toMatchObject([
    { entry: { id: first.entryId, state: 'offered', offer: { holdId: first.offer.holdId } } },
  ]);
  const bad = { eventId, cursor: 'x' };
  await expectRefused(node(hubs), 'waitlist:list', bad, organizer, 'cursor-invalid');
});

test('[WAIT-4] whoever was passed over five times is shown with the seats that are kept', async () => {
  const event = await fullEvent(hubs);
  const { eventId } = event;
  const group = await waiting(hubs, eventId, { quantity: 2 });
  const organizer = await organizerOf(hubs, eventId);
  const gathered = async () => {
    const { entries } = await call(node(hubs), 'waitlist:list', { eventId }, organizer);
    return entries.find(({ entry }) => entry.id === group.entryId)?.gathered;
  };
  for (let seat = 0; seat < 5; seat++) {
    await offered(hubs, event, seat);
    expect(await gathered()).toBe(0);
  }
  await event.free(5);
  expect(await gathered()).toBe(1);
  const told = group.client.next('waitlist:promoted');
  await event.free(6);
  expect((await told).offer.seats.map(({ seat }) => seat)).toEqual([5, 6]);
});

test('nobody else does', async () => {
  const { eventId } = await fullEvent(hubs);
  const other = await hubs.user('organizer');
  await expectRefused(node(hubs), 'waitlist:list', { eventId }, other, 'event-not-found');
  await expectRefused(node(hubs), 'waitlist:list', { eventId: nobody }, other, 'event-not-found');
  const draft = await hubs.event({ publish: false });
  const admin = await hubs.user('admin');
  expect(await call(node(hubs), 'waitlist:list', { eventId: draft }, admin)).toEqual({
    entries: [],
    length: 0,
    nextCursor: null,
  });
});
