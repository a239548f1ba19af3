/** What an organizer's webhook is told, how it knows who tells it, and what becomes of one that does not answer. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import type { MessageName, Messages } from '../../src/contracts.gen.ts';
import type { CloudEvent } from '../../src/domain-events/cloud-event.ts';
import type { DeliveryTimings } from '../../src/deliveries/delivery-timings.ts';
import { tooOld } from '../../src/deliveries/delivery-lane.ts';
import { signWebhook } from '../../src/webhooks/sign-webhook.ts';
import { book, call, node, organizerOf } from '../channels/support.ts';
import {
  deliveriesOf,
  hook,
  never,
  type Posted,
  startReceiver,
  startSending,
} from '../deliveries/support.ts';
import { until } from '../support/client.ts';

const hubs = await startSending(2);
const ask = <M extends MessageName>(
  name: M,
  request: Messages[M]['request'],
  user: { id: string; token: string },
) => call(node(hubs, 1), name, request, user);

const eventOf = ({ body }: Posted): CloudEvent => JSON.parse(body.toString());
const typeOf = (posted: Posted) => eventOf(posted).type;

/** The snippet that README shows to whoever receives webhooks. */
function verifyOfReadme(): (headers: object, body: Buffer, secret: string, now?: number) => unknown {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  const blocks = [...readme.matchAll(/```js\n([\s\S]*?)```/g)].map(([, code = '']) => code);
  const code = blocks.find((each) => each.includes('function verifyWebhook')) ?? '';
  const body = code.replace(/import .*node:crypto.*\n/, '').replace('export ', '');
  return new Function('createHmac', 'timingSafeEqual', 'Buffer', `${body}\nreturn verifyWebhook;`)(
    crypto.createHmac,
    crypto.timingSafeEqual,
    Buffer,
  );
}
const crypto = await import('node:crypto');
const verifyWebhook = verifyOfReadme();

