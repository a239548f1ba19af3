import { expect, test } from 'vitest';
import type { NotificationsMade } from '../../../src/contracts.gen.ts';
import {
  alertsOf,
  holderOf,
  overdue,
  setLeads,
  statesOf,
  untilStates,
  untilTold,
} from '../../alerts/support.ts';
import { startTestHubs } from '../../support/hub.ts';
import { heard } from '../support.ts';

const hubs = await startTestHubs(2);

test('[ALERT-1] watchers are told on every node, holders on every socket, each once, and nobody else', async () => {
  const eventId = await hubs.event({ startsInMs: 30 * 60_000 });
  await setLeads(hubs, eventId, [20]);
  const other = await hubs.event();
  const holder = await holderOf(hubs, eventId, { leads: [20], timeZone: 'America/New_York' });
  const elsewhere = await hubs.connect(holder, 1);
  const watchers = [await hubs.connect(), await hubs.connect(undefined, 1)];
  await Promise.all(watchers.map((watcher) => watcher.watching(eventId)));
  const stranger = await hubs.connect(await hubs.user(), 1);
  await stranger.watching(other);
  expect(await statesOf(hubs, eventId)).toEqual([[20, 'waiting']]);
  await overdue(hubs, eventId, 20, 0);
  await untilStates(hubs, eventId, [[20, 'sent']]);
  await untilTold(hubs);

  const [row] = await hubs.sql<{ starts_at: Date }>('select starts_at from events where id = $1', [eventId]);
  const startsAt = row?.starts_at.toISOString() ?? '';
  const told = { eventId, title: 'Test event', startsAt, leadMinutes: 20, late: false };
  for (const watcher of watchers) {
    expect(alertsOf(watcher)).toEqual([
      {
        ...told,
        to: 'watchers',
        timeZone: 'Europe/Brussels',
        localTime: expect.stringContaining('(Europe/Brussels)'),
        secondsLeft: expect.any(Number),
        notificationId: null,
      },
    ]);
    expect(alertsOf(watcher)[0]?.secondsLeft).toBeLessThanOrEqual(1800);
  }
  for (const client of [holder.client, elsewhere]) {
    expect(alertsOf(client)).toEqual([
      {
        ...told,
        to: 'holder',
        timeZone: 'America/New_York',
        localTime: expect.stringContaining('(America/New_York)'),
        secondsLeft: expect.any(Number),
        notificationId: expect.any(String),
      },
    ]);
    const made = heard(client, 'notifications:made').map((data) => (data as NotificationsMade).notification);
    expect(made.filter(({ kind }) => kind === 'starting-soon')).toEqual([
      {
        id: alertsOf(client)[0]?.notificationId,
        kind: 'starting-soon',
        eventId,
        payload: { title: 'Test event', startsAt, timeZone: 'Europe/Brussels', leadMinutes: 20, late: false },
        createdAt: expect.any(String),
        readAt: null,
      },
    ]);
  }
  expect(alertsOf(stranger)).toEqual([]);
});
