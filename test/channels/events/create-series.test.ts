import { expect, test } from 'vitest';
import { address, organizerIn } from '../../events/support.ts';
import { startTestHubs, testPlan } from '../../support/hub.ts';
import { call, expectOnce, expectRefused, nobody, node } from '../support.ts';

const hubs = await startTestHubs(2);
const hub = node(hubs);
const organizer = await organizerIn(hubs);
/** Every Saturday at 19:30 in Brussels, over the beginning of summer time. */
const input = (fields: object = {}) => ({
  ...organizer.input({
    startsAt: '2027-03-20T18:30:00Z',
    endsAt: '2027-03-20T21:00:00Z',
    timeZone: 'Europe/Brussels',
    salesStartAt: '2027-03-13T08:00:00Z',
  }),
  rule: 'FREQ=WEEKLY;COUNT=4',
  ...fields,
});
const make = (fields: object = {}) => call(hub, 'events:create-series', input(fields), organizer.user);
const ofSeries = async (seriesId: string) =>
  (await call(node(hubs, 1), 'events:list', { mine: true, seriesId }, organizer.user)).events;

test('[EVENT-8] a series is a draft for each date, at the same time on the clock, with its sale as long before', async () => {
  const { seriesId, rule, events } = await make();
  expect(rule).toBe('FREQ=WEEKLY;COUNT=4');
  expect(events.map(({ startsAt, endsAt, salesStartAt }) => [startsAt, endsAt, salesStartAt])).toEqual([
    ['2027-03-20T18:30:00.000Z', '2027-03-20T21:00:00.000Z', '2027-03-13T08:00:00.000Z'],
    ['2027-03-27T18:30:00.000Z', '2027-03-27T21:00:00.000Z', '2027-03-20T08:00:00.000Z'],
    ['2027-04-03T17:30:00.000Z', '2027-04-03T20:00:00.000Z', '2027-03-27T08:00:00.000Z'],
    ['2027-04-10T17:30:00.000Z', '2027-04-10T20:00:00.000Z', '2027-04-03T07:00:00.000Z'],
  ]);
  for (const event of events) expect(event).toMatchObject({ seriesId, status: 'draft', title: 'An evening' });
  expect(await ofSeries(seriesId)).toEqual(events);
});

test('days can be left out', async () => {
  const { events } = await make({ except: ['2027-03-27'] });
  expect(events.map(({ startsAt }) => startsAt.slice(0, 10))).toEqual([
    '2027-03-20',
    '2027-04-03',
    '2027-04-10',
  ]);
});

test('the longest series there can be is made, and changed, as one', async () => {
  const { seriesId, events } = await make({ rule: 'FREQ=DAILY;COUNT=366' });
  expect(events).toHaveLength(366);
  const request = { eventId: events[0]?.id ?? '', title: 'Every day', scope: 'following' } as const;
  await call(hub, 'events:update', request, organizer.user);
  const changed = await hubs.sql("select id from events where series_id = $1 and title = 'Every day'", [
    seriesId,
  ]);
  expect(changed).toHaveLength(366);
});

test('this date and the following ones are changed together, the earlier ones stay', async () => {
  const { seriesId, events } = await make();
  const [first, second, third, fourth] = events.map(({ id }) => id);
  if (!second || !third) throw new Error('too few dates');
  await call(hub, 'events:cancel', { eventId: third }, organizer.user);
  // Half an hour later on the clock, and under another title.
  const changes = { title: 'Late', startsAt: '2027-03-27T19:00:00Z', scope: 'following' } as const;
  const updated = await call(hub, 'events:update', { eventId: second, ...changes }, organizer.user);
  expect(updated).toMatchObject({ id: second, title: 'Late', startsAt: '2027-03-27T19:00:00.000Z' });
  const now = new Map((await ofSeries(seriesId)).map((event) => [event.id, event]));
  expect(now.get(first ?? '')).toMatchObject({ title: 'An evening', startsAt: '2027-03-20T18:30:00.000Z' });
  expect(now.get(third)).toMatchObject({ title: 'An evening', status: 'cancelled' });
  expect(now.get(fourth ?? '')).toMatchObject({ title: 'Late', startsAt: '2027-04-10T18:00:00.000Z' });
});

