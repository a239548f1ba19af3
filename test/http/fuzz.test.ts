/**
 * Requests made from the hub's own OpenAPI document, most of them nearly right, as everybody who can ask. Whatever comes,
 * the answer is one that the document promises, and never a fault of the hub.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Role } from '../../src/contracts.gen.ts';
import { requestId } from '../support/client.ts';
import { startTestHubs, type TestUser } from '../support/hub.ts';
import { book, call, node, organizerOf } from '../channels/support.ts';
import { assemble, type Operation, operationsOf } from './fuzz/operations.ts';
import type { Schema } from './fuzz/from-schema.ts';

/** 10,000 are sent with FUZZ=10000. */
const requests = Number(process.env.FUZZ ?? 3000);
/** They cost 50 ms of CPU each, on purpose. */
const slow = /^auth|password/i;
const slowShare = 0.02;
const atOnce = 8;

const hubs = await startTestHubs(1);
const { url } = node(hubs);
const document = (await (await fetch(`${url}/openapi.json`)).json()) as Schema;

/** What exists, so that requests get beyond "there is no such thing". */
async function things(): Promise<Map<string, string[]>> {
  const events = [await hubs.event(), await hubs.event({ rules: { payment: 'online' } })];
  events.push(await hubs.event({ publish: false }));
  const organizer = await organizerOf(hubs, events[0] as string);
  const buyer = await hubs.user();
  const client = await hubs.connect(buyer);
  const booking = await book(client, events[0] as string, [1, 2]);
  const { hold } = await client.request('seats:hold', {
    eventId: events[0] as string,
    seats: [5],
    requestId: requestId(),
  });
  const { planId } = await call(node(hubs), 'events:read', { eventId: events[0] as string }, organizer);
  people.push(organizer, buyer);
  return new Map([
    ['Id', [...events, booking.id, String(planId), organizer.id, buyer.id]],
    ['HoldId', [hold.holdId]],
  ]);
}

const people: (TestUser | undefined)[] = [undefined];
const pools = await things();
const lasting = people.length;
async function newcomers(): Promise<void> {
  people.length = lasting;
  const roles: Role[] = ['user', 'organizer', 'admin', 'kiosk'];
  for (const role of roles) people.push(await hubs.user(role));
}
const operations = operationsOf(document, pools);

test('[GUARD-1] every answer to whatever is asked over HTTP is one the OpenAPI document promises', async () => {
  const quick = operations.filter(({ id }) => !slow.test(id));
  const each = Math.ceil(requests / quick.length);
  const statuses = new Map<number, number>();
  for (const operation of operations) {
    // Who was signed out or disabled on the way would be refused everywhere from then on.
    await newcomers();
    const numRuns = slow.test(operation.id) ? Math.max(5, Math.round(each * slowShare)) : each;
    await fuzz(operation, numRuns, statuses);
  }
  // Not everything was refused before anybody looked at it.
  const total = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  const share = (status: number) => (statuses.get(status) ?? 0) / total;
  expect(share(200) + share(201), JSON.stringify([...statuses])).toBeGreaterThan(0.02);
  expect(share(401) + share(403)).toBeLessThan(0.8);
  expect((await fetch(`${url}/health/live`)).status).toBe(200);
}, 600_000);

async function fuzz(operation: Operation, numRuns: number, statuses: Map<number, number>): Promise<void> {
  const asked = fc.record({ parts: operation.request, person: fc.constantFrom(...people) });
  const batches = fc.array(asked, { minLength: atOnce, maxLength: atOnce });
  await fc.assert(
    fc.asyncProperty(batches, async (batch) => {
      const complaints = await Promise.all(
        batch.map(async ({ parts, person }) => {
          const [path, init] = assemble(operation, parts);
          const headers = { ...(init.headers as Record<string, string>) };
          if (person) headers.authorization = `Bearer ${person.token}`;
          const response = await fetch(url + path, { ...init, headers, redirect: 'manual' });
          const body = await response.text();
          statuses.set(response.status, (statuses.get(response.status) ?? 0) + 1);
          const complaint = operation.complaint(
            response.status,
            response.headers.get('content-type') ?? '',
            body,
          );
          return complaint && `${init.method} ${path} ${String(init.body ?? '').slice(0, 500)}\n${complaint}`;
        }),
      );
      const [first] = complaints.filter(Boolean);
      if (first) throw new Error(first);
    }),
    { numRuns: Math.max(1, Math.ceil(numRuns / atOnce)) },
  );
}
