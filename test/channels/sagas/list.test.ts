import { expect, test } from 'vitest';
import type { Saga } from '../../../src/contracts.gen.ts';
import { startTestHubs } from '../../support/hub.ts';
import { call, expectRefused, node } from '../support.ts';
import {
  buy,
  cards,
  checkout,
  expectBalanced,
  paidEvent,
  pay,
  quick,
  untilDead,
  untilSaga,
} from './support.ts';

const hubs = await startTestHubs(2, quick());
const admin = await hubs.user('admin');
const list = async (request: object = {}, on = 1) =>
  (await call(node(hubs, on), 'sagas:list', request, admin)).sagas;

const eventId = await paidEvent(hubs);
const user = await hubs.user();
const buyer = await hubs.connect(user);
const captured = await buy(buyer, eventId, [1, 2]);
await untilSaga(hubs, captured.holdId, 'captured');
const dead = await buy(buyer, eventId, [3], cards.captureFailsForEver);
await untilDead(hubs, dead.holdId, 'capture');
const { holdId: declined } = await buyer.hold(eventId, [4]);
await checkout(buyer, eventId, declined, '4000000000009979').catch(() => undefined);
const otherEvent = await paidEvent(hubs);
const { holdId: authorised } = await pay(buyer, otherEvent, [5]);

test('every payment with its steps, newest first, on any node', async () => {
  const sagas = await list();
  expect(sagas.map((saga) => saga.holdId)).toEqual([authorised, declined, dead.holdId, captured.holdId]);
  expect(await list({}, 0)).toEqual(sagas);
  const [, , , first] = sagas as [Saga, Saga, Saga, Saga];
  expect(first).toMatchObject({
    holdId: captured.holdId,
    eventId,
    userId: user.id,
    bookingId: captured.id,
    provider: 'simulated',
    paymentId: expect.stringMatching(/^sim_/),
    state: 'captured',
    reason: '',
    seats: [1, 2],
    amountCents: 5000,
    refundedCents: 0,
    currency: 'EUR',
  });
  expect(first.steps.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
    'start done',
    'authorise done',
    'book done',
    'capture done',
  ]);
  for (const { endedAt } of first.steps) expect(endedAt).not.toBeNull();
});

test('[PAY-5] what was put aside is listed with its reason and attempts', async () => {
  const [saga, ...others] = await list({ dead: true });
  expect(others).toEqual([]);
  expect(saga).toMatchObject({ holdId: dead.holdId, state: 'booked', reason: /^provider-error: / });
  expect(saga?.steps.at(-1)).toMatchObject({
    kind: 'capture',
    state: 'dead',
    attempts: 4,
    reason: 'provider-error: capture failed, as the card asked for',
    endedAt: null,
  });
});

test('a decline is told without what is nobody’s business', async () => {
  const [saga] = await list({ state: 'declined' });
  expect(saga).toMatchObject({
    holdId: declined,
    bookingId: null,
    reason: 'The card was declined. Try another one.',
  });
});

test('how a buyer pays is never shown', async () => {
  const text = JSON.stringify(await list());
  for (const number of [cards.good, cards.captureFailsForEver, '4000000000009979'])
    expect(text).not.toContain(number);
  expect(text).not.toMatch(/method|secret/i);
});

test('by state, by event, and both', async () => {
  const ids = async (request: object) => (await list(request)).map((saga) => saga.holdId);
  expect(await ids({ state: 'captured' })).toEqual([captured.holdId]);
  expect(await ids({ eventId: otherEvent })).toEqual([authorised]);
  expect(await ids({ eventId, state: 'authorised' })).toEqual([]);
  expect(await ids({ eventId, dead: false })).toHaveLength(3);
});

test('page by page nothing is missed or doubled; cursor-invalid: a cursor that is not ours', async () => {
  const found: string[] = [];
  let cursor: string | null | undefined;
  do {
    const page = await call(node(hubs), 'sagas:list', { limit: 1, ...(cursor ? { cursor } : {}) }, admin);
    found.push(...page.sagas.map((saga) => saga.holdId));
    cursor = page.nextCursor;
  } while (cursor && found.length < 10);
  expect(found).toEqual((await list()).map((saga) => saga.holdId));
  for (const wrong of ['x', Buffer.from('["1"]').toString('base64url')])
    await expectRefused(node(hubs), 'sagas:list', { cursor: wrong }, admin, 'cursor-invalid');
});

test('the books balance once what was put aside is given up', async () => {
  await call(node(hubs), 'sagas:abandon', { holdId: dead.holdId }, admin);
  await buyer.confirm(otherEvent, authorised);
  await expectBalanced(hubs);
});
