import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, node, send } from '../support.ts';

const hubs = await startTestHubs(2);
const day = 86_400_000;
const later = await hubs.event({ startsInMs: 3 * day });
const soon = await hubs.event({ startsInMs: day });
await hubs.event({ publish: false });
const begun = await hubs.event({ startsInMs: day });
await hubs.sql("update events set starts_at = now() - interval '1 minute' where id = $1", [begun]);

test('the next published events that have not started, for everyone', async () => {
  const { events } = await call(node(hubs), 'events:upcoming', {});
  expect(events.map(({ id }) => id)).toEqual([soon, later]);
  const client = await hubs.connect(undefined, 1);
  const one = await client.request('events:upcoming', { limit: 1, fields: ['title', 'startsAt'] });
  expect(one.events).toEqual([{ id: soon, title: 'Test event', startsAt: expect.any(String) }]);
});

test('who has them asks whether they still are so', async () => {
  const first = await send(node(hubs), 'events:upcoming', {});
  const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
  const again = await fetch(`${node(hubs, 1).url}/api/v1/events/upcoming`, { headers });
  expect(again.status).toBe(304);
});
