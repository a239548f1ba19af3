import { describe, expect, test } from 'vitest';
import type { EventsListRequest } from '../../src/contracts.gen.ts';
import { loadContracts, sharedTypes } from '../../src/contracts.ts';
import { book, call, expectRefused, node, send } from '../channels/support.ts';
import { startTestHubs } from '../support/hub.ts';
import { address, organizerIn } from './support.ts';

const hubs = await startTestHubs(2);
const hub = node(hubs);
const organizer = await organizerIn(hubs, 2);
const other = await organizerIn(hubs, 2);
const { id: venueId } = await call(
  hub,
  'venues:create',
  { name: 'Vooruit', address, timeZone: 'Europe/Brussels' },
  organizer.user,
);
const titles = new Map<string, string>();
const named = async (made: Promise<{ id: string; title: string }>) => {
  const { id, title } = await made;
  titles.set(id, title);
  return id;
};
const day = (n: number) => ({
  startsAt: `2090-05-${String(n).padStart(2, '0')}T19:00:00Z`,
  endsAt: `2090-05-${String(n).padStart(2, '0')}T22:00:00Z`,
});
const swing = await named(
  organizer.published({
    ...day(3),
    title: 'Swing night',
    category: 'jazz',
    tags: ['dance', 'late'],
    description: 'Big bands and dancing concerts.',
    prices: { Stalls: 1500 },
  }),
);
const orchard = await named(
  organizer.published({
    ...day(1),
    title: 'The Cherry Orchard',
    category: 'theatre',
    venueId,
    tags: ['late'],
  }),
);
const seagull = await named(
  other.published({
    ...day(2),
    title: 'la Mouette',
    category: 'theatre',
    sellMode: 'offline',
    description: 'Tchekhov.',
  }),
);
await named(organizer.draft({ ...day(4), title: 'Hidden orchard' }));

const found = async (request: EventsListRequest, user = undefined as typeof organizer.user | undefined) =>
  (await call(hub, 'events:list', request, user)).events.map(({ id }) => titles.get(id));

describe('words', () => {
  test.each([
    ['orchard', ['The Cherry Orchard']],
    ['ORCHARDS', ['The Cherry Orchard']],
    ['"cherry orchard"', ['The Cherry Orchard']],
    ['"orchard cherry"', []],
    ['concert', ['Swing night']],
    ['tchekhov or swing', ['la Mouette', 'Swing night']],
    ['theatre -cherry', ['la Mouette']],
    ['late', ['The Cherry Orchard', 'Swing night']],
    ['vooruit', ['The Cherry Orchard']],
    ['the', ['The Cherry Orchard']],
    ['nowhere', []],
  ])('%s', async (q, expected) => {
    expect(await found({ q })).toEqual(expected);
  });

  test.each([
    "'); drop table events; --",
    '!!!',
    '& | ! ( ) : * <->',
    '"',
    "'",
    '\\',
    '%_',
    '-',
    'or or or',
    '\u{1f3ad}\u202e',
    'é'.repeat(200),
  ])('whatever they are: %s', async (q) => {
    expect(await found({ q })).toEqual([]);
    const client = await hubs.connect(undefined, 1);
    expect((await client.request('events:list', { q })).events).toEqual([]);
  });
});

test('category, tags, venue and organizer', async () => {
  expect(await found({ category: 'theatre' })).toEqual(['The Cherry Orchard', 'la Mouette']);
  expect(await found({ tags: ['late'] })).toEqual(['The Cherry Orchard', 'Swing night']);
  expect(await found({ tags: ['late', 'dance'] })).toEqual(['Swing night']);
  expect(await found({ venueId })).toEqual(['The Cherry Orchard']);
  expect(await found({ organizerId: other.user.id })).toEqual(['la Mouette']);
  expect(await found({ q: 'orchard', mine: true }, organizer.user)).toEqual([
    'The Cherry Orchard',
    'Hidden orchard',
  ]);
});

test('the price of a category, and the time of the start', async () => {
  expect(await found({ priceMax: 1500 })).toEqual(['Swing night']);
  expect(await found({ priceMin: 1501 })).toEqual(['The Cherry Orchard', 'la Mouette']);
  expect(await found({ priceMin: 1501, priceMax: 2499 })).toEqual([]);
  expect(await found({ from: '2090-05-02T19:00:00Z' })).toEqual(['la Mouette', 'Swing night']);
  expect(await found({ to: '2090-05-02T19:00:00Z' })).toEqual(['The Cherry Orchard']);
  const request = { from: '1990-01-01T00:00:00Z' };
  expect(await expectRefused(hub, 'events:list', request, undefined, 'invalid-request')).toMatchObject({
    field: 'from',
  });
});

