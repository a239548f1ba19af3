/** Who may send what: every message, by every role, over sockets and over HTTP. */
import { describe, expect, test } from 'vitest';
import { RequestFailed } from '../../src/client/client.ts';
import type { MessageName, Messages, Role } from '../../src/contracts.gen.ts';
import { loadContracts } from '../../src/contracts.ts';
import { requestId, type TestClient } from '../support/client.ts';
import { startTestHubs, type TestUser, testPlan } from '../support/hub.ts';
import { nobody, node, noHold, type Problem, send } from './support.ts';

const hubs = await startTestHubs(1);
const [eventId, bookingId, planId, venueId, holdId] = [nobody, nobody, nobody, nobody, noHold];
const place = { street: '', city: 'Ghent', postalCode: '9000', country: 'BE' };

/** A request of each message that fits its contract. */
const requests: { [M in MessageName]: () => Messages[M]['request'] } = {
  'attachments:add': () => ({ eventId, name: 'dot.png' }),
  'attachments:list': () => ({ eventId }),
  'attachments:read': () => ({ attachmentId: nobody }),
  'attachments:remove': () => ({ attachmentId: nobody }),
  'analytics:buyers': () => ({}),
  'analytics:categories': () => ({}),
  'analytics:conversion': () => ({}),
  'analytics:events': () => ({}),
  'analytics:mine': () => ({}),
  'analytics:summary': () => ({}),
  'analytics:trend': () => ({}),
  'analytics:utilisation': () => ({}),
  'analytics:venues': () => ({}),
  'audit:list': () => ({}),
  'audit:seats': () => ({ eventId, at: '2030-01-01T10:00:00Z' }),
  'auth:register': () => ({ email: `${requestId()}@example.com`, password: 'long enough', name: 'Ada' }),
  'auth:login': () => ({ email: 'nobody@example.com', password: 'long enough' }),
  'auth:logout': () => ({}),
  'auth:refresh': () => ({ refreshToken: 'A'.repeat(43) }),
  'auth:renew': () => ({ token: 'x' }),
  'bookings:book': () => ({ eventId, seats: [1], requestId: requestId() }),
  'bookings:book-seat': () => ({ eventId, seat: 1, requestId: requestId() }),
  'bookings:cancel': () => ({ bookingId, requestId: requestId() }),
  'bookings:checkout': () => ({ eventId, holdId, requestId: requestId() }),
  'bookings:confirm': () => ({ eventId, holdId, requestId: requestId() }),
  'bookings:export': () => ({ eventId }),
  'bookings:list': () => ({}),
  'events:bulk': () => ({ items: [{ action: 'delete', request: { eventId } }] }),
  'bookings:of-event': () => ({ eventId }),
  'bookings:read': () => ({ bookingId }),
  'calendar:end': () => ({}),
  'calendar:event': () => ({ eventId }),
  'calendar:feed': () => ({ token: 'A'.repeat(43) }),
  'calendar:renew': () => ({}),
  'events:cancel': () => ({ eventId }),
  'events:create': () => ({
    planId,
    title: 'An evening',
    startsAt: '2090-01-01T10:00:00Z',
    endsAt: '2090-01-01T12:00:00Z',
    currency: 'EUR',
    prices: { Stalls: 100 },
  }),
  'events:create-series': () => ({
    planId,
    title: 'Every evening',
    startsAt: '2090-01-01T10:00:00Z',
    endsAt: '2090-01-01T12:00:00Z',
    currency: 'EUR',
    prices: { Stalls: 100 },
    rule: 'FREQ=DAILY;COUNT=2',
  }),
  'events:delete': () => ({ eventId }),
  'events:list': () => ({}),
  'events:publish': () => ({ eventId }),
  'events:read': () => ({ eventId }),
  'events:restore': () => ({ eventId }),
  'events:upcoming': () => ({}),
  'events:update': () => ({ eventId, title: 'Another evening' }),
  'health:info': () => ({}),
  'health:status': () => ({}),
  'kiosks:begin': () => ({}),
  'kiosks:claim': () => ({ pairingId: nobody, secret: 'A'.repeat(43) }),
  'kiosks:list': () => ({}),
  'kiosks:pair': () => ({ code: 'AAAA-AAAA', name: 'Foyer' }),
  'kiosks:revoke': () => ({ kioskId: nobody }),
  'me:change-password': () => ({ oldPassword: 'long enough', newPassword: 'long enough' }),
  'me:read': () => ({}),
  'me:update': () => ({}),
  'plans:import': () => testPlan(1),
  'plans:list': () => ({}),
  'plans:read': () => ({ planId }),
  'provider:events': () => ({}),
  'provider:search': () => ({ starts_at: '2030-01-01T10:00:00Z', ends_at: '2030-01-02T10:00:00Z' }),
  'provider:status': () => ({}),
  'provider:sync': () => ({}),
  'sagas:abandon': () => ({ holdId }),
  'sagas:list': () => ({}),
  'sagas:retry': () => ({ holdId }),
  'seats:capacity': () => ({ eventId }),
  'seats:extend': () => ({ eventId, holdId, requestId: requestId() }),
  'seats:hold': () => ({ eventId, seats: [1], requestId: requestId() }),
  'seats:holds': () => ({ eventId }),
  'seats:read': () => ({ eventId }),
  'seats:release': () => ({ eventId, holdId, requestId: requestId() }),
  'seats:unwatch': () => ({ eventId }),
  'seats:watch': () => ({ eventId }),
  'venues:create': () => ({ name: 'Hall', address: place, timeZone: 'Europe/Brussels' }),
  'venues:delete': () => ({ venueId }),
  'venues:import-plan': () => ({ venueId, plan: testPlan(1) }),
  'venues:list': () => ({}),
  'venues:read': () => ({ venueId }),
  'venues:update': () => ({ venueId, name: 'Hall' }),
  'users:list': () => ({}),
  'users:read': () => ({ userId: nobody }),
  'users:update': () => ({ userId: nobody, role: 'user' }),
  'waitlist:accept': () => ({ eventId, holdId, requestId: requestId() }),
  'waitlist:decline': () => ({ eventId, holdId, requestId: requestId() }),
  'waitlist:join': () => ({ eventId, quantity: 1, requestId: requestId() }),
  'waitlist:leave': () => ({ eventId, entryId: nobody, requestId: requestId() }),
  'waitlist:list': () => ({ eventId }),
  'waitlist:mine': () => ({}),
  'waitlist:position': () => ({ eventId }),
  'waitlist:promote': () => ({ eventId, entryId: nobody, requestId: requestId() }),
};

