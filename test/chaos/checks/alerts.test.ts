import { expect, test } from 'vitest';
import { type AlertEvidence, checkAlerts } from './alerts.ts';
import { Story } from './story.ts';

const first = '2030-01-01T20:00:00Z';
const later = '2030-01-01T20:00:07Z';

/** An event that moved before its alert was due, with two ticket holders who were told of the second start. */
const good = () => ({
  wanted: [{ eventId: 'event1', leadMinutes: 10, startsAt: later, dueAt: 8000, since: 500 }],
  alerts: [
    { eventId: 'event1', leadMinutes: 10, startsAt: first, dueAt: 1000, state: 'dropped' },
    { eventId: 'event1', leadMinutes: 10, startsAt: later, dueAt: 8000, state: 'sent' },
    { eventId: 'event1', leadMinutes: 5, startsAt: later, dueAt: 308_000, state: 'waiting' },
  ],
  holders: new Map([['event1', ['ada', 'bob']]]),
  notifications: ['ada', 'bob'].map((userId) => ({
    id: `n-${userId}`,
    userId,
    eventId: 'event1',
    leadMinutes: 10,
    startsAt: later,
    madeAt: 8100,
  })),
  listed: new Map([
    ['ada', ['n-ada']],
    ['bob', ['n-bob']],
  ]),
  told: [
    { userId: 'ada', notificationId: 'n-ada' },
    { userId: 'bob', notificationId: 'n-bob' },
  ],
});

function found(alerts: AlertEvidence, isCalm = true): string[] {
  const { evidence } = new Story('f');
  const excuse = { ...evidence.excuse, restAt: 30_000, isCalm };
  return checkAlerts({ ...evidence, excuse, alerts }).map(({ sentence }) => sentence);
}

test('C8: everybody told once', () => {
  expect(found(good())).toEqual([]);
});

test('C8: told twice, which only a node that died excuses', () => {
  const story = good();
  story.told.push({ userId: 'ada', notificationId: 'n-ada' });
  expect(found(story)).toEqual(['ada was told twice of notification n-ada']);
  expect(found(story, false)).toEqual([]);
});

test('C8: two notifications of one alert', () => {
  const story = good();
  story.notifications.push({ ...(story.notifications[0] as (typeof story.notifications)[0]), id: 'n-2' });
  story.listed.set('ada', ['n-2', 'n-ada']);
  expect(found(story)).toEqual([`ada was notified 2 times of alert event1:10:${later}`]);
});

test('C8: sent, and somebody was forgotten', () => {
  const story = good();
  story.notifications.pop();
  story.listed.set('bob', []);
  story.told.pop();
  expect(found(story)).toEqual([`bob was never notified of alert event1:10:${later}, which is sent`]);
});

test('C8: moved, and its alert was forgotten', () => {
  const story = good();
  story.wanted.push({ eventId: 'event2', leadMinutes: 10, startsAt: first, dueAt: 9000, since: 0 });
  expect(found(story)).toEqual([`alert event2:10:${first} was never planned`]);
  const late = good();
  late.wanted.push({ eventId: 'event2', leadMinutes: 10, startsAt: first, dueAt: 9000, since: 9500 });
  expect(found(late)).toEqual([]);
});

test('C8: due for long, and not sent', () => {
  const story = good();
  Object.assign(story.alerts[2] as object, { dueAt: 10_000 });
  expect(found(story)).toEqual([`alert event1:5:${later} was due for 20000 ms, and is not sent`]);
});

test('C8: sent for a start that is none any more, or too early', () => {
  const story = good();
  Object.assign(story.notifications[0] as object, { startsAt: first });
  expect(found(story)).toEqual([
    `ada was notified of alert event1:10:${first}, which is dropped`,
    `ada was never notified of alert event1:10:${later}, which is sent`,
    `ada was notified of alert event1:10:${first} after the event had moved`,
  ]);
  const early = good();
  Object.assign(early.notifications[0] as object, { madeAt: 7000 });
  expect(found(early)).toEqual([`ada was notified of alert event1:10:${later} before it was due`]);
});

test("C8: somebody else's alert", () => {
  const story = good();
  story.holders.set('event1', ['ada']);
  expect(found(story)).toEqual([`bob was notified of alert event1:10:${later}, which is none of theirs`]);
  const told = good();
  told.told.push({ userId: 'ada', notificationId: 'n-bob' });
  expect(found(told, false)).toEqual(['ada was told of notification n-bob, which is none of theirs']);
});

test('C8: a list that shows other things than there are', () => {
  const story = good();
  story.listed.set('ada', ['n-ada', 'n-ada']);
  story.listed.set('bob', ['n-x']);
  expect(found(story)).toEqual([
    'the list of ada has something twice',
    'the list of bob misses notification n-bob',
    'the list of bob has n-x, which there is not',
  ]);
});
