import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node, organizerOf } from '../support.ts';

const hubs = await startTestHubs(2);
const day = 86_400_000;
const later = await hubs.event({ startsInMs: 3 * day });
const draft = await hubs.event({ publish: false });
const soon = await hubs.event({ startsInMs: day });
const between = await hubs.event({ startsInMs: 2 * day });
const cancelled = await hubs.event({ startsInMs: 4 * day });
const organizer = await organizerOf(hubs, draft);
await call(node(hubs), 'events:cancel', { eventId: cancelled }, organizer);
const cursorOf = (...parts: unknown[]) => Buffer.from(JSON.stringify(parts)).toString('base64url');

const list = async (filter: object, user = undefined as typeof organizer | undefined) =>
  (await call(node(hubs), 'events:list', filter, user)).events.map((event) => event.id);

test('everyone sees the published events, by start', async () => {
  expect(await list({})).toEqual([soon, between, later]);
  const client = await hubs.connect(undefined, 1);
  const { events } = await client.request('events:list', {});
  expect(events.map((event) => event.id)).toEqual([soon, between, later]);
  expect(await list({ status: 'cancelled' })).toEqual([cancelled]);
});

test('[EVENT-1] an organizer lists their own of any status, nobody lists the drafts of others', async () => {
  expect((await list({ mine: true }, organizer)).sort()).toEqual(
    [later, draft, soon, between, cancelled].sort(),
  );
  expect(await list({ mine: true, status: 'draft' }, organizer)).toEqual([draft]);
  const other = await hubs.user('organizer');
  expect(await list({ mine: true }, other)).toEqual([]);
  for (const user of [other, await hubs.user(), undefined]) {
    const code = user ? 'forbidden' : 'unauthenticated';
    await expectRefused(node(hubs), 'events:list', { status: 'draft' }, user, code);
    expect(await list({}, user)).not.toContain(draft);
  }
});

test('what is mine is asked by somebody', async () => {
  await expectRefused(node(hubs), 'events:list', { mine: true }, undefined, 'unauthenticated');
});

test('a page at a time, until there is no next cursor', async () => {
  const found = [];
  let cursor: string | null | undefined;
  for (let page = 0; cursor !== null; page++) {
    const request = { limit: 1, ...(cursor ? { cursor } : {}) };
    const reply = await call(node(hubs, page % 2), 'events:list', request);
    found.push(...reply.events.map((event) => event.id));
    cursor = reply.nextCursor;
  }
  expect(found).toEqual([soon, between, later]);
});

test('events that start at the same moment are all listed, a page at a time', async () => {
  const other = await startTestHubs(1);
  const made = [];
  for (let i = 0; i < 3; i++) made.push(await other.event({ seats: 1 }));
  await other.sql("update events set starts_at = '2090-01-01', ends_at = '2090-01-02'");
  const first = await call(node(other), 'events:list', { limit: 2 });
  const second = await call(node(other), 'events:list', { limit: 2, cursor: first.nextCursor ?? '' });
  expect([...first.events, ...second.events].map((event) => event.id)).toEqual(made.sort());
});

test('cursor-invalid: whatever is not one of ours', async () => {
  const client = await hubs.connect();
  const id = '01900000-0000-7000-8000-000000000000';
  const time = '2026-01-01T00:00:00.000Z';
  const forged = [
    'x',
    cursorOf(time),
    cursorOf(id, time),
    cursorOf(id, id),
    cursorOf('2026-99-99T99:99:99Z', id),
    cursorOf(time, '-'.repeat(36)),
    cursorOf({}, []),
  ];
  for (const cursor of forged) {
    await client.expectDenied('events:list', { cursor }, 'cursor-invalid');
    await expectRefused(node(hubs), 'events:list', { cursor }, undefined, 'cursor-invalid');
  }
});
