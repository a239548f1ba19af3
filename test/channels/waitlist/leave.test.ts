import { expect, test } from 'vitest';
import { requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { nobody } from '../support.ts';
import { audited, fullEvent, offered, waiting } from './support.ts';

const hubs = await startTestHubs(2);

test('an entry ends, and those behind it move up', async () => {
  const { eventId } = await fullEvent(hubs);
  const ada = await waiting(hubs, eventId);
  const bob = await waiting(hubs, eventId, {}, 1);
  const moved = bob.client.next('waitlist:moved');
  const request = { eventId, entryId: ada.entryId, requestId: requestId() };
  const { entry } = await ada.client.request('waitlist:leave', request);
  expect(entry).toMatchObject({
    id: ada.entryId,
    state: 'left',
    position: null,
    endedAt: expect.any(String),
  });
  expect(await moved).toEqual({ eventId, entryId: bob.entryId, position: 1, length: 1 });
  expect(await ada.client.request('waitlist:leave', request)).toEqual({ entry });
  await ada.client.expectDenied('waitlist:leave', { ...request, eventId: nobody }, 'request-id-reused');
  expect(await audited(hubs, eventId)).toContainEqual(
    expect.objectContaining({ action: 'waitlist-left', actor_id: ada.user.id }),
  );
});

test('[WAIT-6] with an offer: its seats are the next one’s at once', async () => {
  const event = await fullEvent(hubs);
  const { eventId } = event;
  const ada = await offered(hubs, event, 3);
  const bob = await waiting(hubs, eventId, {}, 1);
  const told = bob.client.next('waitlist:promoted');
  await ada.client.request('waitlist:leave', { eventId, entryId: ada.entryId, requestId: requestId() });
  expect((await told).offer.seats).toMatchObject([{ seat: 3, category: 'Stalls', priceCents: 2500 }]);
  const accept = { eventId, holdId: ada.offer.holdId, requestId: requestId() };
  await ada.client.expectDenied('waitlist:accept', accept, 'offer-not-found');
  const states = () =>
    hubs.sql<{ state: string }>('select state from waitlist_offers where entry_id = $1', [ada.entryId]);
  await until(async () => (await states())[0]?.state === 'revoked', 'the offer to be over');
});

test('somebody else’s entry is none, nor one that has ended', async () => {
  const { eventId } = await fullEvent(hubs);
  const ada = await waiting(hubs, eventId);
  const bob = await hubs.connect(await hubs.user());
  const ask = (entryId: string) => ({ eventId, entryId, requestId: requestId() });
  await bob.expectDenied('waitlist:leave', ask(ada.entryId), 'waitlist-entry-not-found');
  await bob.expectDenied('waitlist:leave', ask(nobody), 'waitlist-entry-not-found');
  await bob.expectDenied('waitlist:leave', { ...ask(ada.entryId), eventId: nobody }, 'event-not-found');
  expect((await ada.client.request('waitlist:position', { eventId })).entries).toMatchObject([
    { position: 1 },
  ]);
});
