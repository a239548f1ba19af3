/** What does not fit its contract, over sockets and over HTTP. */
import { describe, expect, test } from 'vitest';
import type { MessageName } from '../../src/contracts.gen.ts';
import { type CompiledAsk, loadContracts } from '../../src/contracts.ts';
import { requestId } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { expectRefused, nobody, node, noHold } from './support.ts';

const hubs = await startTestHubs(1);
const client = await hubs.connect(await hubs.user('admin'));
const admin = await hubs.user('admin');
const connection = client.socket;

const asks = [...loadContracts().asks.values()];
const named = (list: CompiledAsk[]) => list.map((ask) => [ask.name, ask] as const);
const requiredOf = (ask: CompiledAsk) => (ask.request.required ?? []) as string[];
const propertiesOf = (ask: CompiledAsk) => Object.keys((ask.request.properties ?? {}) as object);

/** Refused with the field and what is allowed, on the same connection as all others before. */
async function refused(name: MessageName, request: unknown, field: string | RegExp): Promise<string> {
  const details = await client.expectDenied(name, request, 'invalid-request');
  if (typeof field === 'string') expect(details.field).toBe(field);
  else expect(details.field).toMatch(field);
  expect(details.allowed).toMatch(/\w/);
  return String(details.allowed);
}

describe.each(named(asks.filter((ask) => ask.socket)))('[GUARD-1] %s on a socket', (name, ask) => {
  test('names the field that is missing, unknown or of the wrong kind, and the connection lives on', async () => {
    const [first] = requiredOf(ask);
    if (first) expect(await refused(name, {}, first)).toBe('is required');
    if (!first)
      expect(await refused(name, { nonsense: 1 }, 'nonsense')).toBe('is not a field of this message');
    for (const field of propertiesOf(ask)) {
      await refused(name, { ...sample(ask), [field]: [[]] }, new RegExp(`^${field}`));
    }
    for (const request of [null, 'text', 7, [], true]) await refused(name, request, '(the whole request)');
    expect(client.socket).toBe(connection);
    await client.request('events:list', {});
  });

  test('an unknown field is named', async () => {
    const allowed = await refused(name, { ...sample(ask), nonsense: 1 }, 'nonsense');
    expect(allowed).toBe('is not a field of this message');
  });
});

const overHttp = asks.filter((ask) => ask.http && ask.name !== 'plans:import');
describe.each(named(overHttp))('[GUARD-1] %s over HTTP', (name, ask) => {
  test('names the field and what is allowed there, as problem+json', async () => {
    const unknown = { ...sample(ask), nonsense: 'x' };
    const details = await expectRefused(node(hubs), name, unknown, admin, 'invalid-request');
    expect(details).toEqual({ field: 'nonsense', allowed: 'is not a field of this message' });
    for (const field of propertiesOf(ask)) {
      const isText = ask.http?.method === 'GET' || ask.http?.method === 'DELETE' || ask.http?.consumes;
      const wrong = { ...sample(ask), [field]: isText ? '' : [[]] };
      const inPath = ask.http?.path.includes(`:${field}`);
      const request = inPath ? { ...wrong, [field]: 'not-an-id' } : wrong;
      const told = await expectRefused(node(hubs), name, request, admin, 'invalid-request');
      expect(told).toEqual({
        field: expect.stringMatching(new RegExp(`^${field}`)),
        allowed: expect.any(String),
      });
    }
  });
});

