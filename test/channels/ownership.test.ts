/** What belongs to somebody: every message that names a thing, sent by its owner and by others in the same role. */
import { beforeAll, describe, expect, test } from 'vitest';
import type { MessageName } from '../../src/contracts.gen.ts';
import { loadContracts } from '../../src/contracts.ts';
import { requestId, until } from '../support/client.ts';
import { startTestHubs, type TestUser, testPlan } from '../support/hub.ts';
import { book, call, dot, nobody, node, type Problem, send } from './support.ts';

const hubs = await startTestHubs(2);
const place = { street: '', city: 'Ghent', postalCode: '9000', country: 'BE' };

let owner: TestUser;
let otherOrganizer: TestUser;
let buyer: TestUser;
let otherUser: TestUser;
const ids = { draft: '', event: '', venue: '', attachment: '', booking: '', kiosk: '', hold: '' };

beforeAll(async () => {
  [owner, otherOrganizer] = (await hubs.users(2, 'organizer')) as [TestUser, TestUser];
  [buyer, otherUser] = (await hubs.users(2)) as [TestUser, TestUser];
  const hub = node(hubs);
  ids.venue = (await call(hub, 'venues:create', { name: 'Hall', address: place, timeZone: 'UTC' }, owner)).id;
  const { id: planId } = await call(hub, 'plans:import', testPlan(20) as never, owner);
  const event = {
    planId,
    title: 'An evening',
    startsAt: '2090-01-01T10:00:00Z',
    endsAt: '2090-01-01T12:00:00Z',
    currency: 'EUR',
    prices: { Stalls: 100 },
  };
  ids.draft = (await call(hub, 'events:create', event, owner)).id;
  ids.event = (await call(hub, 'events:create', event, owner)).id;
  await call(hub, 'events:publish', { eventId: ids.event }, owner);
  const added = await fetch(`${hub.url}/api/v1/events/${ids.draft}/attachments?name=dot.png`, {
    method: 'POST',
    headers: { authorization: `Bearer ${owner.token}`, 'content-type': 'image/png' },
    body: dot,
  });
  ids.attachment = ((await added.json()) as { attachment: { id: string } }).attachment.id;
  const client = await hubs.connect(buyer);
  ids.booking = (await book(client, ids.event, [1])).id;
  const asked = { eventId: ids.event, seats: [5, 6], requestId: requestId() };
  ids.hold = (await client.request('seats:hold', asked)).hold.holdId;
  const pairing = await call(hub, 'kiosks:begin', {});
  ids.kiosk = (await call(hub, 'kiosks:pair', { code: pairing.code, name: 'Foyer' }, owner)).kiosk.id;
});

type Row = [message: MessageName, refusal: string, request: () => Record<string, unknown>];

/** Things of an organizer. */
const ofOrganizers: Row[] = [
  ['analytics:buyers', 'event-not-found', () => ({ eventId: ids.event })],
  ['analytics:categories', 'event-not-found', () => ({ eventId: ids.event })],
  ['analytics:conversion', 'event-not-found', () => ({ eventId: ids.event })],
  ['analytics:summary', 'event-not-found', () => ({ eventId: ids.event })],
  ['analytics:trend', 'event-not-found', () => ({ eventId: ids.event })],
  ['analytics:utilisation', 'event-not-found', () => ({ eventId: ids.event })],
  ['attachments:list', 'event-not-found', () => ({ eventId: ids.draft })],
  ['attachments:add', 'event-not-found', () => ({ eventId: ids.draft, name: 'dot.png' })],
  ['attachments:read', 'attachment-not-found', () => ({ attachmentId: ids.attachment })],
  ['bookings:export', 'event-not-found', () => ({ eventId: ids.event })],
  ['bookings:of-event', 'event-not-found', () => ({ eventId: ids.event })],
  ['bookings:read', 'booking-not-found', () => ({ bookingId: ids.booking })],
  ['calendar:event', 'event-not-found', () => ({ eventId: ids.draft })],
  ['events:read', 'event-not-found', () => ({ eventId: ids.draft })],
  ['events:update', 'event-not-found', () => ({ eventId: ids.draft, title: 'Another' })],
  ['seats:capacity', 'event-not-found', () => ({ eventId: ids.draft })],
  ['seats:read', 'event-not-found', () => ({ eventId: ids.draft })],
  ['seats:watch', 'event-not-found', () => ({ eventId: ids.draft })],
  ['waitlist:list', 'event-not-found', () => ({ eventId: ids.event })],
  [
    'waitlist:promote',
    'event-not-found',
    () => ({ eventId: ids.event, entryId: nobody, requestId: requestId() }),
  ],
  ['venues:import-plan', 'venue-not-found', () => ({ venueId: ids.venue, plan: testPlan(1) })],
  ['venues:update', 'venue-not-found', () => ({ venueId: ids.venue, name: 'Hall 2' })],
  // What ends things comes last.
  ['attachments:remove', 'attachment-not-found', () => ({ attachmentId: ids.attachment })],
  ['kiosks:revoke', 'kiosk-not-found', () => ({ kioskId: ids.kiosk })],
  ['events:delete', 'event-not-found', () => ({ eventId: ids.draft })],
  ['events:restore', 'event-not-found', () => ({ eventId: ids.draft })],
  ['events:publish', 'event-not-found', () => ({ eventId: ids.draft })],
  ['events:cancel', 'event-not-found', () => ({ eventId: ids.draft })],
  ['venues:delete', 'venue-not-found', () => ({ venueId: ids.venue })],
];
/** Drafts have no map and no documents for anybody. */
const notEvenOwner = new Set<MessageName>(['seats:watch', 'seats:capacity', 'seats:read']);

