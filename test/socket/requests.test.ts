import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import { newHoldId, newId } from '../../src/ids.ts';
import { requestId } from '../support/client.ts';
import { startTestHubs, type TestUser } from '../support/hub.ts';
import { expectHonestService } from './honest.ts';
import { joined, type RawAck, type RawSocket } from './raw.ts';

const hubs = await startTestHubs();
const { url, sockets } = hubs.nodes[0] as Hub;
expectHonestService(hubs);

const eventId = await hubs.event();
let sender: RawSocket;
beforeAll(async () => {
  sender = await joined(url, (await hubs.user()).token);
});
afterAll(() => sender.close());

const seats = (count: number) => JSON.stringify(Array.from({ length: count }, (_, i) => i));
const hold = (fields: string) =>
  `["seats:hold",{"eventId":"${eventId}","requestId":"a-request-id",${fields}}]`;

/** Expects a refusal that names the field and says what is allowed, without what was found. */
function expectRefused(ack: RawAck, field: string | RegExp): void {
  expect(ack).toMatchObject({ ok: false, error: { code: 'invalid-request', retry: 'never' } });
  const { details, message } = (ack as Extract<RawAck, { ok: false }>).error;
  expect(details?.field).toMatch(typeof field === 'string' ? new RegExp(`^${field}$`) : field);
  expect(String(details?.allowed).length).toBeGreaterThan(5);
  expect(message).not.toContain('attacker');
}

function granted<T>(ack: RawAck): T {
  if (!ack.ok) throw new Error(JSON.stringify(ack.error));
  return ack.data as T;
}

const whole = '\\(the whole request\\)';
test.each([
  ['no argument', '["seats:hold"]', whole],
  ['two arguments', '["seats:hold",{},{}]', whole],
  ['50 arguments', `["seats:hold"${',{}'.repeat(50)}]`, whole],
  ['3,000 arguments', `["seats:hold"${',{}'.repeat(3000)}]`, whole],
  ['null', '["seats:hold",null]', whole],
  ['a string', '["seats:hold","attacker"]', whole],
  ['a number', '["seats:hold",1]', whole],
  ['an array', '["seats:hold",[]]', whole],
  ['an empty object', '["seats:hold",{}]', 'eventId'],
  ['__proto__', hold('"seats":[1],"__proto__":{"isAdmin":true}'), '__proto__'],
  ['constructor', hold('"seats":[1],"constructor":{"prototype":{}}'), 'constructor'],
  ['a field more', hold('"seats":[1],"role":"admin"'), 'role'],
  ['a user id', hold('"seats":[1],"userId":"00000000-0000-4000-8000-000000000000"'), 'userId'],
  ['a price', hold('"seats":[1],"totalCents":0'), 'totalCents'],
  ['no seats', hold('"seats":[]'), 'seats'],
  ['51 seats', hold(`"seats":${seats(51)}`), 'seats'],
  ['3,000 seats', hold(`"seats":${seats(3000)}`), 'seats'],
  ['a seat twice', hold('"seats":[1,2,1]'), 'seats'],
  ['zero and minus zero', hold('"seats":[0,-0]'), 'seats'],
  ['a negative seat', hold('"seats":[-1]'), 'seats.0'],
  ['seat 1.5', hold('"seats":[1.5]'), 'seats.0'],
  ['seat 1e309', hold('"seats":[1e309]'), 'seats.0'],
  ['seat -1e309', hold('"seats":[-1e309]'), 'seats.0'],
  ['seat 2^53', hold('"seats":[9007199254740993]'), 'seats.0'],
  ['seat "1"', hold('"seats":["1"]'), 'seats.0'],
  ['seat null', hold('"seats":[null]'), 'seats.0'],
  ['seat true', hold('"seats":[true]'), 'seats.0'],
  ['seat [1]', hold('"seats":[[1]]'), 'seats.0'],
  ['seat NaN as text', hold('"seats":["NaN"]'), 'seats.0'],
  ['seats as an object', hold('"seats":{"0":1,"length":1}'), 'seats'],
  ['seats as a string', hold('"seats":"1,2"'), 'seats'],
  ['a hold id of an attacker', hold('"seats":[1],"holdId":"attacker"'), 'holdId'],
  ['a hold id of another alphabet', hold('"seats":[1],"holdId":"{event}:seats:{event}:"'), 'holdId'],
  ['a hold id with a line end', hold('"seats":[1],"holdId":"AAAAAAAAAAAAAAAAAAAAAA\\n"'), 'holdId'],
  ['a hold id that is an operator', hold('"seats":[1],"holdId":{"$ne":1}'), 'holdId'],
  [
    'a long request id',
    `["seats:release",{"eventId":"${eventId}","holdId":"x","requestId":"${'a'.repeat(65)}"}]`,
    /Id$/,
  ],
  ['an event id that is a pattern', '["seats:watch",{"eventId":"*"}]', 'eventId'],
  ['an event id with braces', `["seats:watch",{"eventId":"{${eventId.slice(0, 34)}}"}]`, 'eventId'],
  ['an event id as URN', `["seats:watch",{"eventId":"urn:uuid:${eventId}"}]`, 'eventId'],
  ['an event id with a blank', `["seats:watch",{"eventId":"${eventId} "}]`, 'eventId'],
  ['an event id as SQL', `["seats:watch",{"eventId":"' or 1=1 --"}]`, 'eventId'],
  [
    'a position of 2^53',
    `["seats:watch",{"eventId":"${eventId}","since":{"epoch":"AAAAAAAA","position":9007199254740992}}]`,
    'since.position',
  ],
  [
    'a position of minus one',
    `["seats:watch",{"eventId":"${eventId}","since":{"epoch":"AAAAAAAA","position":-1}}]`,
    'since.position',
  ],
  [
    'an epoch of another alphabet',
    `["seats:watch",{"eventId":"${eventId}","since":{"epoch":"../../..","position":1}}]`,
    'since.epoch',
  ],
  ['a limit of 101', '["events:list",{"limit":101}]', 'limit'],
  ['a limit of 1e9', '["events:list",{"limit":1e9}]', 'limit'],
  ['a limit of "10"', '["events:list",{"limit":"10"}]', 'limit'],
  ['a status that is an operator', '["bookings:list",{"status":{"$ne":"cancelled"}}]', 'status'],
  ['a field name of 10 KB', `["events:list",{"${'f'.repeat(10_000)}":1}]`, /^f{200}$/],
  [
    'a NUL in a text',
    `["bookings:cancel",{"bookingId":"${eventId}","requestId":"a-request-id","reason":"a\\u0000b"}]`,
    'reason',
  ],
  ['a field name with lone surrogates', '["events:list",{"\\ud800":1}]', /./],
])('[GUARD-1] a request with %s is answered with the field', async (_what, packet, field) => {
  expectRefused(await sender.askText(packet), field);
  expect((await sender.ask('seats:unwatch', { eventId })).ok).toBe(true);
});