test('in every order, forwards and backwards', async () => {
  const orders = {
    startsAt: ['The Cherry Orchard', 'la Mouette', 'Swing night'],
    title: ['la Mouette', 'Swing night', 'The Cherry Orchard'],
    createdAt: ['Swing night', 'The Cherry Orchard', 'la Mouette'],
  } as const;
  for (const [sort, expected] of Object.entries(orders) as unknown as [keyof typeof orders, string[]][]) {
    expect(await found({ sort })).toEqual(expected);
    expect(await found({ sort: `-${sort}` })).toEqual([...expected].reverse());
  }
  expect((await found({ sort: 'price' }))[0]).toBe('Swing night');
  expect((await found({ sort: '-price' })).at(-1)).toBe('Swing night');
});

test('free seats are counted where they are sold', async () => {
  expect(await found({ hasFreeSeats: true })).toEqual(['The Cherry Orchard', 'Swing night']);
  expect(await found({ hasFreeSeats: false })).toEqual([]);
  const buyer = await hubs.connect(await hubs.user());
  const booking = await book(buyer, orchard, [0, 1]);
  expect(await found({ hasFreeSeats: true })).toEqual(['Swing night']);
  expect(await found({ hasFreeSeats: false })).toEqual(['The Cherry Orchard']);
  await buyer.request('bookings:cancel', { bookingId: booking.id, seats: [1], requestId: 'one-of-them' });
  expect(await found({ hasFreeSeats: true })).toEqual(['The Cherry Orchard', 'Swing night']);
});

test('two hundred events with two thousand seats sold each are looked through in a moment', async () => {
  const count = 200;
  const sold = 2000;
  const big = await organizerIn(hubs, sold);
  const id = (n: string, of: number) => `('00000000-0000-4000-800${of}-' || lpad(${n}::text, 12, '0'))::uuid`;
  const start = `timestamptz '2091-01-01'`;
  await hubs.sql(
    `insert into events (id, organizer_id, plan_id, title, description, venue, starts_at, ends_at, time_zone, status,
       published_at, currency, prices, rules, seat_count, created_at, updated_at)
     select ${id('n', 1)}, $1, $2, 'Full', '', '', ${start}, ${start} + interval '2 hours', 'UTC',
       'published', now(), 'EUR', '{"Stalls": 100}', '{}', $3 + (n = 7)::integer, now(), now()
     from generate_series(1, $4::integer) as n`,
    [big.user.id, big.plan.id, sold, count],
  );
  await hubs.sql(
    `insert into bookings (id, event_id, user_id, hold_id, status, total_cents, currency, created_at)
     select ${id('n', 2)}, ${id('n', 1)}, $1, 'sold-out-' || n, 'confirmed', 0, 'EUR', now()
     from generate_series(1, $2::integer) as n`,
    [big.user.id, count],
  );
  await hubs.sql(
    `insert into booking_seats (booking_id, event_id, seat, label, category, price_cents, active)
     select ${id('n', 2)}, ${id('n', 1)}, seat, seat::text, 'Stalls', 0, true
     from generate_series(1, $1::integer) as n, generate_series(0, $2::integer - 1) as seat`,
    [count, sold],
  );
  // What a confirm notes by itself.
  await hubs.sql(
    `insert into sales_changes (event_id, user_id, at, category, bookings, seats)
     select ${id('n', 1)}, $1, quarter_of(now()), 'Stalls', 1, $2 from generate_series(1, $3::integer) as n`,
    [big.user.id, sold, count],
  );
  const organizerId = big.user.id;
  // A statement that took longer than 4 s would be refused with try-later.
  const full = await call(hub, 'events:list', { hasFreeSeats: false, organizerId, limit: 100 });
  const next = await call(hub, 'events:list', {
    hasFreeSeats: false,
    organizerId,
    limit: 100,
    cursor: full.nextCursor ?? '',
  });
  expect([full.events.length, next.events.length]).toEqual([100, 99]);
  const free = await call(hub, 'events:list', { hasFreeSeats: true, organizerId });
  expect(free.events).toHaveLength(1);
}, 120_000);

