import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, node } from '../support.ts';

const hubs = await startTestHubs(1);

test('answers the address of the feed, another one each time, and the log says so', async () => {
  const user = await hubs.user();
  const first = await call(node(hubs), 'calendar:renew', {}, user);
  const second = await call(node(hubs), 'calendar:renew', {}, user);
  expect(first.token).not.toBe(second.token);
  expect(second.url).toMatch(
    new RegExp(`^http://[\\w.:]+/api/v1/me/calendar\\.ics\\?token=${second.token}$`),
  );
  const { pathname, search } = new URL(second.url);
  expect((await fetch(node(hubs).url + pathname + search)).status).toBe(200);
  const rows = await hubs.sql('select action from audit where actor_id = $1', [user.id]);
  expect(rows).toEqual([{ action: 'calendar-renewed' }, { action: 'calendar-renewed' }]);
});
