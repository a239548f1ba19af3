/** Hours that a clock shows twice or not at all: an alert comes so long before the start as time passes. */
import { expect, test } from 'vitest';
import { localTimeText } from '../../src/notifications/local-time.ts';
import { call, node, organizerOf } from '../channels/support.ts';
import { startTestHubs } from '../support/hub.ts';

const hubs = await startTestHubs(1);
const hourMs = 3_600_000;

/** An event in Brussels on a day when clocks change, and when its alerts are due. */
async function dueTimes(startsAt: string): Promise<{ starts: string; due: string[] }> {
  const eventId = await hubs.event({ publish: false });
  const organizer = await organizerOf(hubs, eventId);
  const endsAt = new Date(Date.parse(startsAt) + hourMs).toISOString();
  const change = { eventId, startsAt, endsAt, timeZone: 'Europe/Brussels', alertLeads: [1440, 60, 5] };
  const { startsAt: starts } = await call(node(hubs), 'events:update', change, organizer);
  await call(node(hubs), 'events:publish', { eventId }, organizer);
  const rows = await hubs.sql<{ due_at: Date }>(
    'select due_at from alerts where event_id = $1 order by due_at',
    [eventId],
  );
  return { starts, due: rows.map(({ due_at }) => due_at.toISOString()) };
}

const inBrussels = (instant: string) => localTimeText(new Date(instant), 'Europe/Brussels');

test('[ALERT-6] 2027-03-28 03:30 in Brussels, an hour after a night that skips 02:30', async () => {
  // 02:30 is not on the clock that night: what is half an hour after 01:59:59 plus a second is 03:30.
  const { starts, due } = await dueTimes('2027-03-28T02:30:00+01:00');
  expect(starts).toBe('2027-03-28T01:30:00.000Z');
  expect(inBrussels(starts)).toBe('Sun 28 Mar 2027, 03:30 GMT+2 (Europe/Brussels)');
  expect(due).toEqual(['2027-03-27T01:30:00.000Z', '2027-03-28T00:30:00.000Z', '2027-03-28T01:25:00.000Z']);
  // A day before is 24 hours, so another time on the clock; an hour before is before the change.
  expect(due.map(inBrussels)).toEqual([
    'Sat 27 Mar 2027, 02:30 GMT+1 (Europe/Brussels)',
    'Sun 28 Mar 2027, 01:30 GMT+1 (Europe/Brussels)',
    'Sun 28 Mar 2027, 03:25 GMT+2 (Europe/Brussels)',
  ]);
});

test.each([
  ['2026-10-25T02:30:00+02:00', '2026-10-25T00:30:00.000Z', 'GMT+2', 'Sun 25 Oct 2026, 01:30 GMT+2'],
  ['2026-10-25T02:30:00+01:00', '2026-10-25T01:30:00.000Z', 'GMT+1', 'Sun 25 Oct 2026, 02:30 GMT+2'],
])('[ALERT-6] 02:30 twice in one night in Brussels: %s', async (startsAt, utc, offset, anHourBefore) => {
  expect(new Date(startsAt).toISOString()).toBe(utc);
  expect(inBrussels(utc)).toBe(`Sun 25 Oct 2026, 02:30 ${offset} (Europe/Brussels)`);
  // An hour before the second is the first.
  const before = new Date(Date.parse(utc) - hourMs).toISOString();
  expect(inBrussels(before)).toBe(`${anHourBefore} (Europe/Brussels)`);
  // The machine's clock may be past that night: a year in which it is not has the same hours.
  const year = new Date().getUTCFullYear() + 1;
  const day = lastSundayOfOctober(year);
  const starts = `${year}-10-${day}${startsAt.slice(10)}`;
  const { due } = await dueTimes(starts);
  const start = Date.parse(starts);
  expect(due).toEqual([1440, 60, 5].map((lead) => new Date(start - lead * 60_000).toISOString()));
});

function lastSundayOfOctober(year: number): number {
  return 31 - new Date(Date.UTC(year, 9, 31)).getUTCDay();
}

test('[ALERT-6] the two are told apart by their offset, and every zone has its own', () => {
  const moment = new Date('2026-10-25T00:30:00Z');
  expect(localTimeText(moment, 'Europe/Brussels')).toContain('02:30 GMT+2');
  expect(localTimeText(moment, 'Asia/Kathmandu')).toBe('Sun 25 Oct 2026, 06:15 GMT+5:45 (Asia/Kathmandu)');
  expect(localTimeText(moment, 'America/New_York')).toContain('Sat 24 Oct 2026, 20:30 GMT-4');
});
