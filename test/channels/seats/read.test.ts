import { expect, test } from 'vitest';
import type { SeatsReadReply } from '../../../src/contracts.gen.ts';
import { loadContracts } from '../../../src/contracts.ts';
import { decodeSnapshot, lettersOfStates } from '../../../src/seats/codec.ts';
import { lettersOf, until } from '../../support/client.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, nobody, node, send } from '../support.ts';

const hubs = await startTestHubs(2);
const read = async (eventId: string, on = 0) =>
  (await (await send(node(hubs, on), 'seats:read', { eventId })).json()) as SeatsReadReply;
const statusesOf = (reply: SeatsReadReply) => reply.seats.map(({ status }) => status[0]).join('');

/** The line of text, taken apart as its description says. */
async function readCompact(eventId: string, on = 0) {
  const response = await send(node(hubs, on), 'seats:read', { eventId, format: 'compact' });
  expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const [epoch, position, age, encoding, count, seats, ...rest] = (await response.text()).split(' ');
  expect(rest).toEqual([]);
  const snapshot = { encoding: encoding as 'runs' | 'bits', count: Number(count), seats: seats ?? '' };
  return { epoch, position: Number(position), age, letters: lettersOfStates(decodeSnapshot(snapshot)) };
}

test('[SEATS-1] every seat with its label, category, price and status, whether or not anybody watches the event there', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  await buyer.hold(eventId, [1, 2]);
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  for (const on of [0, 1]) {
    const reply = await read(eventId, on);
    const check = loadContracts().asks.get('seats:read')?.checkReply;
    expect(check?.(reply), JSON.stringify(check?.errors)).toBe(true);
    expect(reply).toMatchObject({ eventId, stale: false, currency: 'EUR' });
    expect(statusesOf(reply)).toBe(lettersOf(map));
    expect(reply.seats[21]).toEqual({
      seat: 21,
      label: 'Main, row 2, seat 2',
      category: 'Stalls',
      priceCents: 2500,
      status: 'free',
    });
  }
});

test('[SEATS-1] compact is what a socket is sent, in a line of text', async () => {
  const eventId = await hubs.event();
  const buyer = await hubs.connect(await hubs.user());
  await buyer.hold(eventId, [1, 5, 6]);
  for (const on of [0, 1]) {
    const line = await readCompact(eventId, on);
    const view = await buyer.request('seats:watch', { eventId });
    expect(line).toMatchObject({ epoch: view.epoch, position: view.position, age: 'fresh' });
    expect(view.snapshot && lettersOfStates(decodeSnapshot(view.snapshot))).toBe(line.letters);
  }
});

test('[SEATS-1] a hold made over HTTP is seen by viewers of another node, and by whoever asks there', async () => {
  const eventId = await hubs.event();
  const map = await (await hubs.connect(undefined, 1)).watching(eventId);
  const user = await hubs.user();
  const ask = { eventId, seats: [3], requestId: 'a-hold-over-http' };
  const { hold } = await call(node(hubs), 'seats:hold', ask, user);
  await until(() => lettersOf(map)[3] === 'h', 'the hold to be seen');
  await until(async () => statusesOf(await read(eventId, 1))[3] === 'h', 'the hold to be read');
  const path = `${node(hubs).url}/api/v1/events/${eventId}/holds/${hold.holdId}`;
  const headers = { authorization: `Bearer ${user.token}`, 'idempotency-key': 'and-given-back' };
  expect((await fetch(path, { method: 'DELETE', headers })).status).toBe(200);
  await until(() => lettersOf(map)[3] === 'f', 'the seat to be free again');
});

test('[SEATS-2] as long as no seat has changed whoever asks again gets 304, and nothing is encoded anew', async () => {
  const eventId = await hubs.event();
  const { seatDocuments } = node(hubs).engine;
  for (const format of ['json', 'compact']) {
    const first = await send(node(hubs), 'seats:read', { eventId, format });
    const etag = first.headers.get('etag') ?? '';
    expect(etag).toMatch(new RegExp(`^"[\\w-]{8}-\\d+-${format}"$`));
    const made = seatDocuments.counts.made;
    const url = `${node(hubs).url}/api/v1/events/${eventId}/seats?format=${format}`;
    const again = () => fetch(url, { headers: { 'if-none-match': etag } });
    // Longer than a document is given without a look.
    const end = performance.now() + 450;
    while (performance.now() < end) {
      const response = await again();
      expect(response.status).toBe(304);
      expect(await response.text()).toBe('');
    }
    expect(seatDocuments.counts.made).toBe(made);
    const buyer = await hubs.connect(await hubs.user(), 1);
    await buyer.hold(eventId, [format === 'json' ? 1 : 2]);
    await until(async () => (await again()).status === 200, 'the change to be read');
    expect(seatDocuments.counts.made).toBe(made + 1);
  }
});

test('event-not-found: drafts, and none', async () => {
  for (const eventId of [nobody, await hubs.event({ publish: false })]) {
    await expectRefused(node(hubs), 'seats:read', { eventId }, undefined, 'event-not-found');
  }
});
