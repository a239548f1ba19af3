import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';

const hubs = await startTestHubs(1);

test('an ended feed opens nothing; ending it again does no harm', async () => {
  const user = await hubs.user();
  const { token } = await call(node(hubs), 'calendar:renew', {}, user);
  for (const time of ['first', 'second']) {
    expect(await call(node(hubs), 'calendar:end', {}, user), time).toEqual({ ended: true });
  }
  await expectRefused(node(hubs), 'calendar:feed', { token }, undefined, 'calendar-not-found');
  const rows = await hubs.sql('select action from audit where actor_id = $1 order by id', [user.id]);
  expect(rows).toEqual([{ action: 'calendar-renewed' }, { action: 'calendar-ended' }]);
});
