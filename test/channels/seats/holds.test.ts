import { expect, test } from 'vitest';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, nobody, node } from '../support.ts';

const hubs = await startTestHubs(2);

test('own live holds of an event, on any node, over HTTP and on a socket', async () => {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const client = await hubs.connect(user);
  const first = await client.hold(eventId, [4, 5]);
  const second = await client.hold(eventId, [7]);
  await (await hubs.connect(await hubs.user())).hold(eventId, [9]);
  const list = () => call(node(hubs, 1), 'seats:holds', { eventId }, user);
  expect((await list()).holds).toEqual([first, second]);
  expect((await client.request('seats:holds', { eventId })).holds).toEqual([first, second]);
  await client.request('seats:release', { eventId, holdId: first.holdId, requestId: requestId() });
  expect((await list()).holds).toEqual([second]);
});

test('event-not-found: drafts, and none', async () => {
  const user = await hubs.user();
  for (const eventId of [nobody, await hubs.event({ publish: false })]) {
    await expectRefused(node(hubs), 'seats:holds', { eventId }, user, 'event-not-found');
  }
});
