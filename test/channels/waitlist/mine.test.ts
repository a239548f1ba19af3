import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, node } from '../support.ts';
import { fullEvent, offered, waiting } from './support.ts';

const hubs = await startTestHubs(1);

test('one’s entries of all events, newest first, with their offers and ends', async () => {
  const [first, second, third] = [await fullEvent(hubs), await fullEvent(hubs), await fullEvent(hubs)];
  const ada = await offered(hubs, first, 4);
  const join = (eventId: string) =>
    ada.client.request('waitlist:join', { eventId, quantity: 1, requestId: requestId() });
  await waiting(hubs, second.eventId);
  await join(second.eventId);
  const left = await join(third.eventId);
  await ada.client.request('waitlist:leave', {
    eventId: third.eventId,
    entryId: left.entry.id,
    requestId: requestId(),
  });
  const { entries, nextCursor } = await ada.client.request('waitlist:mine', {});
  expect(entries).toMatchObject([
    { eventId: third.eventId, state: 'left', position: null },
    { eventId: second.eventId, state: 'waiting', position: 2 },
    { eventId: first.eventId, state: 'offered', offer: { holdId: ada.offer.holdId } },
  ]);
  expect(nextCursor).toBeNull();
  expect((await ada.client.request('waitlist:mine', { state: 'waiting' })).entries).toHaveLength(1);
  expect((await ada.client.request('waitlist:mine', { eventId: first.eventId })).entries).toHaveLength(1);
  const page = await call(node(hubs), 'waitlist:mine', { limit: 2 }, ada.user);
  expect(page.entries).toEqual(entries.slice(0, 2));
  const rest = await call(node(hubs), 'waitlist:mine', { limit: 2, cursor: page.nextCursor ?? '' }, ada.user);
  expect(rest.entries.map(({ id }) => id)).toEqual([entries[2]?.id]);
  await ada.client.expectDenied('waitlist:mine', { cursor: 'x' }, 'cursor-invalid');
});
