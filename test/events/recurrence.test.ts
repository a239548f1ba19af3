import { describe, expect, test } from 'vitest';
import { clockBetween, datesOf, laterOnClock } from '../../src/events/recurrence.ts';

const brussels = 'Europe/Brussels';
const at = (text: string) => new Date(text);
const dates = (rule: string, first: string, zone = brussels, except: string[] = []) =>
  datesOf(rule, at(first), zone, except).map((date) => date.toISOString());

describe('[EVENT-8] the dates of a series keep their time on the clock', () => {
  test('when summer time begins and when it ends', () => {
    expect(dates('FREQ=WEEKLY;COUNT=3', '2027-03-20T18:30:00Z')).toEqual([
      '2027-03-20T18:30:00.000Z',
      '2027-03-27T18:30:00.000Z',
      '2027-04-03T17:30:00.000Z',
    ]);
    expect(dates('FREQ=WEEKLY;COUNT=2', '2027-10-30T17:30:00Z')).toEqual([
      '2027-10-30T17:30:00.000Z',
      '2027-11-06T18:30:00.000Z',
    ]);
  });

  test('a time that a day skips makes no date and does not count', () => {
    // On 28 March 2027 02:30 does not exist in Brussels.
    expect(dates('FREQ=DAILY;COUNT=3', '2027-03-27T01:30:00Z')).toEqual([
      '2027-03-27T01:30:00.000Z',
      '2027-03-29T00:30:00.000Z',
      '2027-03-30T00:30:00.000Z',
    ]);
  });

  test('of a time that a day has twice it is the first', () => {
    // On 31 October 2027 02:30 comes twice in Brussels: at 00:30 and at 01:30 UTC.
    expect(dates('FREQ=DAILY;COUNT=3', '2027-10-30T00:30:00Z')).toEqual([
      '2027-10-30T00:30:00.000Z',
      '2027-10-31T00:30:00.000Z',
      '2027-11-01T01:30:00.000Z',
    ]);
  });

  test('also in the southern half of the world, and where half an hour is shifted', () => {
    expect(dates('FREQ=DAILY;COUNT=2', '2027-10-02T08:30:00Z', 'Australia/Lord_Howe')).toEqual([
      '2027-10-02T08:30:00.000Z',
      '2027-10-03T08:00:00.000Z',
    ]);
  });
});

test('days that are left out make no date, and count', () => {
  const found = dates('FREQ=DAILY;COUNT=3', '2027-12-24T18:30:00Z', brussels, ['2027-12-25']);
  expect(found).toEqual(['2027-12-24T18:30:00.000Z', '2027-12-26T18:30:00.000Z']);
});

test('UNTIL is included, as a day and as a moment', () => {
  expect(dates('FREQ=WEEKLY;UNTIL=20270403', '2027-03-20T18:30:00Z')).toHaveLength(3);
  expect(dates('FREQ=WEEKLY;UNTIL=20270403T173000Z', '2027-03-20T18:30:00Z')).toHaveLength(3);
  expect(dates('FREQ=WEEKLY;UNTIL=20270403T172959Z', '2027-03-20T18:30:00Z')).toHaveLength(2);
});

test('weekdays of a month, from its end as well, and leap days', () => {
  expect(dates('FREQ=MONTHLY;BYDAY=-1FR;COUNT=2', '2027-01-29T18:30:00Z')).toEqual([
    '2027-01-29T18:30:00.000Z',
    '2027-02-26T18:30:00.000Z',
  ]);
  expect(dates('FREQ=YEARLY;COUNT=2', '2028-02-29T18:30:00Z')).toEqual([
    '2028-02-29T18:30:00.000Z',
    '2032-02-29T18:30:00.000Z',
  ]);
});

test('366 dates are the most', () => {
  expect(dates('FREQ=DAILY;COUNT=366', '2027-01-01T18:30:00Z')).toHaveLength(366);
});

