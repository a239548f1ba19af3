import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, nobody, node } from '../support.ts';
import { fullEvent, offered, waiting } from './support.ts';

const hubs = await startTestHubs(2);

test('where one stands, on any node, and what is offered', async () => {
  const event = await fullEvent(hubs);
  const { eventId } = event;
  const ada = await offered(hubs, event, 4);
  const bob = await waiting(hubs, eventId);
  const cy = await waiting(hubs, eventId);
  expect(await call(node(hubs, 1), 'waitlist:position', { eventId }, cy.user)).toMatchObject({
    entries: [{ id: cy.entryId, state: 'waiting', position: 2, offer: null }],
    length: 2,
    now: expect.any(Number),
  });
  expect((await bob.client.request('waitlist:position', { eventId })).entries).toMatchObject([
    { position: 1 },
  ]);
  expect((await ada.client.request('waitlist:position', { eventId })).entries).toMatchObject([
    {
      state: 'offered',
      position: null,
      offer: {
        holdId: ada.offer.holdId,
        seats: [{ seat: 4, label: expect.any(String), category: 'Stalls', priceCents: 2500 }],
        totalCents: 2500,
        currency: 'EUR',
        expiresAt: ada.offer.expiresAt,
      },
    },
  ]);
});

test('nothing of others, and nothing that has ended', async () => {
  const { eventId } = await fullEvent(hubs);
  const ada = await waiting(hubs, eventId);
  await ada.client.request('waitlist:leave', { eventId, entryId: ada.entryId, requestId: requestId() });
  await waiting(hubs, eventId);
  expect(await ada.client.request('waitlist:position', { eventId })).toMatchObject({
    entries: [],
    length: 1,
  });
  await ada.client.expectDenied('waitlist:position', { eventId: nobody }, 'event-not-found');
});
