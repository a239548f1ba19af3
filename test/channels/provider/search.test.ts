import { beforeAll, describe, expect, test } from 'vitest';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';

const hubs = await startTestHubs(1);

/** Events of a provider in Madrid, which is two hours ahead of UTC in summer. */
const events: [entryId: string, start: string, cents: number | null][] = [
  ['a', '2030-06-01T20:00:00', 1000],
  ['b', '2030-06-01T20:00:00', 1250],
  ['c', '2030-06-01T20:00:01', 999],
  ['d', '2030-07-01T00:00:00', null],
];

beforeAll(async () => {
  for (const [id, start, cents] of events) {
    await hubs.sql(
      `insert into provider_events
         (id, base_id, entry_id, title, online, starts_local, ends_local, starts_at, min_cents, max_cents, first_seen_at)
       values ($1, '1', $2, $2, true, $3, $3::timestamp + interval '90 minutes', $3::timestamp at time zone 'Europe/Madrid',
         $4, $4, now())`,
      [`00000000-0000-5000-8000-00000000000${id}`, id, start, cents],
    );
  }
});

async function found(starts_at: string, ends_at: string, more: { limit?: number; cursor?: string } = {}) {
  const { data, error } = await call(node(hubs), 'provider:search', { starts_at, ends_at, ...more });
  expect(error).toBeNull();
  return { titles: data.events.map(({ title }) => title).join(''), nextCursor: data.nextCursor };
}
const titles = async (from: string, to: string) => (await found(from, to)).titles;

test('[PROV-3] anybody is answered with data and no error, local dates and times, and prices as numbers', async () => {
  const query = 'starts_at=2030-06-01T18:00:01Z&ends_at=2030-12-31T00:00:00Z';
  const response = await fetch(`${node(hubs).url}/api/v1/search?${query}`);
  expect(response.status).toBe(200);
  expect(await response.json()).toEqual({
    data: {
      events: [
        {
          id: '00000000-0000-5000-8000-00000000000c',
          title: 'c',
          start_date: '2030-06-01',
          start_time: '20:00:01',
          end_date: '2030-06-01',
          end_time: '21:30:01',
          min_price: 9.99,
          max_price: 9.99,
        },
        {
          id: '00000000-0000-5000-8000-00000000000d',
          title: 'd',
          start_date: '2030-07-01',
          start_time: '00:00:00',
          end_date: '2030-07-01',
          end_time: '01:30:00',
          min_price: null,
          max_price: null,
        },
      ],
    },
    error: null,
  });
});

describe('[PROV-3] a range', () => {
  test('has both its ends in it', async () => {
    expect(await titles('2030-06-01T18:00:00Z', '2030-06-01T18:00:00Z')).toBe('ab');
    expect(await titles('2030-06-01T18:00:00.001Z', '2030-06-01T18:00:01Z')).toBe('c');
    expect(await titles('2030-06-01T18:00:01.001Z', '2030-06-30T21:59:59.999Z')).toBe('');
    expect(await titles('2030-06-01T00:00:00Z', '2030-06-30T22:00:00Z')).toBe('abcd');
  });

  test('may have any offset, or that of the provider', async () => {
    expect(await titles('2030-06-01T20:00:00+02:00', '2030-06-01T14:00:00-04:00')).toBe('ab');
    // A plus that nobody escaped.
    expect(await titles('2030-06-01T20:00:00 02:00', '2030-06-01T18:00:00z')).toBe('ab');
    expect(await titles('2030-06-01T20:00:00', '2030-06-01T20:00:00')).toBe('ab');
    expect(await titles('2030-06-01T20:00', '2030-06-01T18:00Z')).toBe('ab');
    expect(await titles('2030-06-01T20:00:00.5', '2030-06-01T20:00:01.000')).toBe('c');
  });

  test('may be as long as the calendar', async () => {
    expect(await titles('1000-01-01T00:00:00Z', '9999-12-31T23:59:59Z')).toBe('abcd');
  });

  test.each([
    ['starts_at', '2030-02-30T00:00:00Z'],
    ['starts_at', '2030-06-01T24:00:00Z'],
    ['starts_at', '2030-06-01T23:59:60Z'],
    ['starts_at', '0999-12-31T00:00:00Z'],
    ['starts_at', '2030-06-01'],
    ['starts_at', 'yesterday at 10:00'],
    ['starts_at', '2030-06-01T00:00:00+99:00'],
    ['ends_at', '9999-12-31T23:59:59-01:00'],
    ['ends_at', "2030-06-01T00:00:00Z' or true --"],
    ['ends_at', ''],
  ])('names %s when it is %s', async (field, value) => {
    const range = { starts_at: '2030-06-01T00:00:00Z', ends_at: '2030-07-01T00:00:00Z', [field]: value };
    const details = await expectRefused(node(hubs), 'provider:search', range, undefined, 'invalid-request');
    expect(details).toEqual({ field, allowed: expect.stringMatching(/\w/) });
  });

  test('does not end before it begins, and has two ends', async () => {
    const range = { starts_at: '2030-06-02T00:00:00Z', ends_at: '2030-06-01T00:00:00Z' };
    const backwards = await expectRefused(node(hubs), 'provider:search', range, undefined, 'invalid-request');
    expect(backwards).toEqual({ field: 'ends_at', allowed: 'must not be before starts_at' });
    const half = { starts_at: range.starts_at };
    const missing = await expectRefused(node(hubs), 'provider:search', half, undefined, 'invalid-request');
    expect(missing).toEqual({ field: 'ends_at', allowed: 'is required' });
  });
});

test('[PROV-3] page after page, in order, each event once', async () => {
  const range = ['2030-01-01T00:00:00Z', '2031-01-01T00:00:00Z'] as const;
  let [seen, cursor, pages] = ['', '', 0];
  for (;;) {
    const page = await found(...range, { limit: 1, ...(cursor ? { cursor } : {}) });
    seen += page.titles;
    pages++;
    if (page.nextCursor === undefined) break;
    cursor = page.nextCursor;
  }
  expect([seen, pages]).toEqual(['abcd', 4]);
  expect((await found(...range, { limit: 4 })).nextCursor).toBeUndefined();
  const [starts_at, ends_at] = range;
  for (const wrong of ['nonsense', Buffer.from('["-infinity","x"]').toString('base64url')]) {
    const request = { starts_at, ends_at, cursor: wrong };
    await expectRefused(node(hubs), 'provider:search', request, undefined, 'cursor-invalid');
  }
});
