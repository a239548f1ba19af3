import { expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { signUp } from '../accounts.ts';
import { call, expectRefused, node } from '../support.ts';

const hubs = await startTestHubs(2);

test('what is named changes, and nothing else', async () => {
  const person = await signUp(hubs);
  const before = await call(node(hubs), 'me:read', {}, person);
  const named = await call(node(hubs), 'me:update', { name: '  Ada Janssens ' }, person);
  expect(named).toEqual({ ...before, name: 'Ada Janssens' });
  const zoned = await call(node(hubs, 1), 'me:update', { timeZone: 'America/New_York' }, person);
  expect(zoned).toEqual({ ...named, timeZone: 'America/New_York' });
  const quiet = await call(node(hubs), 'me:update', { alerts: { channels: { email: false } } }, person);
  expect(quiet.alerts).toMatchObject({
    leadMinutes: [1440, 60, 5],
    channels: { socket: true, email: false },
  });
  const later = await call(node(hubs), 'me:update', { alerts: { leadMinutes: [10, 4320] } }, person);
  expect(later.alerts).toMatchObject({ leadMinutes: [4320, 10], channels: { socket: true, email: false } });
  const never = await call(node(hubs), 'me:update', { alerts: { leadMinutes: [] } }, person);
  expect(never.alerts.leadMinutes).toEqual([]);
  expect(await call(node(hubs, 1), 'me:read', {}, person)).toEqual(never);
  expect(await call(node(hubs), 'me:update', {}, person)).toEqual(never);
  const rows = await hubs.sql<{ fields: string[] }>(
    "select details -> 'fields' as fields from audit where action = 'profile-updated' and actor_id = $1 order by id",
    [person.id],
  );
  expect(rows.map(({ fields }) => fields)).toEqual([
    ['name'],
    ['timeZone'],
    ['alerts'],
    ['alerts'],
    ['alerts'],
  ]);
});

test('time-zone-unknown: only what the world knows as a time zone', async () => {
  const person = await signUp(hubs);
  for (const timeZone of ['Europe/Atlantis', '+25:00', 'Europe/Brussels; drop table users']) {
    const details = await expectRefused(node(hubs), 'me:update', { timeZone }, person, 'time-zone-unknown');
    expect(details.found).toBe(timeZone);
  }
});

test('[GUARD-1] nobody gives themselves a role, an address, or alerts that make no sense', async () => {
  const person = await signUp(hubs);
  const faults: [object, string][] = [
    [{ role: 'admin' }, 'role'],
    [{ email: 'other@example.com' }, 'email'],
    [{ id: person.id }, 'id'],
    [{ name: '   ' }, 'name'],
    [{ name: 'x'.repeat(101) }, 'name'],
    [{ alerts: { leadMinutes: [0] } }, 'alerts.leadMinutes.0'],
    [{ alerts: { leadMinutes: [5, 5] } }, 'alerts.leadMinutes'],
    [{ alerts: { leadMinutes: [1, 2, 3, 4, 5, 6] } }, 'alerts.leadMinutes'],
    [{ alerts: { leadMinutes: [10_081] } }, 'alerts.leadMinutes.0'],
    [{ alerts: { channels: { pigeon: true } } }, 'alerts.channels.pigeon'],
    [{ alerts: { channels: { email: 'yes' } } }, 'alerts.channels.email'],
  ];
  for (const [request, field] of faults) {
    const details = await expectRefused(node(hubs), 'me:update', request, person, 'invalid-request');
    expect(details.field).toBe(field);
  }
});
