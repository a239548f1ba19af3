import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, nobody, node, organizerOf } from '../support.ts';
import { audited, fullEvent, waiting } from './support.ts';

const hubs = await startTestHubs(2);

test('[WAIT-2] whom the organizer puts first is served next, whatever their turn', async () => {
  const event = await fullEvent(hubs);
  const { eventId } = event;
  const ada = await waiting(hubs, eventId);
  const bob = await waiting(hubs, eventId, {}, 1);
  const organizer = await organizerOf(hubs, eventId);
  const request = { eventId, entryId: bob.entryId, requestId: requestId() };
  const { entry } = await call(node(hubs), 'waitlist:promote', request, organizer);
  expect(entry).toMatchObject({ id: bob.entryId, position: 1 });
  expect((await ada.client.request('waitlist:position', { eventId })).entries).toMatchObject([
    { position: 2 },
  ]);
  const list = await call(node(hubs), 'waitlist:list', { eventId }, organizer);
  expect(list.entries.map((line) => [line.entry.id, line.promoted])).toEqual([
    [bob.entryId, true],
    [ada.entryId, false],
  ]);
  const told = bob.client.next('waitlist:promoted');
  await event.free(7);
  expect((await told).entryId).toBe(bob.entryId);
  expect(await audited(hubs, eventId)).toContainEqual(
    expect.objectContaining({ action: 'waitlist-advanced', actor_id: organizer.id }),
  );
  // Who has an offer is answered as they are.
  const again = { ...request, requestId: requestId() };
  expect(await call(node(hubs), 'waitlist:promote', again, organizer)).toMatchObject({
    entry: { state: 'offered' },
  });
  const reused = { ...request, entryId: ada.entryId };
  await expectRefused(node(hubs), 'waitlist:promote', reused, organizer, 'request-id-reused');
});

test('only an entry that lives, of an event of theirs that is on sale', async () => {
  const { eventId } = await fullEvent(hubs);
  const ada = await waiting(hubs, eventId);
  const organizer = await organizerOf(hubs, eventId);
  const other = await hubs.user('organizer');
  const ask = (entryId: string) => ({ eventId, entryId, requestId: requestId() });
  await expectRefused(node(hubs), 'waitlist:promote', ask(ada.entryId), other, 'event-not-found');
  await expectRefused(node(hubs), 'waitlist:promote', ask(nobody), organizer, 'waitlist-entry-not-found');
  const elsewhere = await fullEvent(hubs);
  const there = { ...ask(ada.entryId), eventId: elsewhere.eventId };
  await expectRefused(node(hubs), 'waitlist:promote', there, organizer, 'waitlist-entry-not-found');
  const ended = await waiting(hubs, eventId);
  await ended.client.request('waitlist:leave', ask(ended.entryId));
  await expectRefused(
    node(hubs),
    'waitlist:promote',
    ask(ended.entryId),
    organizer,
    'waitlist-entry-not-found',
  );
  await call(node(hubs), 'events:cancel', { eventId }, organizer);
  await expectRefused(node(hubs), 'waitlist:promote', ask(ada.entryId), organizer, 'event-not-on-sale');
});