test('[HOOK-1] an organizer hears of their own events and bookings, as CloudEvents, and of nothing else', async () => {
  const receiver = await startReceiver();
  const eventId = await hubs.event({ publish: false });
  const organizer = await organizerOf(hubs, eventId);
  const { webhook } = await hook(hubs, organizer, receiver.url);
  await ask('events:publish', { eventId }, organizer);
  const other = await hubs.user('organizer');
  const strange = await hubs.event({ publish: false });
  await hubs.sql('update events set organizer_id = $2 where id = $1', [strange, other.id]);
  await ask('events:publish', { eventId: strange }, other);
  const buyer = await hubs.connect(await hubs.user());
  await book(buyer, strange, [1]);
  const booking = await book(buyer, eventId, [3, 4]);
  await ask('events:cancel', { eventId }, organizer);
  await until(() => receiver.posted.length >= 4, 'four events');
  const types = receiver.posted.map(typeOf).map((type) => type.replace('com.seatcast.', ''));
  expect(types.sort()).toEqual([
    'booking.cancelled.v1',
    'booking.confirmed.v1',
    'event.cancelled.v1',
    'event.published.v1',
  ]);
  const confirmed = receiver.posted.find((posted) => typeOf(posted).includes('confirmed')) as Posted;
  const event = eventOf(confirmed);
  expect(event).toMatchObject({
    specversion: '1.0',
    subject: booking.id,
    data: { bookingId: booking.id, eventId, totalCents: 5000 },
  });
  expect(confirmed.method).toBe('POST');
  expect(confirmed.headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
  expect(confirmed.headers['webhook-id']).toBe(event.id);
  const { deliveries } = await ask('webhooks:deliveries', { webhookId: webhook.id }, organizer);
  expect(deliveries.map(({ source }) => source).sort()).toEqual(
    receiver.posted.map((posted) => eventOf(posted).id).sort(),
  );
  // Nobody else's: what happened there is known by now.
  expect(receiver.posted.map((posted) => JSON.stringify(eventOf(posted))).join()).not.toContain(strange);
});

test('[HOOK-1] of the types it names alone; an admin of all events; whoever has lost the role of none', async () => {
  const [some, all, none] = [await startReceiver(), await startReceiver(), await startReceiver()];
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const [admin, former] = [await hubs.user('admin'), await hubs.user('admin')];
  await hook(hubs, organizer, some.url, ['booking.cancelled']);
  await hook(hubs, admin, all.url);
  await hook(hubs, former, none.url);
  await hubs.sql("update users set role = 'user' where id = $1", [former.id]);
  const buyer = await hubs.connect(await hubs.user());
  const booking = await book(buyer, eventId, [1]);
  await buyer.request('bookings:cancel', { bookingId: booking.id, requestId: `cancel-${booking.id}` });
  await until(() => some.posted.length > 0 && all.posted.length > 1, 'both to be told');
  expect(some.posted.map(typeOf)).toEqual(['com.seatcast.booking.cancelled.v1']);
  expect(all.posted.map(typeOf).sort()).toEqual([
    'com.seatcast.booking.cancelled.v1',
    'com.seatcast.booking.confirmed.v1',
  ]);
  expect(none.posted).toEqual([]);
});

describe('[HOOK-2] a receiver knows by the signature, as README shows', () => {
  const secret = `whsec_${Buffer.alloc(32, 9).toString('base64')}`;
  const body = Buffer.from('{"id":"1"}');
  const signed = (ms = Date.now()) => signWebhook('msg_1', ms, body.toString(), [secret]);

  test('that it comes from the hub', async () => {
    const receiver = await startReceiver();
    const eventId = await hubs.event();
    const organizer = await organizerOf(hubs, eventId);
    const made = await hook(hubs, organizer, receiver.url);
    await book(await hubs.connect(await hubs.user()), eventId, [1]);
    await until(() => receiver.posted.length > 0, 'the booking to be told');
    const [posted] = receiver.posted as [Posted];
    expect(verifyWebhook(posted.headers, posted.body, made.secret)).toMatchObject({ id: eventOf(posted).id });
    expect(() => verifyWebhook(posted.headers, posted.body, secret)).toThrow();
    // A new secret: for a day either will do.
    const { secret: newer } = await ask(
      'webhooks:update',
      { webhookId: made.webhook.id, newSecret: true },
      organizer,
    );
    expect(newer).not.toBe(made.secret);
    await book(await hubs.connect(await hubs.user()), eventId, [2]);
    await until(() => receiver.posted.length > 1, 'the next booking to be told');
    const second = receiver.posted[1] as Posted;
    for (const each of [made.secret, newer as string])
      expect(verifyWebhook(second.headers, second.body, each)).toMatchObject({ id: eventOf(second).id });
  });

  test('the vector of the specification', () => {
    // https://github.com/standard-webhooks/standard-webhooks, tests of its libraries.
    const headers = signWebhook('msg_p5jXN8AQM9LWM0D4loKWxJek', 1614265330000, '{"test": 2432232314}', [
      'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
    ]);
    expect(headers['webhook-signature']).toBe('v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=');
  });

  test('that nothing was changed, and that it is not old', () => {
    expect(verifyWebhook(signed(), body, secret)).toEqual({ id: '1' });
    const changed: [string, object, Buffer][] = [
      ['the body', signed(), Buffer.from('{"id":"2"}')],
      ['the id', { ...signed(), 'webhook-id': 'msg_2' }, body],
      ['the time', { ...signed(), 'webhook-timestamp': String(Math.floor(Date.now() / 1000) - 1) }, body],
      ['the signature', { ...signed(), 'webhook-signature': 'v1,AAAA' }, body],
      [
        'its version',
        { ...signed(), 'webhook-signature': signed()['webhook-signature'].replace('v1', 'v2') },
        body,
      ],
      ['six minutes ago', signed(Date.now() - 360_000), body],
      ['in six minutes', signed(Date.now() + 360_000), body],
      ['no signature', { ...signed(), 'webhook-signature': undefined }, body],
      ['no time', { ...signed(), 'webhook-timestamp': 'now' }, body],
    ];
    for (const [what, headers, content] of changed)
      expect(() => verifyWebhook(headers, content, secret), what).toThrow();
  });
});

describe('[HOOK-3] a webhook that keeps failing', () => {
  let seat = 0;
  /** What happens to its event, n times. */
  async function happen(eventId: string, n: number) {
    const client = await hubs.connect(await hubs.user());
    for (let i = 0; i < n; i++) await book(client, eventId, [seat++]);
  }

  test('is paused and says why, is tried by one delivery, and gets everything once it is well', async () => {
    const receiver = await startReceiver();
    receiver.answer = () => ({ status: 503, body: 'down for\nmaintenance' });
    const eventId = await hubs.event();
    const organizer = await organizerOf(hubs, eventId);
    const { webhook } = await hook(hubs, organizer, receiver.url, ['booking.confirmed']);
    const state = async () =>
      (await ask('webhooks:list', { limit: 100 }, organizer)).webhooks.find(({ id }) => id === webhook.id);
    await happen(eventId, 6);
    await until(async () => (await state())?.state === 'paused', 'it to be paused');
    expect(await state()).toMatchObject({
      lastError: 'it answered with status 503: down for maintenance',
      pausedUntil: expect.any(String),
    });
    const noted = await hubs.sql(
      "select from audit where action = 'webhook-paused' and details ->> 'webhookId' = $1",
      [webhook.id],
    );
    expect(noted).toHaveLength(1);
    // Trials, one at a time: while one is unanswered no other comes.
    await until(async () => ((await state())?.failures ?? 0) >= 7, 'a trial to fail');
    let underWay = 0;
    let most = 0;
    receiver.answer = async () => {
      most = Math.max(most, ++underWay);
      await new Promise((resolve) => setTimeout(resolve, 50));
      underWay--;
      return { status: 503 } as never;
    };
    const before = receiver.posted.length;
    await until(() => receiver.posted.length >= before + 2, 'two more trials');
    expect(most).toBe(1);
    receiver.answer = () => ({ status: 200 });
    await until(async () => (await state())?.state === 'on', 'it to be well');
    await until(async () => {
      const { deliveries } = await ask('webhooks:deliveries', { webhookId: webhook.id }, organizer);
      return deliveries.every((each) => each.state === 'sent' || each.state === 'dead');
    }, 'all to be sent');
    expect(await state()).toMatchObject({ failures: 0, pausedUntil: null, lastError: '' });
  });

  test('keeps no other waiting, and ends its pause when its owner says so', async () => {
    const [slow, quick] = [await startReceiver(), await startReceiver()];
    slow.answer = never;
    const own = await startSending(1, {}, { answerMs: 500, restMs: 3_600_000, longestRestMs: 3_600_000 });
    const eventId = await own.event();
    const organizer = await organizerOf(own, eventId);
    const { webhook } = await hook(own, organizer, slow.url);
    await hook(own, organizer, quick.url);
    const client = await own.connect(await own.user());
    for (let i = 0; i < 12; i++) await book(client, eventId, [i]);
    await until(() => quick.posted.length === 12, 'the other to be told of all');
    const paused = async () => (await call(node(own), 'webhooks:list', {}, organizer)).webhooks.at(-1);
    await until(async () => (await paused())?.state === 'paused', 'the slow one to be paused');
    expect((await paused())?.lastError).toBe('no answer within 500 ms');
    slow.answer = () => ({ status: 200 });
    await call(node(own), 'webhooks:update', { webhookId: webhook.id, active: true }, organizer);
    await until(
      async () => (await deliveriesOf(own)).every(({ state }) => state === 'sent'),
      'everything to be sent',
    );
    expect(new Set(slow.posted.map((posted) => eventOf(posted).id)).size).toBe(12);
  });

  test('that answers 410 is switched off', async () => {
    const receiver = await startReceiver();
    receiver.answer = () => ({ status: 410 });
    const eventId = await hubs.event();
    const organizer = await organizerOf(hubs, eventId);
    const { webhook } = await hook(hubs, organizer, receiver.url);
    await happen(eventId, 1);
    await until(async () => {
      const { webhooks } = await ask('webhooks:list', { limit: 100 }, organizer);
      return webhooks.find(({ id }) => id === webhook.id)?.state === 'off';
    }, 'it to be off');
    await happen(eventId, 1);
    expect(receiver.posted).toHaveLength(1);
  });
});

test('[HOOK-4] what is dead says why, and is posted again when somebody asks for it; also what was sent', async () => {
  const receiver = await startReceiver();
  receiver.answer = () => ({ status: 500, body: 'no' });
  const eventId = await hubs.event();
  const organizer = await organizerOf(hubs, eventId);
  const { webhook } = await hook(hubs, organizer, receiver.url, ['booking.confirmed']);
  const webhookId = webhook.id;
  await book(await hubs.connect(await hubs.user()), eventId, [1]);
  const only = async () => (await ask('webhooks:deliveries', { webhookId }, organizer)).deliveries[0];
  await until(async () => (await only())?.state === 'dead', 'it to be dead');
  expect(await only()).toMatchObject({
    attempts: 8,
    lastError: 'it answered with status 500: no',
    nextAt: null,
    kind: 'booking.confirmed',
  });
  expect(receiver.posted).toHaveLength(8);
  const ids = new Set(receiver.posted.map(({ headers }) => headers['webhook-id']));
  expect(ids.size).toBe(1);
  receiver.answer = () => ({ status: 200 });
  expect(await ask('webhooks:retry', { webhookId }, organizer)).toEqual({ retried: 1 });
  await until(async () => (await only())?.state === 'sent', 'it to be sent');
  const deliveryId = (await only())?.id as string;
  expect(await ask('webhooks:retry', { webhookId }, organizer)).toEqual({ retried: 0 });
  expect(await ask('webhooks:retry', { webhookId, deliveryId }, organizer)).toEqual({ retried: 1 });
  await until(() => receiver.posted.length === 10, 'it to be sent again');
  expect(new Set(receiver.posted.map(({ headers }) => headers['webhook-id']))).toEqual(ids);
});

describe('[HOOK-3] what dies before its receiver is asked says nothing of that one', () => {
  const hourMs = 3_600_000;
  /** A webhook whose pauses last for an hour, and bookings that have failed to reach it. */
  async function paused(more: Partial<DeliveryTimings> = {}) {
    const own = await startSending(1, {}, { restMs: hourMs, longestRestMs: hourMs, ...more });
    const receiver = await startReceiver();
    receiver.answer = () => ({ status: 503 });
    const eventId = await own.event();
    const organizer = await organizerOf(own, eventId);
    const { webhook } = await hook(own, organizer, receiver.url, ['booking.confirmed']);
    const client = await own.connect(await own.user());
    for (let i = 0; i < 8; i++) await book(client, eventId, [i]);
    const state = async () => (await call(node(own), 'webhooks:list', {}, organizer)).webhooks[0];
    await until(async () => (await state())?.state === 'paused', 'it to be paused');
    await until(async () => {
      const rows = await own.sql("select state from deliveries where state = 'waiting'");
      return rows.length === 8;
    }, 'all of them to wait');
    return { own, receiver, organizer, webhookId: webhook.id, state };
  }

  test('the pause of a webhook is over, and what waited is too old: the next one tries it', async () => {
    const { own, receiver, webhookId, state } = await paused();
    receiver.answer = () => ({ status: 200 });
    const before = receiver.posted.length;
    await own.sql(
      `with ended as (update webhooks set paused_until = now() where id = $1)
      update deliveries set next_at = now() - interval '1 hour' + id * interval '1 second',
        due_since = case when id = (select max(id) from deliveries) then now() else now() - interval '80 hours' end`,
      [webhookId],
    );
    await until(async () => (await state())?.state === 'on', 'it to be well');
    await until(
      async () => (await deliveriesOf(own)).every((each) => each.state !== 'waiting'),
      'all to end',
    );
    const [newest, ...old] = await deliveriesOf(own);
    expect(newest?.state).toBe('sent');
    expect(old).toHaveLength(7);
    for (const each of old) expect(each).toMatchObject({ state: 'dead', lastError: tooOld });
    expect(receiver.posted).toHaveLength(before + 1);
  });

  test('however many are too old, it is not paused for it', async () => {
    const own = await startSending(1, {}, { longestAgeMs: 1, restMs: hourMs });
    const receiver = await startReceiver();
    const eventId = await own.event();
    const organizer = await organizerOf(own, eventId);
    await hook(own, organizer, receiver.url, ['booking.confirmed']);
    const client = await own.connect(await own.user());
    for (let i = 0; i < 7; i++) await book(client, eventId, [i]);
    await until(async () => {
      const all = await deliveriesOf(own);
      return all.length === 7 && all.every(({ state }) => state === 'dead');
    }, 'all to be dead');
    expect((await deliveriesOf(own)).map(({ lastError }) => lastError)).toEqual(Array(7).fill(tooOld));
    expect((await call(node(own), 'webhooks:list', {}, organizer)).webhooks).toMatchObject([
      { state: 'on', failures: 0, lastError: '' },
    ]);
    expect(receiver.posted).toEqual([]);
  });

  test.each([
    ['whose owner is disabled', 'update users set disabled_at = now() where id = $1'],
    ['whose owner has lost the role', "update users set role = 'user' where id = $1"],
    ['whose owner has given the event away', 'update events set organizer_id = $2 where organizer_id = $1'],
  ])('[HOOK-1] what waits for one %s is not posted', async (_what, change) => {
    const { own, receiver, organizer, webhookId } = await paused();
    receiver.answer = () => ({ status: 200 });
    const before = receiver.posted.length;
    const other = await own.user('organizer');
    await own.sql(change, change.includes('$2') ? [organizer.id, other.id] : [organizer.id]);
    await own.sql(
      `with ended as (update webhooks set paused_until = now(), failures = 0 where id = $1)
      update deliveries set next_at = now() - interval '1 hour'`,
      [webhookId],
    );
    await until(
      async () => (await deliveriesOf(own)).every((each) => each.state === 'dead'),
      'all to be dead',
    );
    expect((await deliveriesOf(own))[0]?.lastError).toContain('its owner may not hear of it any more');
    expect(receiver.posted).toHaveLength(before);
    const [row] = await own.sql('select failures from webhooks where id = $1', [webhookId]);
    expect(row).toEqual({ failures: 0 });
  });

  test('what waits for one that is switched off, or deleted, is dead at once, all of it', async () => {
    const { own, receiver, organizer, webhookId, state } = await paused({ tidyMs: 100 });
    const { failures } = (await state()) ?? {};
    const before = receiver.posted.length;
    const dead = () =>
      until(async () => (await deliveriesOf(own)).every((each) => each.state === 'dead'), 'all to be dead');
    await call(node(own), 'webhooks:update', { webhookId, active: false }, organizer);
    await dead();
    expect((await deliveriesOf(own))[0]?.lastError).toBe('the webhook is off, or deleted');
    expect(await state()).toMatchObject({ state: 'off', failures });
    await own.sql("update deliveries set state = 'waiting', next_at = now() + interval '1 hour'");
    await call(node(own), 'webhooks:delete', { webhookId }, organizer);
    await dead();
    expect(receiver.posted).toHaveLength(before);
  });
});