test('following dates are changed all or none', async () => {
  const { seriesId, events } = await make();
  const [, second, third] = events.map(({ id }) => id);
  if (!second || !third) throw new Error('too few dates');
  await call(hub, 'events:publish', { eventId: third }, organizer.user);
  const request = { eventId: second, currency: 'USD', scope: 'following' };
  await expectRefused(hub, 'events:update', request, organizer.user, 'event-not-draft');
  expect((await ofSeries(seriesId)).map(({ currency }) => currency)).toEqual(['EUR', 'EUR', 'EUR', 'EUR']);
});

test('following dates are published, cancelled and deleted together', async () => {
  const { seriesId, events } = await make();
  const second = events[1]?.id ?? '';
  const request = { eventId: second, scope: 'following' } as const;
  const statuses = async () => (await ofSeries(seriesId)).map(({ status }) => status);
  await call(hub, 'events:publish', request, organizer.user);
  expect(await statuses()).toEqual(['draft', 'published', 'published', 'published']);
  await expectRefused(hub, 'events:delete', request, organizer.user, 'event-published');
  await call(hub, 'events:cancel', request, organizer.user);
  expect(await statuses()).toEqual(['draft', 'cancelled', 'cancelled', 'cancelled']);
  await call(hub, 'events:delete', request, organizer.user);
  expect(await statuses()).toEqual(['draft']);
});

test('rule-invalid: says what is wrong, and nothing is made', async () => {
  const before = await hubs.sql('select id from events');
  for (const rule of ['FREQ=WEEKLY;INTERVAL=2', 'FREQ=DAILY;COUNT=367', 'FREQ=WEEKLY;BYDAY=MO;COUNT=2']) {
    const refused = await expectRefused(
      hub,
      'events:create-series',
      input({ rule }),
      organizer.user,
      'rule-invalid',
    );
    expect(refused.problem).toMatch(/\w/);
  }
  const details = await expectRefused(
    hub,
    'events:create-series',
    input({ rule: 'every saturday' }),
    organizer.user,
    'invalid-request',
  );
  expect(details).toMatchObject({ field: 'rule' });
  expect(await hubs.sql('select id from events')).toHaveLength(before.length);
});

test('a series is refused for what one event is refused for', async () => {
  const venue = await call(hub, 'venues:create', { name: 'Hall', address, timeZone: 'UTC' }, organizer.user);
  const other = await call(hub, 'venues:create', { name: 'Else', address, timeZone: 'UTC' }, organizer.user);
  const refuse = (fields: object, code: Parameters<typeof expectRefused>[4]) =>
    expectRefused(hub, 'events:create-series', input(fields), organizer.user, code);
  await refuse({ planId: nobody }, 'plan-not-found');
  await refuse({ venueId: nobody }, 'venue-not-found');
  await refuse({ prices: { Box: 1 } }, 'prices-mismatch');
  await refuse({ endsAt: '2027-03-20T18:30:00Z' }, 'event-times');
  await refuse({ salesStartAt: '2027-03-21T18:30:00Z' }, 'sale-window');
  await refuse({ capacity: 7 }, 'capacity-mismatch');
  await refuse({ timeZone: 'Mars/Olympus' }, 'time-zone-unknown');
  const request = { venueId: venue.id, plan: testPlan(20) };
  const { id: planId } = await call(hub, 'venues:import-plan', request, organizer.user);
  await refuse({ planId, venueId: other.id }, 'venue-mismatch');
});

test("[REQ-2] 'request-id-reused': made once under one key", async () => {
  const requests: [object, object] = [input({ title: 'Once' }), input({ title: 'Twice' })];
  await expectOnce(hubs, 'events:create-series', requests as never, organizer.user);
  expect(await hubs.sql("select id from events where title in ('Once', 'Twice')")).toHaveLength(4);
});
