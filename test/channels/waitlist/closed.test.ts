import { expect, test } from 'vitest';
import { until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, node, organizerOf } from '../support.ts';
import { audited, fullEvent, offered, waiting } from './support.ts';

const hubs = await startTestHubs(2);

test('[WAIT-9] when the event starts', async () => {
  const event = await fullEvent(hubs, { startsInMs: 6000, rules: { offerMs: 1000 } });
  const { eventId } = event;
  const ada = await waiting(hubs, eventId, {}, 1);
  await (await hubs.connect()).watching(eventId);
  expect(await ada.client.next('waitlist:closed')).toEqual({
    eventId,
    entryId: ada.entryId,
    reason: 'event-started',
  });
  expect((await ada.client.request('waitlist:mine', { eventId })).entries).toMatchObject([
    { state: 'closed', endedAt: expect.any(String) },
  ]);
});

test('[WAIT-9] when it is cancelled, also who has an offer', async () => {
  const event = await fullEvent(hubs);
  const { eventId } = event;
  const ada = await offered(hubs, event, 3);
  const bob = await waiting(hubs, eventId, {}, 1);
  const told = [ada, bob].map(({ client }) => client.next('waitlist:closed'));
  await call(node(hubs, 1), 'events:cancel', { eventId }, await organizerOf(hubs, eventId));
  const reasons = (await Promise.all(told)).map(({ entryId, reason }) => [entryId, reason]);
  expect(reasons).toEqual([
    [ada.entryId, 'event-cancelled'],
    [bob.entryId, 'event-cancelled'],
  ]);
  expect(await audited(hubs, eventId)).toContainEqual(
    expect.objectContaining({
      action: 'waitlist-closed',
      details: expect.objectContaining({ entryId: bob.entryId }),
    }),
  );
});

test('[WAIT-9] when its sale ends, also where Redis has let go of it', async () => {
  const { eventId } = await fullEvent(hubs);
  const ada = await waiting(hubs, eventId, {}, 1);
  const told = ada.client.next('waitlist:closed');
  const { keys, links, engine } = node(hubs);
  await links.commands.srem(keys.loadedEvents, eventId);
  await links.commands.unlink(keys.event(eventId));
  await hubs.sql("update events set sales_end_at = now() - interval '1 minute' where id = $1", [eventId]);
  const states = () =>
    hubs.sql<{ state: string }>('select state from waitlist_entries where event_id = $1', [eventId]);
  // It passes over an entry that is being written to in this moment.
  await until(async () => {
    await engine.waitlist.closeOver();
    return (await states()).every(({ state }) => state === 'closed');
  }, 'the waitlist to be closed');
  expect(await told).toEqual({ eventId, entryId: ada.entryId, reason: 'sale-ended' });
});
