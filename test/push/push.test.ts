/** Notifications by web push, through a push service of our own that speaks HTTPS. */
import { createDecipheriv, createECDH, createPublicKey, hkdfSync, randomBytes, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import webPush from 'web-push';
import type { SignedIn } from '../../src/contracts.gen.ts';
import { password, type Person, personOf, signIn, signUp } from '../channels/accounts.ts';
import { call, node } from '../channels/support.ts';
import {
  deliveriesOf,
  loopback,
  notify,
  type Posted,
  putOff,
  startReceiver,
  startSending,
  untilDelivery,
} from '../deliveries/support.ts';
import { until } from '../support/client.ts';
import type { TestUser } from '../support/hub.ts';

const pem = (name: string) => readFileSync(new URL(`../deliveries/tls/${name}.pem`, import.meta.url), 'utf8');
const tls = { key: pem('loopback-key'), cert: pem('loopback') };
const vapid = { ...webPush.generateVAPIDKeys(), subject: 'mailto:ops@example.org' };
const hubs = await startSending(2, { push: vapid, pushNetworks: [loopback], deliveryCa: tls.cert });
const service = await startReceiver('127.0.0.1', tls);

/** A browser: its keys, and its address at the push service. */
function browser() {
  const pair = createECDH('prime256v1');
  pair.generateKeys();
  const secret = randomBytes(16);
  const path = `/send/${randomBytes(8).toString('hex')}`;
  const keys = { p256dh: pair.getPublicKey('base64url'), auth: secret.toString('base64url') };
  return {
    subscription: { endpoint: new URL(path, service.url).href, keys },
    posted: () => service.posted.filter((each) => each.path === path),
    /** RFC 8291, one record. */
    read({ body }: Posted): Record<string, unknown> {
      const salt = body.subarray(0, 16);
      const sender = body.subarray(21, 21 + (body[20] as number));
      const shared = pair.computeSecret(sender);
      const info = Buffer.concat([Buffer.from('WebPush: info\0'), pair.getPublicKey(), sender]);
      const ikm = Buffer.from(hkdfSync('sha256', shared, secret, info, 32));
      const key = (use: string, length: number) =>
        Buffer.from(hkdfSync('sha256', ikm, salt, Buffer.from(`Content-Encoding: ${use}\0`), length));
      const sealed = body.subarray(21 + sender.length);
      const decipher = createDecipheriv('aes-128-gcm', key('aes128gcm', 16), key('nonce', 12));
      decipher.setAuthTag(sealed.subarray(-16));
      const plain = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
      expect(plain.at(-1)).toBe(2);
      return JSON.parse(plain.subarray(0, -1).toString());
    },
  };
}

async function subscribed(user: TestUser) {
  const own = browser();
  await call(node(hubs), 'push:subscribe', own.subscription, user);
  return own;
}

test('[PUSH-1] every browser of its reader gets a notification, encrypted for it, from whoever has the key', async () => {
  const user = await hubs.user();
  const [one, two] = [await subscribed(user), await subscribed(user)];
  const eventId = await hubs.event();
  const id = await notify(hubs, user, 'event-cancelled', eventId, {
    title: 'An evening',
    reason: 'The roof leaks',
  });
  await until(() => one.posted().length > 0 && two.posted().length > 0, 'both to be told');
  const [posted] = one.posted() as [Posted];
  expect(one.read(posted)).toEqual({
    id,
    kind: 'event-cancelled',
    eventId,
    payload: { title: 'An evening', reason: 'The roof leaks' },
  });
  expect(() => two.read(posted)).toThrow();
  expect(posted.headers).toMatchObject({ 'content-encoding': 'aes128gcm', ttl: '86400', urgency: 'high' });
  const [, token = '', key = ''] = /^vapid t=(.+), k=(.+)$/.exec(posted.headers.authorization ?? '') ?? [];
  expect(key).toBe((await call(node(hubs), 'push:key', {})).publicKey);
  const [head, claims = '', signature = ''] = token.split('.');
  const [x, y] = [Buffer.from(key, 'base64url').subarray(1, 33), Buffer.from(key, 'base64url').subarray(33)];
  const jwk = { kty: 'EC', crv: 'P-256', x: x.toString('base64url'), y: y.toString('base64url') };
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const signed = Buffer.from(`${head}.${claims}`);
  const isSigned = verify(
    'sha256',
    signed,
    { key: publicKey, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  expect(isSigned).toBe(true);
  expect(JSON.parse(Buffer.from(claims, 'base64url').toString())).toMatchObject({
    aud: new URL(service.url).origin,
    sub: vapid.subject,
  });
  // Of both browsers, in the same topic: a repeat takes the place of the first.
  expect(posted.headers.topic).toMatch(/^[\w-]{22}$/);
  expect(two.posted()[0]?.headers.topic).toBe(posted.headers.topic);
});

test('[PUSH-1] what fails is tried again in its topic; what its reader does not want is not sent', async () => {
  const user = await hubs.user();
  const own = await subscribed(user);
  service.answer = (_attempt, { path }) => ({
    status: own.subscription.endpoint.endsWith(path) && own.posted().length < 3 ? 503 : 201,
  });
  const id = await notify(hubs, user, 'waitlist-closed');
  expect(await untilDelivery(hubs, id, 'sent')).toMatchObject({ channel: 'push', attempts: 3 });
  expect(new Set(own.posted().map(({ headers }) => headers.topic)).size).toBe(1);
  const alerts = { notifications: { 'waitlist-closed': { push: false } } };
  await call(node(hubs), 'me:update', { alerts }, user);
  const unwanted = await notify(hubs, user, 'waitlist-closed');
  const wanted = await notify(hubs, user, 'waitlist-promoted');
  await untilDelivery(hubs, wanted, 'sent');
  await until(async () => {
    const rows = await hubs.sql("select from outbox where topic = 'notified' and sent_at is null");
    return rows.length === 0;
  }, 'both to be planned');
  expect(await deliveriesOf(hubs, unwanted)).toEqual([]);
});

test.each([404, 410])('[PUSH-2] a browser of which its push service says %s is forgotten', async (status) => {
  const user = await hubs.user();
  const [gone, there] = [await subscribed(user), await subscribed(user)];
  service.answer = (_attempt, { path }) => ({
    status: gone.subscription.endpoint.endsWith(path) ? status : 201,
  });
  await notify(hubs, user, 'waitlist-closed');
  const subscriptions = () =>
    hubs.sql('select endpoint from push_subscriptions where user_id = $1', [user.id]);
  await until(async () => (await subscriptions()).length === 1, 'it to be forgotten');
  expect(await subscriptions()).toEqual([{ endpoint: there.subscription.endpoint }]);
  await until(() => there.posted().length === 1, 'the other to be told');
  expect(gone.posted()).toHaveLength(1);
  const [noted] = await hubs.sql(
    "select from audit where action = 'push-subscription-gone' and details ->> 'userId' = $1",
    [user.id],
  );
  expect(noted).toBeDefined();
});

test('[PUSH-2] what waits for a browser that has unsubscribed is not sent', async () => {
  const user = await hubs.user();
  const own = await subscribed(user);
  service.answer = () => ({ status: 503 });
  const id = await notify(hubs, user, 'waitlist-closed');
  await until(() => own.posted().length > 0, 'a first attempt');
  const { endpoint } = own.subscription;
  expect(await call(node(hubs), 'push:unsubscribe', { endpoint }, user)).toEqual({ removed: true });
  expect((await untilDelivery(hubs, id, 'dead')).lastError).toBe('the subscription has ended');
  service.answer = () => ({ status: 201 });
});

const endings: [string, (person: Person) => Promise<unknown>][] = [
  ['signed out', (person) => call(node(hubs), 'auth:logout', {}, person)],
  [
    'the password was changed elsewhere',
    async ({ email }) => {
      const other = await signIn(hubs, email);
      await call(
        node(hubs),
        'me:change-password',
        { oldPassword: password, newPassword: 'another one' },
        other,
      );
    },
  ],
  [
    'a refresh token came again',
    async ({ refreshToken }) => {
      await call(node(hubs), 'auth:refresh', { refreshToken });
      await call(node(hubs), 'auth:refresh', { refreshToken }).catch(() => undefined);
    },
  ],
  [
    'it can be renewed no more',
    async ({ sessionId }) => {
      await hubs.sql('update sessions set tokens_until = now() where id = $1', [sessionId]);
      await hubs.sql('update refresh_tokens set expires_at = now() where session_id = $1', [sessionId]);
    },
  ],
];
test.each(endings)('[AUTH-3] the browser of a session that has ended is not told: %s', async (_, end) => {
  const person = await signUp(hubs);
  const own = await subscribed(person);
  service.answer = () => ({ status: 503 });
  const waiting = await notify(hubs, person, 'waitlist-closed');
  const release = await putOff(hubs, waiting);
  await end(person);
  service.answer = () => ({ status: 201 });
  const posted = own.posted().length;
  await release();
  expect((await untilDelivery(hubs, waiting, 'dead')).lastError).toBe('the subscription has ended');
  const again = (await node(hubs).engine.sessions.open(person.id, null, null)) as SignedIn;
  const there = await subscribed(personOf(again));
  const later = await notify(hubs, person, 'waitlist-closed');
  await until(() => there.posted().length === 1, 'the other browser to be told');
  expect(await deliveriesOf(hubs, later)).toHaveLength(1);
  expect(own.posted()).toHaveLength(posted);
});

test('[PUSH-2] a browser is told in a session that was renewed, and in the one it has subscribed in since', async () => {
  const first = await signUp(hubs);
  const own = await subscribed(first);
  service.answer = () => ({ status: 201 });
  await hubs.sql('update sessions set tokens_until = now() where id = $1', [first.sessionId]);
  await notify(hubs, first, 'waitlist-closed');
  await until(() => own.posted().length === 1, 'it to be told: the session can be renewed');
  const renewed = personOf(await call(node(hubs), 'auth:refresh', { refreshToken: first.refreshToken }));
  await notify(hubs, first, 'waitlist-closed');
  await until(() => own.posted().length === 2, 'it to be told after that');
  const second = await signIn(hubs, first.email);
  await call(node(hubs), 'push:subscribe', own.subscription, second);
  await call(node(hubs), 'auth:logout', {}, renewed);
  await notify(hubs, first, 'waitlist-closed');
  await until(() => own.posted().length === 3, 'it to be told in the other session');
});

test.each([
  ['starting-soon', "starts_at = now() + interval '2 hours'", 'the event has another time by now'],
  ['event-rescheduled', "starts_at = now() + interval '2 hours'", 'the event has another time by now'],
  ['booking-confirmed', "status = 'cancelled'", 'the event is cancelled'],
])('[PUSH-3] what waits and is not so any more is not sent: %s', async (kind, change, reason) => {
  const user = await hubs.user();
  await subscribed(user);
  const eventId = await hubs.event();
  const [before, startsAt, end] = [0, 1, 9].map((h) => new Date(Date.now() + h * 3_600_000).toISOString());
  await hubs.sql('update events set starts_at = $2, ends_at = $3 where id = $1', [eventId, startsAt, end]);
  service.answer = () => ({ status: 503 });
  const facts = { title: 'An evening', startsAt, before, after: startsAt, leadMinutes: 60 };
  const id = await notify(hubs, user, kind, eventId, facts);
  const release = await putOff(hubs, id);
  await hubs.sql(`update events set ${change} where id = $1`, [eventId]);
  service.answer = () => ({ status: 201 });
  await release();
  expect((await untilDelivery(hubs, id, 'dead')).lastError).toBe(reason);
});

test.each([
  ['the account is disabled', 'update users set disabled_at = now() where id = $1'],
  [
    'its reader has switched it off',
    `update users set alerts = alerts || '{"notifications": {"event-cancelled": {"push": false}}}' where id = $1`,
  ],
])('[PUSH-3] what waits is not sent any more: %s', async (reason, change) => {
  const user = await hubs.user();
  await subscribed(user);
  service.answer = () => ({ status: 503 });
  const id = await notify(hubs, user, 'event-cancelled', await hubs.event());
  const release = await putOff(hubs, id);
  await hubs.sql(change, [user.id]);
  service.answer = () => ({ status: 201 });
  await release();
  expect((await untilDelivery(hubs, id, 'dead')).lastError).toBe(reason);
});

test('[PUSH-3] an offer is told as long as it is open, and kept by the push service until it ends', async () => {
  const user = await hubs.user();
  const own = await subscribed(user);
  service.answer = () => ({ status: 201 });
  const offer = (ms: number) => ({ until: new Date(Date.now() + ms).toISOString() });
  const over = await notify(hubs, user, 'waitlist-promoted', null, offer(-1000));
  expect((await untilDelivery(hubs, over, 'dead')).lastError).toBe('the offer has ended');
  expect(own.posted()).toEqual([]);
  const open = await notify(hubs, user, 'waitlist-promoted', null, offer(600_000));
  await untilDelivery(hubs, open, 'sent');
  const ttl = Number(own.posted()[0]?.headers.ttl);
  expect(ttl).toBeGreaterThan(500);
  expect(ttl).toBeLessThanOrEqual(600);
});

test('what is told of a start is of no use after it: the push service keeps it only until then', async () => {
  const user = await hubs.user();
  const own = await subscribed(user);
  service.answer = () => ({ status: 201 });
  const startsAt = new Date(Date.now() + 300_000).toISOString();
  await notify(hubs, user, 'starting-soon', null, { startsAt, leadMinutes: 5 });
  await until(() => own.posted().length > 0, 'it to be told');
  const ttl = Number(own.posted()[0]?.headers.ttl);
  expect(ttl).toBeGreaterThan(60);
  expect(ttl).toBeLessThanOrEqual(300);
});
