import { expect, test } from 'vitest';
import { requestId, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { nobody, node, noHold } from '../support.ts';
import { audited, fullEvent, offered } from './support.ts';

const hubs = await startTestHubs(2);

test('[WAIT-7] an offer becomes an ordinary hold, which is booked', async () => {
  const event = await fullEvent(hubs);
  const { eventId } = event;
  const ada = await offered(hubs, event, 2);
  const { holdId } = ada.offer;
  const early = { eventId, holdId, requestId: requestId() };
  await ada.client.expectDenied('bookings:confirm', early, 'hold-not-found');
  await ada.client.expectDenied('seats:extend', { ...early, requestId: requestId() }, 'hold-not-found');
  await ada.client.expectDenied('seats:release', { ...early, requestId: requestId() }, 'hold-not-found');
  expect((await ada.client.request('seats:holds', { eventId })).holds).toEqual([]);

  const { hold } = await ada.client.request('waitlist:accept', { eventId, holdId, requestId: requestId() });
  expect(hold).toMatchObject({
    holdId,
    eventId,
    seats: [2],
    extensionsLeft: 1,
    totalCents: 2500,
    currency: 'EUR',
  });
  expect((await ada.client.request('seats:holds', { eventId })).holds).toEqual([hold]);
  const { booking } = await ada.client.request('bookings:confirm', {
    eventId,
    holdId,
    requestId: requestId(),
  });
  expect(booking.seats).toMatchObject([{ seat: 2, priceCents: 2500 }]);
  const mine = async () => (await ada.client.request('waitlist:mine', { eventId })).entries[0];
  await until(async () => (await mine())?.state === 'accepted', 'the entry to have ended');
  expect((await audited(hubs, eventId)).map(({ action, actor_id: by }) => [action, by])).toEqual([
    ['waitlist-joined', ada.user.id],
    ['waitlist-offered', null],
    ['waitlist-accepted', ada.user.id],
  ]);
});

test('[WAIT-7] once, in time, and by whom it is for', async () => {
  const event = await fullEvent(hubs, { rules: { offerMs: 1500 } });
  const { eventId } = event;
  const ada = await offered(hubs, event, 2);
  const bob = await offered(hubs, event, 3);
  const ask = (holdId: string, id = requestId()) => ({ eventId, holdId, requestId: id });
  await bob.client.expectDenied('waitlist:accept', ask(ada.offer.holdId), 'offer-not-found');
  await ada.client.expectDenied('waitlist:accept', ask(noHold), 'offer-not-found');
  await ada.client.expectDenied(
    'waitlist:accept',
    { ...ask(ada.offer.holdId), eventId: nobody },
    'event-not-found',
  );

  const id = requestId();
  const there = await hubs.connect(ada.user, 1);
  const [first, second] = await Promise.all([
    ada.client.request('waitlist:accept', ask(ada.offer.holdId, id)),
    there.request('waitlist:accept', ask(ada.offer.holdId, id)),
  ]);
  expect(second.hold).toEqual(first.hold);
  await ada.client.expectDenied('waitlist:accept', ask(ada.offer.holdId), 'offer-not-found');
  await ada.client.expectDenied('waitlist:accept', ask(bob.offer.holdId, id), 'request-id-reused');

  await until(() => Date.now() > bob.offer.expiresAt, 'the other offer to run out');
  await bob.client.expectDenied('waitlist:accept', ask(bob.offer.holdId), 'offer-not-found');
});

test('not once the sale is over', async () => {
  const event = await fullEvent(hubs);
  const ada = await offered(hubs, event, 2);
  await hubs.sql('update events set sales_end_at = now() where id = $1', [event.eventId]);
  node(hubs).engine.events.forget(event.eventId);
  const ask = { eventId: event.eventId, holdId: ada.offer.holdId, requestId: requestId() };
  await ada.client.expectDenied('waitlist:accept', ask, 'event-not-on-sale');
});