const everybody: MessageName[] = [
  'attachments:list',
  'attachments:read',
  'auth:login',
  'auth:register',
  'auth:refresh',
  'calendar:event',
  'calendar:feed',
  'events:list',
  'events:read',
  'events:upcoming',
  'health:info',
  'health:status',
  'kiosks:begin',
  'kiosks:claim',
  'plans:read',
  'provider:search',
  'seats:capacity',
  'seats:read',
  'seats:unwatch',
  'seats:watch',
  'venues:list',
  'venues:read',
];
const buyers: MessageName[] = [
  'analytics:mine',
  'auth:logout',
  'auth:renew',
  'bookings:book',
  'bookings:book-seat',
  'bookings:cancel',
  'bookings:checkout',
  'bookings:confirm',
  'bookings:list',
  'me:change-password',
  'me:read',
  'me:update',
  'bookings:read',
  'calendar:end',
  'calendar:renew',
  'seats:extend',
  'seats:hold',
  'seats:holds',
  'seats:release',
  'waitlist:accept',
  'waitlist:decline',
  'waitlist:join',
  'waitlist:leave',
  'waitlist:mine',
  'waitlist:position',
];
const organizers: MessageName[] = [
  'events:bulk',
  'attachments:add',
  'attachments:remove',
  'bookings:export',
  'bookings:of-event',
  'analytics:buyers',
  'analytics:categories',
  'analytics:conversion',
  'analytics:events',
  'analytics:summary',
  'analytics:trend',
  'analytics:utilisation',
  'analytics:venues',
  'events:cancel',
  'events:create',
  'events:create-series',
  'events:delete',
  'events:publish',
  'events:restore',
  'events:update',
  'kiosks:list',
  'kiosks:pair',
  'kiosks:revoke',
  'plans:import',
  'plans:list',
  'venues:create',
  'venues:delete',
  'venues:import-plan',
  'venues:update',
  'waitlist:list',
  'waitlist:promote',
];
const admins: MessageName[] = [
  'audit:list',
  'audit:seats',
  'provider:events',
  'provider:status',
  'provider:sync',
  'sagas:abandon',
  'sagas:list',
  'sagas:retry',
  'users:list',
  'users:read',
  'users:update',
];
const allowed: Record<Role | 'anonymous', MessageName[]> = {
  anonymous: everybody,
  kiosk: [...everybody, 'auth:logout', 'auth:renew'],
  user: [...everybody, ...buyers],
  organizer: [...everybody, ...buyers, ...organizers],
  admin: [...everybody, ...buyers, ...organizers, ...admins],
};