test('only the fields that were asked for, over HTTP and over sockets', async () => {
  const fields = ['title', 'tags'] as const;
  const { events } = await call(hub, 'events:list', { fields: [...fields], q: 'swing' });
  expect(events).toEqual([{ id: swing, title: 'Swing night', tags: ['dance', 'late'] }]);
  const client = await hubs.connect(undefined, 1);
  const read = await client.request('events:read', { eventId: seagull, fields: ['sellMode', 'capacity'] });
  expect(read).toEqual({ id: seagull, sellMode: 'offline', capacity: 2 });
  const details = await expectRefused(
    hub,
    'events:list',
    { fields: ['search'] },
    undefined,
    'invalid-request',
  );
  expect(details.field).toBe('fields.0');
});

test('a part of an event has the fields of an event, and each can be asked for', () => {
  const { Event, EventPart, EventField } = sharedTypes.$defs as Record<
    string,
    { properties: object; required: string[]; enum: string[] }
  >;
  expect(EventPart?.properties).toEqual(Event?.properties);
  expect(EventField?.enum).toEqual(Object.keys(Event?.properties ?? {}));
  expect(Event?.required).toEqual(Object.keys(Event?.properties ?? {}));
  expect(loadContracts().asks.get('events:list')?.http?.cache).toBe('revalidate');
});

test('a list, and an event, that has not changed is not sent again', async () => {
  for (const [message, request, path] of [
    ['events:list', { category: 'jazz' }, '/api/v1/events?category=jazz'],
    ['events:read', { eventId: swing }, `/api/v1/events/${swing}`],
  ] as const) {
    const first = await send(hub, message, request);
    const headers = { 'if-none-match': first.headers.get('etag') ?? '' };
    expect((await fetch(`${node(hubs, 1).url}${path}`, { headers })).status).toBe(304);
    const description = `Changed by ${message}`;
    await call(hub, 'events:update', { eventId: swing, description }, organizer.user);
    const changed = await fetch(`${node(hubs, 1).url}${path}`, { headers });
    expect(changed.status).toBe(200);
    expect(await changed.text()).toContain(description);
  }
});

test.each(['startsAt', '-startsAt', 'title', '-title', 'price', 'createdAt', '-createdAt'] as const)(
  '[EVENT-4] by %s: no event is left out or comes twice while others are added and deleted between the pages',
  async (sort) => {
    const { published, user } = await organizerIn(hubs);
    const make = (n: number) =>
      published({ ...day(10 + (n % 5)), title: `Same ${n % 3}`, prices: { Stalls: 100 * (n % 4) } });
    const stay = new Set<string>();
    for (let n = 0; n < 12; n++) stay.add((await make(n)).id);
    const seen: string[] = [];
    const extra: string[] = [];
    let cursor: string | null | undefined;
    for (let n = 0; cursor !== null; n++) {
      const request = { organizerId: user.id, sort, limit: 3, ...(cursor ? { cursor } : {}) };
      const page = await call(node(hubs, n % 2), 'events:list', request);
      seen.push(...page.events.map(({ id }) => id));
      cursor = page.nextCursor;
      // One before, one after where the list is, and the one it would go on after is gone.
      if (n < 3) {
        for (const at of [n, n + 7]) extra.push((await make(at)).id);
        const last = seen.at(-1) ?? '';
        await call(hub, 'events:cancel', { eventId: last }, user);
        await call(hub, 'events:delete', { eventId: last }, user);
      }
    }
    expect(new Set(seen).size).toBe(seen.length);
    expect(seen.filter((id) => !extra.includes(id)).sort()).toEqual([...stay].sort());
  },
);

test('cursor-invalid: a cursor goes on in the order it comes from', async () => {
  const { nextCursor } = await call(hub, 'events:list', { limit: 1 });
  const request = { sort: 'title', limit: 1, cursor: nextCursor ?? '' };
  await expectRefused(hub, 'events:list', request, undefined, 'cursor-invalid');
  const forged = Buffer.from(JSON.stringify(['title', 'a\0', swing])).toString('base64url');
  await expectRefused(hub, 'events:list', { sort: 'title', cursor: forged }, undefined, 'cursor-invalid');
});

test('the longest title there can be has a cursor', async () => {
  const { published, user } = await organizerIn(hubs);
  for (const n of [1, 2]) await published({ title: `${n}${'\u{1f3ad}'.repeat(99)}` });
  const request = { organizerId: user.id, sort: 'title', limit: 1 } as const;
  const first = await call(hub, 'events:list', request);
  const second = await call(hub, 'events:list', { ...request, cursor: first.nextCursor ?? '' });
  expect(second.events).toHaveLength(1);
  expect(second.events[0]?.id).not.toBe(first.events[0]?.id);
});
