/** What the channel tests share: messages over HTTP, and states that no message alone can bring about. */
import pg from 'pg';
import { expect } from 'vitest';
import type { Booking, MessageName, Messages } from '../../src/contracts.gen.ts';
import { loadContracts } from '../../src/contracts.ts';
import { type ErrorCode, errors } from '../../src/errors.ts';
import type { Hub } from '../../src/hub.ts';
import { newId } from '../../src/ids.ts';
import { Tokens } from '../../src/session.ts';
import { requestId, type TestClient, until } from '../support/client.ts';
import { type TestHubs, type TestUser, testKeys } from '../support/hub.ts';

/** An id that nothing has. */
export const nobody = '01900000-0000-7000-8000-000000000000';
/** A hold id that no hold has. */
export const noHold = 'AAAAAAAAAAAAAAAAAAAAAA';

/** The smallest PNG: one transparent dot. */
export const dot = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

export function node(hubs: TestHubs, index = 0): Hub {
  const hub = hubs.nodes[index];
  if (!hub) throw new RangeError(`there is no node ${index}`);
  return hub;
}

export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  message: string;
  retry: string;
  details?: Record<string, unknown>;
}

/** Puts the beginning of an event's sale off, as its organizer would; returns once every node knows. Epoch ms. */
export async function beginSaleInAnHour(hubs: TestHubs, eventId: string): Promise<number> {
  const from = Date.now() + 3_600_000;
  const change = { eventId, salesStartAt: new Date(from).toISOString() };
  await call(node(hubs), 'events:update', change, await organizerOf(hubs, eventId));
  await until(async () => {
    const cards = await Promise.all(hubs.nodes.map(({ engine }) => engine.events.card(eventId)));
    return cards.every((card) => card?.salesStartAt === from);
  }, 'every node to know when the sale begins');
  return from;
}

/** Sends a message the way its contract's `http` line says. */
export async function send(
  hub: Hub,
  message: MessageName,
  request: object,
  user?: TestUser,
  key?: string,
  file: BodyInit = dot,
): Promise<Response> {
  const http = loadContracts().asks.get(message)?.http;
  if (!http) throw new Error(`${message} has no route`);
  const rest = new Map<string, unknown>(Object.entries(request));
  const path = http.path.replace(/:(\w+)/g, (_, name: string) => {
    const value = String(rest.get(name));
    rest.delete(name);
    return encodeURIComponent(value);
  });
  const headers: Record<string, string> = user ? { authorization: `Bearer ${user.token}` } : {};
  if (key) headers['idempotency-key'] = key;
  if (http.method === 'GET' || http.method === 'DELETE' || http.consumes) {
    const query = new URLSearchParams([...rest].map(([name, value]) => [name, String(value)]));
    if (http.consumes) headers['content-type'] = http.consumes[0] ?? '';
    const init = http.consumes ? { body: file } : {};
    return fetch(`${hub.url}${path}?${query}`, { method: http.method, headers, ...init });
  }
  headers['content-type'] = 'application/json';
  const body = JSON.stringify(Object.fromEntries(rest));
  return fetch(`${hub.url}${path}`, { method: http.method, headers, body });
}

/** Asks over HTTP; the reply is checked against its contract. */
export async function call<M extends MessageName>(
  hub: Hub,
  message: M,
  request: Messages[M]['request'],
  user?: TestUser,
  key?: string,
): Promise<Messages[M]['reply']> {
  const response = await send(hub, message, request, user, key);
  const body = (await response.json()) as Messages[M]['reply'];
  expect(response.ok, `${message} was refused: ${JSON.stringify(body)}`).toBe(true);
  const check = loadContracts().asks.get(message)?.checkReply;
  expect(check?.(body), `the reply to ${message} breaks its contract: ${JSON.stringify(check?.errors)}`).toBe(
    true,
  );
  return body;
}

/** Expects a request over HTTP to be refused with a code its contract allows; answers the details. */
export async function expectRefused(
  hub: Hub,
  message: MessageName,
  request: object,
  user: TestUser | undefined,
  code: ErrorCode,
  key?: string,
): Promise<Record<string, unknown>> {
  const response = await send(hub, message, request, user, key);
  const body = (await response.json()) as Problem;
  expect(body.code, JSON.stringify(body)).toBe(code);
  expect(errors[code].common || loadContracts().asks.get(message)?.errors.includes(code)).toBe(true);
  expect(response.status).toBe(errors[code].status);
  expect(response.headers.get('content-type')).toBe('application/problem+json');
  expect(body).toMatchObject({
    status: response.status,
    title: errors[code].message,
    retry: errors[code].retry,
  });
  return body.details ?? {};
}

