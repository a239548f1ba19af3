/** Who may send what: every message, by every role, over sockets and over HTTP. */
import { describe, expect, test } from 'vitest';
import { RequestFailed } from '../../src/client/client.ts';
import type { MessageName, Messages, Role } from '../../src/contracts.gen.ts';
import { loadContracts } from '../../src/contracts.ts';
import { requestId, type TestClient } from '../support/client.ts';
import { startTestHubs, type TestUser, testPlan } from '../support/hub.ts';
import { nobody, node, noHold, type Problem, send } from './support.ts';

const hubs = await startTestHubs(1);
const [eventId, bookingId, planId, holdId] = [nobody, nobody, nobody, noHold];

/** A request of each message that fits its contract. */
const requests: { [M in MessageName]: () => Messages[M]['request'] } = {
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
  'bookings:cancel': () => ({ bookingId, requestId: requestId() }),
  'bookings:checkout': () => ({ eventId, holdId, requestId: requestId() }),
  'bookings:confirm': () => ({ eventId, holdId, requestId: requestId() }),
  'bookings:list': () => ({}),
  'events:cancel': () => ({ eventId }),
  'events:create': () => ({
    planId,
    title: 'An evening',
    startsAt: '2090-01-01T10:00:00Z',
    endsAt: '2090-01-01T12:00:00Z',
    currency: 'EUR',
    prices: { Stalls: 100 },
  }),
  'events:list': () => ({}),
  'events:publish': () => ({ eventId }),
  'events:read': () => ({ eventId }),
  'events:update': () => ({ eventId, title: 'Another evening' }),
  'plans:import': () => testPlan(1),
  'plans:list': () => ({}),
  'plans:read': () => ({ planId }),
  'sagas:abandon': () => ({ holdId }),
  'sagas:list': () => ({}),
  'sagas:retry': () => ({ holdId }),
  'seats:extend': () => ({ eventId, holdId, requestId: requestId() }),
  'seats:hold': () => ({ eventId, seats: [1], requestId: requestId() }),
  'seats:release': () => ({ eventId, holdId, requestId: requestId() }),
  'seats:unwatch': () => ({ eventId }),
  'seats:watch': () => ({ eventId }),
};

const everybody: MessageName[] = [
  'auth:login',
  'auth:register',
  'events:list',
  'events:read',
  'plans:read',
  'seats:unwatch',
  'seats:watch',
];
const buyers: MessageName[] = [
  'analytics:mine',
  'auth:logout',
  'bookings:cancel',
  'bookings:checkout',
  'bookings:confirm',
  'bookings:list',
  'seats:extend',
  'seats:hold',
  'seats:release',
];
const organizers: MessageName[] = [
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
  'events:publish',
  'events:update',
  'plans:import',
  'plans:list',
];
const admins: MessageName[] = ['audit:list', 'audit:seats', 'sagas:abandon', 'sagas:list', 'sagas:retry'];
const allowed: Record<Role | 'anonymous', MessageName[]> = {
  anonymous: everybody,
  kiosk: [...everybody, 'auth:logout'],
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