/** Things of a buyer. */
const ofBuyers: Row[] = [
  ['bookings:read', 'booking-not-found', () => ({ bookingId: ids.booking })],
  [
    'seats:hold',
    'hold-not-found',
    () => ({ eventId: ids.event, seats: [9], holdId: ids.hold, requestId: requestId() }),
  ],
  [
    'seats:extend',
    'hold-not-found',
    () => ({ eventId: ids.event, holdId: ids.hold, requestId: requestId() }),
  ],
  [
    'bookings:confirm',
    'hold-not-found',
    () => ({ eventId: ids.event, holdId: ids.hold, requestId: requestId() }),
  ],
  ['bookings:cancel', 'booking-not-found', () => ({ bookingId: ids.booking, requestId: requestId() })],
];

async function codeOf(
  message: MessageName,
  request: Record<string, unknown>,
  user: TestUser,
): Promise<string> {
  const { http } = loadContracts().asks.get(message) ?? {};
  if (!http) {
    const client = await hubs.connect(user);
    return client.request(message, request as never).then(
      () => 'ok',
      (error: { code: string }) => error.code,
    );
  }
  const response = await send(node(hubs), message, request, user);
  return response.ok ? 'ok' : ((await response.json()) as Problem).code;
}

describe('[AUTH-4] what is an organizer’s', () => {
  test.each(ofOrganizers)('%s', async (message, refusal, request) => {
    expect(await codeOf(message, request(), otherOrganizer)).toBe(refusal);
    const asUser = await codeOf(message, request(), otherUser);
    expect(['forbidden', refusal]).toContain(asUser);
    const asOwner = await codeOf(message, request(), owner);
    if (notEvenOwner.has(message)) expect([refusal, 'ok']).toContain(asOwner);
    else expect(asOwner).not.toBe(refusal);
    expect(asOwner).not.toBe('forbidden');
  });
});

describe('[AUTH-4] what is a buyer’s', () => {
  test.each(ofBuyers)('%s', async (message, refusal, request) => {
    expect(await codeOf(message, request(), otherUser)).toBe(refusal);
    if (message !== 'bookings:cancel') {
      expect(await codeOf(message, request(), otherOrganizer)).toBe(refusal);
    }
    expect(await codeOf(message, request(), buyer)).toBe('ok');
  });
});

/** Messages that name a thing everybody may name, that only admins may send, or that the tables above have under another name. */
const others: MessageName[] = [
  'audit:list',
  'audit:seats',
  'bookings:book',
  'bookings:book-seat',
  'bookings:checkout',
  'bookings:list',
  'events:create',
  'events:create-series',
  'events:list',
  'kiosks:claim',
  'plans:list',
  'sagas:abandon',
  'sagas:list',
  'sagas:retry',
  'seats:holds',
  'seats:release',
  'seats:unwatch',
  'venues:read',
  // Theirs are in the tests of these messages.
  'waitlist:accept',
  'waitlist:decline',
  'waitlist:join',
  'waitlist:leave',
  'waitlist:mine',
  'waitlist:position',
];
const idOf = /^(event|booking|hold|venue|attachment|kiosk|series|pairing)Id$/;

test('[AUTH-4] no message that names a thing is left out', () => {
  const tried = new Set<string>([...others, ...[...ofOrganizers, ...ofBuyers].map(([message]) => message)]);
  const naming = [...loadContracts().asks.values()].filter((ask) =>
    Object.keys((ask.request.properties ?? {}) as object).some((name) => idOf.test(name)),
  );
  expect(naming.map(({ name }) => name).filter((name) => !tried.has(name))).toEqual([]);
});

test('[AUTH-11] a disabled user is refused everywhere at once, and the sockets end', async () => {
  const registered = await call(node(hubs), 'auth:register', {
    email: `${requestId()}@example.com`,
    password: 'long enough',
    name: 'Ada',
  });
  const person: TestUser = { id: registered.user.id, token: registered.token };
  const socket = await hubs.connect(person, 1);
  const over = socket.next('server:disconnected');
  await call(node(hubs), 'users:update', { userId: person.id, disabled: true }, await hubs.user('admin'));
  expect((await over).code).toBe('session-revoked');
  for (const hub of hubs.nodes) {
    for (const { name, http } of loadContracts().asks.values()) {
      if (http?.method !== 'GET' || http.path.includes(':')) continue;
      const answer = await fetch(`${hub.url}${http.path}`, {
        headers: { authorization: `Bearer ${person.token}` },
      });
      expect(answer.status, name).toBe(401);
    }
  }
  await until(async () => {
    const again = await send(node(hubs, 1), 'auth:refresh', { refreshToken: registered.refreshToken });
    return again.status === 401;
  }, 'the refresh token to be refused');
});
