import { expect, test } from 'vitest';
import { firstIdAt, newId } from '../../src/ids.ts';
import { node } from '../channels/support.ts';
import { startTestHubs } from '../support/hub.ts';

const hubs = await startTestHubs(1);
const dayMs = 86_400_000;

test('[NOTE-5] what is older than 180 days is forgotten, also when it is much, and nothing else', async () => {
  const user = await hubs.user();
  const limit = Date.now() - 180 * dayMs;
  const old = Array.from({ length: 2500 }, (_, i) => newId(limit - 1 - i * 1000));
  const recent = Array.from({ length: 10 }, (_, i) => newId(limit + 60_000 + i));
  await hubs.sql(
    `insert into notifications (id, user_id, kind, key, payload)
     select id, $2, 'waitlist-closed', id::text, '{}' from unnest($1::uuid[]) as id`,
    [[...old, ...recent], user.id],
  );
  await node(hubs).engine.notifications.forget(new Date(limit));
  const left = await hubs.sql<{ id: string }>('select id from notifications order by id');
  expect(left.map(({ id }) => id)).toEqual(recent.toSorted());
});

test('an id sorts by when it was made', () => {
  const now = Date.now();
  expect(firstIdAt(now) < newId(now)).toBe(true);
  expect(newId(now - 1) < firstIdAt(now)).toBe(true);
});

test('[ALERT-4] alerts are forgotten a day after the start they were for, unless they wait', async () => {
  const eventId = await hubs.event();
  await hubs.sql('delete from alerts');
  const insert = `insert into alerts (event_id, lead_minutes, starts_at, due_at, state)
    values ($1, $2, now() - $3::float8 * interval '1 hour', now() + interval '1 hour', $4)`;
  for (const [lead, hours, state] of [
    [1, 25, 'sent'],
    [2, 23, 'sent'],
    [3, 25, 'waiting'],
    [4, 25, 'dropped'],
  ]) {
    await hubs.sql(insert, [eventId, lead, hours, state]);
  }
  await node(hubs).engine.notifications.forget(new Date(0));
  const left = await hubs.sql<{ lead_minutes: number }>('select lead_minutes from alerts order by 1');
  expect(left.map(({ lead_minutes }) => lead_minutes)).toEqual([2, 3]);
});
