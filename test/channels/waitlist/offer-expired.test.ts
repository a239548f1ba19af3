import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { heard } from '../support.ts';
import { fullEvent, waiting } from './support.ts';

const hubs = await startTestHubs(2);

test('[WAIT-6] an offer that nobody takes is the next one’s, without any traffic', async () => {
  const event = await fullEvent(hubs, { rules: { offerMs: 1000 } });
  const { eventId } = event;
  const ada = await waiting(hubs, eventId);
  const bob = await waiting(hubs, eventId, {}, 1);
  await (await hubs.connect()).watching(eventId);
  const [offer, expired, next] = [
    ada.client.next('waitlist:promoted'),
    ada.client.next('waitlist:offer-expired'),
    bob.client.next('waitlist:promoted'),
  ];
  await event.free(8);
  const { holdId } = (await offer).offer;
  expect(await expired).toEqual({ eventId, entryId: ada.entryId, holdId, seats: [8], missedOffers: 1 });
  expect((await next).offer.seats.map(({ seat }) => seat)).toEqual([8]);
  expect(heard(ada.client, 'seats:hold-expired')).toEqual([]);
  expect((await ada.client.request('waitlist:position', { eventId })).entries).toMatchObject([
    { state: 'waiting', position: 1, missedOffers: 1 },
  ]);
});