test.each([
  ['FREQ=DAILY;COUNT=367', /more than 366/],
  ['FREQ=DAILY;UNTIL=20990101', /more than 366/],
  ['FREQ=WEEKLY', /COUNT or UNTIL/],
  ['FREQ=WEEKLY;COUNT=2;UNTIL=20270403', /COUNT or UNTIL/],
  ['COUNT=2;INTERVAL=1', /FREQ is missing/],
  ['FREQ=HOURLY;COUNT=2', /FREQ must be DAILY, WEEKLY, MONTHLY or YEARLY\.$/],
  ['FREQ=DAILY;BYHOUR=1;COUNT=2', /BYHOUR is not a part/],
  ['FREQ=DAILY;COUNT=x', /COUNT/],
  ['FREQ=DAILY;COUNT=0', /COUNT/],
  ['FREQ=DAILY;COUNT=2;COUNT=3', /once/],
  ['FREQ=DAILY;INTERVAL=0;COUNT=2', /INTERVAL/],
  ['FREQ=DAILY;UNTIL=20270403T173000', /UNTIL/],
  ['FREQ=WEEKLY;BYDAY=TU;COUNT=2', /startsAt is not one of its dates/],
  ['FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30;COUNT=2', /\w/],
  ['__proto__=1;COUNT=2', /is not a part/],
])('rule-invalid: %s', (rule, problem) => {
  const refused = () => datesOf(rule, at('2027-03-20T18:30:00Z'), brussels);
  expect(refused).toThrow(expect.objectContaining({ code: 'rule-invalid' }));
  expect(refused).toThrow(problem);
});

test.each([
  ['FREQ=WEEKLY;COUNT=300;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=8', /BYSETPOS 8 .* 7 days/],
  ['FREQ=DAILY;COUNT=3;BYSETPOS=1,-2', /BYSETPOS -2 .* 1 days/],
  ['FREQ=MONTHLY;COUNT=3;BYDAY=MO;BYSETPOS=0', /BYSETPOS 0/],
  ['FREQ=YEARLY;COUNT=300;BYWEEKNO=53;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=8', /too long|iterations/],
  ['FREQ=YEARLY;COUNT=300;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYSETPOS=-366', /too long/],
  [
    'FREQ=MONTHLY;COUNT=300;BYDAY=MO,TU,WE,TH,FR,SA,SU;BYMONTHDAY=29,30,31;BYSETPOS=31',
    /too long|iterations/,
  ],
])('rule-invalid, and soon: %s', (rule, problem) => {
  const start = performance.now();
  expect(() => dates(rule, '2027-03-20T18:30:00Z')).toThrow(problem);
  expect(performance.now() - start).toBeLessThan(3000);
});

test('after a rule was given up the next one is read as ever', () => {
  expect(() =>
    dates('FREQ=YEARLY;COUNT=9;BYDAY=MO,TU;BYMONTHDAY=1;BYSETPOS=300', '2027-03-20T18:30:00Z'),
  ).toThrow();
  expect(dates('FREQ=DAILY;COUNT=2', '2027-03-20T18:30:00Z')).toHaveLength(2);
});

test('rule-invalid: a day is left out that the rule does not have', () => {
  const refused = () =>
    dates('FREQ=WEEKLY;COUNT=3', '2027-03-20T18:30:00Z', brussels, ['2027-03-27', '2027-03-28']);
  expect(refused).toThrow(/2027-03-28, .* none of its days/);
});

test('rule-invalid: every date is left out', () => {
  const refused = () => datesOf('FREQ=DAILY;COUNT=1', at('2027-03-20T18:30:00Z'), brussels, ['2027-03-20']);
  expect(refused).toThrow(/no dates/);
});

test('so much later on the clock is another time in hours when a day has 23 of them', () => {
  const day = clockBetween(at('2027-03-20T18:30:00Z'), at('2027-03-21T18:30:00Z'), brussels);
  expect(laterOnClock(at('2027-03-27T18:30:00Z'), day, brussels).toISOString()).toBe(
    '2027-03-28T17:30:00.000Z',
  );
});