/** What its required fields need, so that only what a test changes is wrong. */
function sample(ask: CompiledAsk): Record<string, unknown> {
  const values: Record<string, unknown> = {
    eventId: nobody,
    bookingId: nobody,
    attachmentId: nobody,
    token: 'A'.repeat(43),
    seat: 1,
    planId: nobody,
    holdId: noHold,
    requestId: requestId(),
    seats: [1],
    email: 'ada@example.com',
    password: 'long enough',
    name: 'Ada',
    title: 'An evening',
    startsAt: '2090-01-01T10:00:00Z',
    endsAt: '2090-01-01T12:00:00Z',
    currency: 'EUR',
    prices: { Stalls: 100 },
    rule: 'FREQ=DAILY;COUNT=2',
    items: [{ action: 'delete', request: { eventId: nobody } }],
    venueId: nobody,
    address: { street: '', city: 'Ghent', postalCode: '9000', country: 'BE' },
    timeZone: 'Europe/Brussels',
    plan: {},
    starts_at: '2090-01-01T10:00:00Z',
    ends_at: '2090-01-01T12:00:00Z',
    userId: nobody,
    kioskId: nobody,
    entryId: nobody,
    quantity: 1,
    pairingId: nobody,
    code: 'AAAA-AAAA',
    secret: 'A'.repeat(43),
    refreshToken: 'A'.repeat(43),
    oldPassword: 'long enough',
    newPassword: 'long enough',
  };
  const fields = requiredOf(ask).map((field) => [field, values[field]] as const);
  const few = (ask.request.minProperties as number | undefined) ?? 0;
  const [other = ''] =
    few > fields.length
      ? propertiesOf(ask).filter((field) => field in values && !requiredOf(ask).includes(field))
      : [];
  const more = other === '' ? [] : [[other, values[other]] as const];
  return Object.fromEntries([...fields, ...more]);
}

test('[GUARD-1] seats: a list of 1 to 50 different whole numbers', async () => {
  const hold = (seats: unknown) => ({ eventId: nobody, requestId: requestId(), seats });
  const faults: [unknown, RegExp][] = [
    [[], /^seats$/],
    [[1, 1], /^seats$/],
    [Array.from({ length: 51 }, (_, i) => i), /^seats$/],
    [[-1], /^seats\.0$/],
    [[1.5], /^seats\.0$/],
    [['1'], /^seats\.0$/],
    [[1, 100_000], /^seats\.1$/],
    [{ length: 1, 0: 1 }, /^seats$/],
  ];
  for (const [seats, field] of faults) await refused('seats:hold', hold(seats), field);
});

test('[GUARD-1] ids and numbers have the form their contract says', async () => {
  const faults: [MessageName, object, string][] = [
    ['seats:watch', { eventId: '1' }, 'eventId'],
    ['seats:watch', { eventId: `${nobody}0` }, 'eventId'],
    ['seats:watch', { eventId: nobody, since: { epoch: 'AAAAAAAA', position: -1 } }, 'since.position'],
    ['seats:watch', { eventId: nobody, since: { epoch: 'short', position: 0 } }, 'since.epoch'],
    ['seats:watch', { eventId: nobody, since: { epoch: 'AAAAAAAA' } }, 'since.position'],
    ['seats:extend', { eventId: nobody, holdId: 'x', requestId: requestId() }, 'holdId'],
    ['seats:extend', { eventId: nobody, holdId: noHold, requestId: 'a b' }, 'requestId'],
    ['seats:extend', { eventId: nobody, holdId: noHold, requestId: 'x'.repeat(65) }, 'requestId'],
    ['bookings:list', { limit: 0 }, 'limit'],
    ['bookings:list', { limit: 101 }, 'limit'],
    ['events:list', { status: 'open' }, 'status'],
    ['events:list', { cursor: '' }, 'cursor'],
  ];
  for (const [name, request, field] of faults) await refused(name, request, field);
  const { allowed } = await client.expectDenied('events:list', { status: 'open' }, 'invalid-request');
  expect(allowed).toBe('must be one of draft, published, cancelled, completed');
});

test('[GUARD-1] a request is one object', async () => {
  const ack = await new Promise<{ ok: boolean; error: { code: string; details: object } }>((resolve) => {
    client.socket?.emit('events:list', {}, {}, resolve);
  });
  expect(ack).toMatchObject({
    ok: false,
    error: { code: 'invalid-request', details: { field: '(the whole request)' } },
  });
});

test('[GUARD-1] what is allowed is said in words, also where the contract has a pattern', async () => {
  const client = await hubs.connect();
  const { allowed } = await client.expectDenied('seats:watch', { eventId: 'x' }, 'invalid-request');
  expect(allowed).toMatch(/^must be: A UUID made by the server/);
});
