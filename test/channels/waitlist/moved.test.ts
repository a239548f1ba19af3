import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { heard } from '../support.ts';
import { fullEvent, waiting } from './support.ts';

const hubs = await startTestHubs(2);

test('[WAIT-13] a new place is told on any node, many moves as one', async () => {
  const { eventId } = await fullEvent(hubs);
  const first = [];
  for (let n = 0; n < 6; n++) first.push(await waiting(hubs, eventId));
  const last = await waiting(hubs, eventId, {}, 1);
  const end = last.client.next('waitlist:moved', ({ position }) => position === 1);
  const begun = performance.now();
  for (const { client, entryId } of first) {
    await client.request('waitlist:leave', { eventId, entryId, requestId: requestId() });
  }
  expect(await end).toEqual({ eventId, entryId: last.entryId, position: 1, length: 1 });
  const seconds = (performance.now() - begun) / 1000;
  const told = heard(last.client, 'waitlist:moved') as { position: number }[];
  expect(told.length).toBeLessThanOrEqual(seconds + 2);
  const places = told.map(({ position }) => position);
  expect(places).toEqual([...new Set(places)].sort((a, b) => b - a));
});

test('[WAIT-13] also to who has come back on another node and asked', async () => {
  const { eventId } = await fullEvent(hubs);
  const ada = await waiting(hubs, eventId);
  const bob = await waiting(hubs, eventId);
  bob.client.close();
  const again = await hubs.connect(bob.user, 1);
  expect((await again.request('waitlist:position', { eventId })).entries).toMatchObject([{ position: 2 }]);
  const told = again.next('waitlist:moved');
  await ada.client.request('waitlist:leave', { eventId, entryId: ada.entryId, requestId: requestId() });
  expect(await told).toMatchObject({ position: 1 });
});