test('[GUARD-1] Object.prototype is as it was', () => {
  expect(({} as { isAdmin?: boolean }).isAdmin).toBeUndefined();
});

test('[GUARD-1] 100,000 seats are more than a frame may have', async () => {
  const attacker = await joined(url, (await hubs.user()).token);
  attacker.send(`421${hold(`"seats":${seats(100_000)}`)}`);
  await attacker.end();
});

test.each([
  ['minus zero', '-0', 0],
  ['an exponent', '1e1', 10],
  ['a fraction of zero', '12.0', 12],
])('[GUARD-1] a seat written as %s is the seat it says', async (_what, text, seat) => {
  const buyer = await joined(url, (await hubs.user()).token);
  const ack = await buyer.askText(hold(`"seats":[${text}]`));
  expect(ack).toMatchObject({ ok: true, data: { hold: { seats: [seat] } } });
  buyer.close();
});

test.each([
  'no:such',
  'seats:',
  'seats',
  'SEATS:HOLD',
  'seats:hold ',
  '__proto__',
  'server:disconnected',
  'seats:changed',
])('[GUARD-1] the unknown message "%s" is answered as such', async (name) => {
  expect(await sender.ask(name, {})).toMatchObject({ ok: false, error: { code: 'unknown-message' } });
});

test.each(['auth:login', 'auth:register', 'auth:logout', 'plans:import', 'plans:read'])(
  '[GUARD-1] %s is not taken from sockets',
  async (name) => {
    const request = { email: 'a@example.com', password: 'a long password' };
    expect(await sender.ask(name, request)).toMatchObject({ ok: false, error: { code: 'unknown-message' } });
  },
);

test('[GUARD-1] a request nobody waits for is not carried out', async () => {
  const own = await hubs.event();
  const before = sockets.counts.withoutAck;
  sender.send(`42["seats:hold",{"eventId":"${own}","seats":[1],"requestId":"without-ack"}]`);
  await sender.ask('seats:unwatch', { eventId: own });
  expect(sockets.counts.withoutAck).toBe(before + 1);
  const buyer = await joined(url, (await hubs.user()).token);
  const request = { eventId: own, seats: [1], requestId: requestId() };
  expect((await buyer.ask('seats:hold', request)).ok).toBe(true);
  buyer.close();
});

test('[HOLD-8] the hold of somebody else is answered like one that never was', async () => {
  const [ada, eve] = (await hubs.users(2)) as [TestUser, TestUser];
  const [owner, thief] = [await joined(url, ada.token), await joined(url, eve.token)];
  const event = await hubs.event();
  const held = await owner.ask('seats:hold', { eventId: event, seats: [5], requestId: requestId() });
  const { holdId } = granted<{ hold: { holdId: string } }>(held).hold;
  for (const message of ['seats:extend', 'seats:release', 'bookings:confirm']) {
    const [foreign, absent] = await Promise.all([
      thief.ask(message, { eventId: event, holdId, requestId: requestId() }),
      thief.ask(message, { eventId: event, holdId: newHoldId(), requestId: requestId() }),
    ]);
    expect(foreign, message).toEqual(absent);
    expect(foreign, message).toMatchObject({ ok: false, error: { code: 'hold-not-found' } });
  }
  const more = { eventId: event, seats: [6], holdId, requestId: requestId() };
  expect(await thief.ask('seats:hold', more)).toMatchObject({ ok: false, error: { code: 'hold-not-found' } });
  const booked = await owner.ask('bookings:confirm', { eventId: event, holdId, requestId: requestId() });
  const { id } = granted<{ booking: { id: string } }>(booked).booking;
  const [foreign, absent] = await Promise.all([
    thief.ask('bookings:cancel', { bookingId: id, requestId: requestId() }),
    thief.ask('bookings:cancel', { bookingId: newId(), requestId: requestId() }),
  ]);
  expect(foreign).toEqual(absent);
  owner.close();
  thief.close();
});

test('[HOLD-2] an event id in other letters does not open a second map of the same seats', async () => {
  const [ada, eve] = (await hubs.users(2)) as [TestUser, TestUser];
  const [owner, thief] = [await joined(url, ada.token), await joined(url, eve.token)];
  const event = await hubs.event();
  await owner.ask('seats:hold', { eventId: event, seats: [5], requestId: requestId() });
  const ack = await thief.ask('seats:hold', {
    eventId: event.toUpperCase(),
    seats: [5],
    requestId: requestId(),
  });
  expect(ack).toMatchObject({ ok: false, error: { code: 'invalid-request' } });
  owner.close();
  thief.close();
});