const tokens = new Tokens(testKeys, 3_600_000);

/** Who made the event, as somebody who can send messages. */
export async function organizerOf(hubs: TestHubs, eventId: string): Promise<TestUser> {
  const [row] = await hubs.sql<{ id: string }>('select organizer_id as id from events where id = $1', [
    eventId,
  ]);
  if (!row) throw new Error(`there is no event ${eventId}`);
  return { id: row.id, token: (await tokens.sign({ id: row.id, role: 'organizer' })).token };
}

/** Holds seats and books them. */
export async function book(client: TestClient, eventId: string, seats: number[]): Promise<Booking> {
  const { hold } = await client.request('seats:hold', { eventId, seats, requestId: requestId() });
  const { holdId } = hold;
  return (await client.request('bookings:confirm', { eventId, holdId, requestId: requestId() })).booking;
}

/** A message sent twice under one key is answered once; under that key nothing else is taken. */
export async function expectOnce<M extends MessageName>(
  hubs: TestHubs,
  message: M,
  requests: [Messages[M]['request'], Messages[M]['request']],
  user: TestUser,
): Promise<Messages[M]['reply']> {
  const key = requestId();
  const first = await call(node(hubs), message, requests[0], user, key);
  const last = hubs.nodes.length - 1;
  expect(await call(node(hubs, last), message, requests[0], user, key)).toEqual(first);
  await expectRefused(node(hubs, last), message, requests[1], user, 'request-id-reused', key);
  return first;
}

/** While it is locked no outcome can be written: confirms hang between Redis and PostgreSQL. */
export async function lockOutcomes(hubs: TestHubs): Promise<{ release(): Promise<void> }> {
  const holder = new pg.Client({ connectionString: hubs.databaseUrl });
  await holder.connect();
  await holder.query('begin');
  await holder.query('lock table outcomes in share mode');
  return { release: () => holder.end() };
}

/** Ends the connections of statements that wait for a lock: nobody knows what became of them. @returns how many */
export async function endWaiting(hubs: TestHubs): Promise<number> {
  const ended = await hubs.sql(
    `select pg_terminate_backend(pid) from pg_stat_activity
     where datname = current_database() and wait_event_type = 'Lock'`,
  );
  return ended.length;
}

/** Fills the queue of confirms of a node with what nothing will come of. @returns what resolves once it is worked off */
export async function fillQueue(hub: Hub, userId: string): Promise<Promise<unknown>[]> {
  const { queue } = hub.engine.confirms;
  const line = { seat: 0, label: 'Seat', category: 'Stalls', priceCents: 0, cancelledAt: null };
  const filler = { eventId: newId(), userId, sessionId: null, requestId: null, currency: 'EUR' };
  const deadline = performance.now() + 60_000;
  const filling = Array.from({ length: 10_400 }, (_, n) =>
    queue.ask(
      { ...filler, holdId: `filler-${n}`, bookingId: newId(), seats: [{ ...line, seat: n }] },
      deadline,
    ),
  );
  await until(() => queue.isFull, 'the queue to be full');
  return filling;
}

/** Resolves once the hold is marked as being booked. */
export async function untilConfirming(hubs: TestHubs, eventId: string, holdId: string): Promise<void> {
  const { keys, links } = node(hubs);
  const [, holds = ''] = keys.event(eventId);
  await until(
    async () => (await links.commands.hget(holds, holdId))?.startsWith('c|') ?? false,
    'the hold to be marked as being booked',
  );
}

/**
 * Runs something while a hold is being booked, and sees to it that the booking comes about afterwards.
 * @returns the booking
 */
export async function whileConfirming(
  hubs: TestHubs,
  buyer: TestClient,
  hold: { eventId: string; holdId: string },
  work: () => Promise<unknown>,
): Promise<Booking> {
  const lock = await lockOutcomes(hubs);
  const { eventId, holdId } = hold;
  try {
    const confirming = buyer.request('bookings:confirm', { eventId, holdId, requestId: requestId() });
    confirming.catch(() => undefined);
    await untilConfirming(hubs, eventId, holdId);
    await work();
    await lock.release();
    return (await confirming).booking;
  } finally {
    await lock.release().catch(() => undefined);
  }
}

/** The status of every tell that a client has heard of one name. */
export const heard = (client: TestClient, name: string): unknown[] =>
  client.told.filter((tell) => tell.name === name).map((tell) => tell.data);
