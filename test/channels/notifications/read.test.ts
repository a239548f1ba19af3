import { expect, test } from 'vitest';
import type { Notification } from '../../../src/contracts.gen.ts';
import { startTestHubs } from '../../support/hub.ts';
import { book, call, expectRefused, node } from '../support.ts';
import { untilListed } from './support.ts';

const hubs = await startTestHubs(2);

async function readerOf(count: number) {
  const eventId = await hubs.event();
  const user = await hubs.user();
  const client = await hubs.connect(user);
  let all: Notification[] = [];
  for (let seat = 0; seat < count; seat++) {
    await book(client, eventId, [seat]);
    // Notices that are made together have one moment: each is waited for, so that a moment tells them apart.
    all = await untilListed(hubs, user, seat + 1);
  }
  return { user, client, all };
}

test('[NOTE-3] some, or all up to a moment, become read once, and nobody else can do it', async () => {
  const { user, client, all } = await readerOf(4);
  const stranger = await hubs.user();
  const [newest, , third, oldest] = all;
  const ids = [newest?.id ?? '', oldest?.id ?? ''];
  expect(await call(node(hubs), 'notifications:read', { ids }, stranger)).toEqual({ marked: 0, unread: 0 });
  expect(await client.request('notifications:read', { ids })).toEqual({ marked: 2, unread: 2 });
  expect(await client.request('notifications:read', { ids })).toEqual({ marked: 0, unread: 2 });
  const until = third?.createdAt ?? '';
  expect(await call(node(hubs, 1), 'notifications:read', { until }, user)).toEqual({ marked: 1, unread: 1 });
  const later = new Date(Date.now() + 60_000).toISOString();
  expect(await call(node(hubs, 1), 'notifications:read', { until: later }, user)).toEqual({
    marked: 1,
    unread: 0,
  });
  const audited = await hubs.sql<{ details: object }>(
    "select details from audit where action = 'notifications-read' and actor_id = $1 order by id",
    [user.id],
  );
  expect(audited.map(({ details }) => details)).toEqual([{ count: 2 }, { count: 1 }, { count: 1 }]);
});

test('[GUARD-1] either ids or a moment, and both in bounds', async () => {
  const user = await hubs.user();
  const some = '01900000-0000-7000-8000-000000000000';
  const faults: [object, string, string?][] = [
    [{}, '(the whole request)', 'must not be empty, at least one of ids, until'],
    [
      { ids: [some], until: '2030-01-01T10:00:00Z' },
      '(the whole request)',
      'must have only one of ids, until',
    ],
    [{ ids: [] }, 'ids'],
    [{ ids: [some, some] }, 'ids'],
    [{ ids: ['x'] }, 'ids.0'],
    [{ until: 'yesterday' }, 'until'],
    [{ until: '2016-12-31T23:59:60Z' }, 'until'],
    [{ until: '1999-12-31T23:59:59Z' }, 'until'],
  ];
  for (const [request, field, allowed] of faults) {
    const details = await expectRefused(node(hubs), 'notifications:read', request, user, 'invalid-request');
    expect(details.field, JSON.stringify(request)).toBe(field);
    if (allowed !== undefined) expect(details.allowed).toBe(allowed);
  }
});
