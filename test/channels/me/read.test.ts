import { expect, test } from 'vitest';
import { withDefaults } from '../../../src/notifications/preferences.ts';
import { startTestHubs } from '../../support/hub.ts';
import { signUp } from '../accounts.ts';
import { call, node } from '../support.ts';

const hubs = await startTestHubs(2);

test('people read their own account, over HTTP and on a socket, with the defaults of what they have not set', async () => {
  const person = await signUp(hubs);
  const me = await call(node(hubs, 1), 'me:read', {}, person);
  expect(me).toEqual({
    id: person.id,
    email: person.email,
    name: expect.stringMatching(/^Person/),
    role: 'user',
    timeZone: 'Europe/Brussels',
    alerts: {
      leadMinutes: [1440, 60, 5],
      channels: { socket: true, email: true },
      notifications: withDefaults(),
    },
    createdAt: expect.any(String),
  });
  expect(await (await hubs.connect(person)).request('me:read', {})).toEqual(me);
  expect(JSON.stringify(me)).not.toContain('argon2');
});
