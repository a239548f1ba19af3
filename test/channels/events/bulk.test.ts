import { expect, test } from 'vitest';
import { organizerIn } from '../../events/support.ts';
import { requestId } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, nobody, node, type Problem, send } from '../support.ts';

const hubs = await startTestHubs(2);
const hub = node(hubs);
const organizer = await organizerIn(hubs);
const bulk = (items: object[], key?: string) =>
  call(hub, 'events:bulk', { items } as never, organizer.user, key);

test('[EVENT-9] each of many is judged as if it had come alone, and one that is refused does not keep the others', async () => {
  const [kept, gone, live] = [await organizer.draft(), await organizer.draft(), await organizer.published()];
  const stranger = await (await organizerIn(hubs)).draft();
  const items: [string, object][] = [
    ['create', organizer.input({ title: 'Made' })],
    ['create', organizer.input({ prices: { Box: 1 } })],
    ['create', { ...organizer.input(), nonsense: 1 }],
    ['update', { eventId: kept.id, title: 'Renamed' }],
    ['update', { eventId: stranger.id, title: 'Mine' }],
    ['delete', { eventId: gone.id }],
    ['delete', { eventId: live.id }],
    ['delete', { eventId: nobody }],
  ];
  const alone = { create: 'events:create', update: 'events:update', delete: 'events:delete' } as const;
  const { results } = await bulk(items.map(([action, request]) => ({ action, request })));
  expect(results.map(({ status }) => status)).toEqual([201, 422, 400, 200, 404, 200, 409, 404]);
  expect(results[0]?.event).toMatchObject({ title: 'Made', status: 'draft', organizerId: organizer.user.id });
  expect(results[3]?.event).toMatchObject({ id: kept.id, title: 'Renamed' });
  expect(results[5]?.event?.deletedAt).toMatch(/^20/);
  for (const [index, { error }] of results.entries()) {
    if (!error) continue;
    const [action, request] = items[index] as [keyof typeof alone, object];
    const problem = (await (await send(hub, alone[action], request, organizer.user)).json()) as Problem;
    const { code, message, retry, details } = problem;
    expect(error).toEqual({ code, message, retry, ...(details ? { details } : {}) });
  }
});

test('a later one sees what an earlier one has changed', async () => {
  const { id: eventId } = await organizer.draft();
  const { results } = await bulk([
    { action: 'update', request: { eventId, title: 'One' } },
    { action: 'delete', request: { eventId } },
    { action: 'update', request: { eventId, title: 'Two' } },
  ]);
  expect(results.map(({ status }) => status)).toEqual([200, 200, 404]);
});

test('a hundred at once, and no more', async () => {
  const items = Array.from({ length: 100 }, (_, i) => ({
    action: 'create',
    request: organizer.input({ title: `Of hundred ${i}`, description: 'x'.repeat(5000) }),
  }));
  const { results } = await bulk(items);
  expect(results.every(({ status }) => status === 201)).toBe(true);
  expect(results.map(({ event }) => event?.title)).toEqual(items.map(({ request }) => request.title));
  const more = { items: [...items, ...items.slice(0, 1)] };
  const details = await expectRefused(hub, 'events:bulk', more, organizer.user, 'invalid-request');
  expect(details).toMatchObject({ field: 'items' });
});

test("[REQ-2] 'request-id-reused': done once under one key", async () => {
  const items = (title: string) => ({
    items: [{ action: 'create' as const, request: organizer.input({ title }) as never }],
  });
  await expectOnce(hubs, 'events:bulk', [items('Once'), items('Twice')], organizer.user);
  expect(await hubs.sql("select id from events where title in ('Once', 'Twice')")).toHaveLength(1);
});

test('[REQ-1] when a node dies over it, what was done is not done again', async () => {
  const key = requestId();
  const items = ['A', 'B'].map((title) => ({
    action: 'create',
    request: organizer.input({ title: `Half done ${title}` }),
  }));
  await bulk(items, key);
  // As a node leaves it that died after its first item: no answer of the whole, one of its parts.
  const forgotten = await hubs.sql<{ message: string }>(
    "delete from requests where user_id = $1 and (request_id = $2 or answer ->> 'title' = 'Half done B') returning message",
    [organizer.user.id, key],
  );
  expect(forgotten).toHaveLength(2);
  await bulk(items, key);
  const made = await hubs.sql<{ title: string }>(
    "select title from events where title like 'Half done%' order by title",
  );
  expect(made.map(({ title }) => title)).toEqual(['Half done A', 'Half done B', 'Half done B']);
});
