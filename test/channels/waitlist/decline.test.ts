import { expect, test } from 'vitest';
import type { WaitlistPromoted } from '../../../src/contracts.gen.ts';
import { lettersOf, requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { heard, nobody, noHold } from '../support.ts';
import { fullEvent, offered, waiting } from './support.ts';

const hubs = await startTestHubs(2);

test('[WAIT-6] its seats are the next one’s at once, and nobody sees them free', async () => {
  const event = await fullEvent(hubs);
  const { eventId } = event;
  const viewer = await hubs.connect(undefined, 1);
  const map = await viewer.watching(eventId);
  const seen: string[] = [];
  map.on('changed', () => seen.push(lettersOf(map)));
  const ada = await offered(hubs, event, 5);
  const bob = await waiting(hubs, eventId, {}, 1);
  const told = bob.client.next('waitlist:promoted');
  const request = { eventId, holdId: ada.offer.holdId, requestId: requestId() };
  const { entry } = await ada.client.request('waitlist:decline', request);
  expect(entry).toMatchObject({
    id: ada.entryId,
    state: 'waiting',
    position: 1,
    missedOffers: 1,
    offer: null,
  });
  expect((await told).offer.seats.map(({ seat }) => seat)).toEqual([5]);
  // A seat that is freed and nobody waits for shows that the ones before were seen.
  await ada.client.request('waitlist:leave', { eventId, entryId: ada.entryId, requestId: requestId() });
  await event.free(6);
  await expect.poll(() => lettersOf(map).charAt(6), { timeout: 20_000 }).toBe('f');
  expect(seen.filter((letters) => letters.charAt(5) !== 'h')).toEqual([]);
  const again = await ada.client.request('waitlist:decline', request);
  expect(again.entry.id).toBe(ada.entryId);
});

test('the third that is declined ends it', async () => {
  const event = await fullEvent(hubs);
  const { eventId } = event;
  const ada = await waiting(hubs, eventId);
  const closed = ada.client.next('waitlist:closed');
  let state = 'waiting';
  for (const seat of [1, 2, 3]) {
    // Another of the seats that were declined before may do.
    if (state === 'waiting') await event.free(seat);
    await until(() => heard(ada.client, 'waitlist:promoted').length === seat, 'an offer');
    const { offer } = heard(ada.client, 'waitlist:promoted').at(-1) as WaitlistPromoted;
    const request = { eventId, holdId: offer.holdId, requestId: requestId() };
    const { entry } = await ada.client.request('waitlist:decline', request);
    expect(entry.missedOffers).toBe(seat);
    state = entry.state;
  }
  expect(state).toBe('expired');
  expect(await closed).toEqual({ eventId, entryId: ada.entryId, reason: 'offers-missed' });
});

test('somebody else’s offer is none', async () => {
  const event = await fullEvent(hubs);
  const ada = await offered(hubs, event, 5);
  const bob = await hubs.connect(await hubs.user());
  const ask = { eventId: event.eventId, holdId: ada.offer.holdId, requestId: requestId() };
  await bob.expectDenied('waitlist:decline', ask, 'offer-not-found');
  await bob.expectDenied('waitlist:decline', { ...ask, holdId: noHold }, 'offer-not-found');
  await bob.expectDenied('waitlist:decline', { ...ask, eventId: nobody }, 'event-not-found');
  const id = requestId();
  await ada.client.request('waitlist:decline', { ...ask, requestId: id });
  await ada.client.expectDenied(
    'waitlist:decline',
    { ...ask, holdId: noHold, requestId: id },
    'request-id-reused',
  );
});