async function codeOnSocket(client: TestClient, name: MessageName): Promise<string> {
  const answer = await client.request(name, requests[name]()).catch((error: unknown) => error);
  return answer instanceof RequestFailed ? answer.code : 'ok';
}

async function codeOverHttp(name: MessageName, user: TestUser | undefined): Promise<string> {
  const response = await send(node(hubs), name, requests[name](), user);
  return response.ok ? 'ok' : ((await response.json()) as Problem).code;
}

const roles: (Role | 'anonymous')[] = ['anonymous', 'kiosk', 'user', 'organizer', 'admin'];
const someone = (role: Role | 'anonymous') => (role === 'anonymous' ? undefined : hubs.user(role));

describe.each(roles)('[AUTH-4] as %s', (role) => {
  const refusal = role === 'anonymous' ? 'unauthenticated' : 'forbidden';

  test.each([...loadContracts().asks.values()].map((ask) => [ask.name, ask] as const))(
    '%s',
    async (name, ask) => {
      const codes: string[] = [];
      if (ask.socket) codes.push(await codeOnSocket(await hubs.connect(await someone(role)), name));
      if (ask.http) codes.push(await codeOverHttp(name, await someone(role)));
      expect(codes).not.toEqual([]);
      for (const code of codes) {
        if (allowed[role].includes(name)) expect(['unauthenticated', 'forbidden']).not.toContain(code);
        else expect(code).toBe(refusal);
      }
    },
  );
});

test('[AUTH-4] anonymous sockets may watch published events and nothing else', async () => {
  const published = await hubs.event();
  const draft = await hubs.event({ publish: false });
  const client = await hubs.connect();
  await client.watching(published);
  await client.expectDenied('seats:watch', { eventId: draft }, 'event-not-found');
  await client.expectDenied('events:read', { eventId: draft }, 'event-not-found');
  const ask = { eventId: published, seats: [1], requestId: requestId() };
  await client.expectDenied('seats:hold', ask, 'unauthenticated');
});

test('messages that are for HTTP alone are unknown on sockets', async () => {
  const client = await hubs.connect(await hubs.user('admin'));
  const alone = [...loadContracts().asks.values()].filter((ask) => !ask.socket);
  expect(alone.length).toBeGreaterThan(0);
  for (const { name } of alone) await client.expectDenied(name, requests[name](), 'unknown-message');
  await client.expectDenied('seats:steal' as MessageName, {}, 'unknown-message');
  await client.expectDenied('constructor' as MessageName, {}, 'unknown-message');
});
