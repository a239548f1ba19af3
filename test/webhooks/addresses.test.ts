/** Where nothing is ever posted to, whatever somebody calls it. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { DeliveryFailure } from '../../src/deliveries/delivery-failure.ts';
import { type PostOptions, post } from '../../src/deliveries/post.ts';
import { Addresses, type Resolve } from '../../src/provider/addresses.ts';
import { refusedUrl } from '../../src/webhooks/webhook-desk.ts';
import { call, expectRefused, node, organizerOf } from '../channels/support.ts';
import { deliveriesOf, loopback, never, startReceiver } from '../deliveries/support.ts';
import { startTestHubs } from '../support/hub.ts';
import { until } from '../support/client.ts';

const tls = {
  key: readFileSync(new URL('../deliveries/tls/loopback-key.pem', import.meta.url), 'utf8'),
  cert: readFileSync(new URL('../deliveries/tls/loopback.pem', import.meta.url), 'utf8'),
};

const options = (addresses: Addresses, more: Partial<PostOptions> = {}): PostOptions => ({
  addresses,
  answerMs: 5000,
  signal: new AbortController().signal,
  ...more,
});
const open = new Addresses([loopback, '::1/128']);
const resolvingTo =
  (...addresses: string[]): Resolve =>
  (_hostname, done) =>
    done(
      null,
      addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })),
    );

async function failureOf(work: Promise<unknown>): Promise<DeliveryFailure> {
  const failure = await work.catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(DeliveryFailure);
  return failure as DeliveryFailure;
}

const internal = [
  '127.0.0.1',
  '0.0.0.0',
  '10.0.0.1',
  '192.168.0.1',
  '169.254.169.254',
  '[::1]',
  '[::ffff:127.0.0.1]',
  '[::ffff:169.254.169.254]',
  '[::7f00:1]',
  '[fd00:ec2::254]',
  '2130706433',
  '0x7f.1',
  '0177.0.0.1',
];

describe('[HOOK-5] an address of an internal network', () => {
  test.each(internal)('%s is refused as a webhook, and when something is posted', async (host) => {
    const addresses = new Addresses([]);
    expect(refusedUrl(`https://${host}/`, addresses, false)).toMatch(/^the address .* is /);
    const failure = await failureOf(post(`http://${host}/`, {}, '{}', options(addresses)));
    expect(failure.message).toMatch(/^the address .* is /);
  });

  test('behind a name is refused when something is posted: nobody is connected to', async () => {
    const receiver = await startReceiver();
    for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '169.254.169.254']) {
      const addresses = new Addresses([], resolvingTo(address));
      const url = `http://hooks.example:${receiver.port}/`;
      expect(refusedUrl(url, addresses, true)).toBeUndefined();
      const failure = await failureOf(post(url, {}, '{}', options(addresses)));
      expect(failure.message).toMatch(/^the address .* is /);
    }
    expect(receiver.connections).toBe(0);
  });

  test('behind a name that is public at first (DNS rebinding): it is looked up once, and that is where it goes', async () => {
    const [decoy, secret] = [await startReceiver('127.0.0.1'), await startReceiver('127.0.0.2')];
    let asked = 0;
    // As a name server would that says something else each time: first what may be asked, then what may not.
    const rebinding: Resolve = (hostname, done) =>
      resolvingTo(asked++ === 0 ? '127.0.0.1' : '127.0.0.2')(hostname, done);
    const addresses = new Addresses(['127.0.0.1/32'], rebinding);
    await post(`http://hooks.example:${decoy.port}/`, {}, '{}', options(addresses));
    expect(asked).toBe(1);
    expect(decoy.posted).toHaveLength(1);
    const failure = await failureOf(
      post(`http://hooks.example:${secret.port}/`, {}, '{}', options(addresses)),
    );
    expect(failure.message).toContain('127.0.0.2');
    expect(secret.connections).toBe(0);
  });

  test('behind a redirect is not followed', async () => {
    const [receiver, secret] = [await startReceiver(), await startReceiver()];
    for (const status of [301, 302, 303, 307, 308]) {
      receiver.answer = () => ({ status, headers: { location: secret.url } });
      const failure = await failureOf(post(receiver.url, {}, '{}', options(open)));
      expect(failure.message).toBe(`it answered with status ${status}: redirects are not followed`);
    }
    expect(secret.connections).toBe(0);
  });

  test('is refused by a hub without a word in its configuration, at both times', async () => {
    const receiver = await startReceiver();
    const hubs = await startTestHubs(1);
    const eventId = await hubs.event();
    const organizer = await organizerOf(hubs, eventId);
    const refused = await expectRefused(
      node(hubs),
      'webhooks:create',
      { url: receiver.url },
      organizer,
      'webhook-refused',
    );
    expect(refused.reason).toBe('the address 127.0.0.1 is loopback');
    const local = `http://localhost:${receiver.port}/`;
    await expectRefused(node(hubs), 'webhooks:create', { url: local }, organizer, 'webhook-refused');
    // One that was taken when more was allowed.
    await call(node(hubs), 'webhooks:create', { url: 'http://hooks.example/' }, organizer);
    await hubs.sql('update webhooks set url = $1', [local]);
    await call(node(hubs), 'events:update', { eventId, title: 'Another' }, organizer);
    await until(async () => Boolean((await deliveriesOf(hubs))[0]?.lastError), 'an attempt to fail');
    expect((await deliveriesOf(hubs))[0]?.lastError).toMatch(/^the address (127.0.0.1|::1) is loopback$/);
    expect(receiver.connections).toBe(0);
  });
});

test('[HOOK-5] a name or password, another scheme, and http where it is not taken are refused', () => {
  const reasons = [
    ['https://ada:secret@hooks.example/', 'it must not hold a name or a password'],
    ['ftp://hooks.example/', 'it must begin with https://'],
    ['http://hooks.example/', 'it must begin with https://'],
    ['file:///etc/passwd', 'it must begin with https://'],
    ['https://', 'it must begin with https://'],
  ];
  for (const [url = '', reason] of reasons) expect(refusedUrl(url, open, false), url).toBe(reason);
  expect(refusedUrl('http://hooks.example/', open, true)).toBeUndefined();
});

describe('an answer', () => {
  test('that never comes is waited for only so long', async () => {
    const receiver = await startReceiver();
    receiver.answer = never;
    const failure = await failureOf(post(receiver.url, {}, '{}', options(open, { answerMs: 100 })));
    expect(failure.message).toBe('no answer within 100 ms');
  });

  test('is read only at its beginning, however long it is, and shown without control characters', async () => {
    const receiver = await startReceiver();
    receiver.answer = () => ({ status: 500, body: `a\u0000\u001b[31m\r\nb${'x'.repeat(50_000_000)}` });
    const failure = await failureOf(post(receiver.url, {}, '{}', options(open)));
    expect(failure.message).toMatch(/^it answered with status 500: a \[31m bx+$/);
    expect(failure.message.length).toBeLessThan(400);
  });

  test('says when to come again', async () => {
    const receiver = await startReceiver();
    receiver.answer = () => ({ status: 429, headers: { 'retry-after': '7' } });
    expect((await failureOf(post(receiver.url, {}, '{}', options(open)))).retryAfterMs).toBe(7000);
  });
});

test('a certificate is checked, of the name that was asked for', async () => {
  const receiver = await startReceiver('127.0.0.1', tls);
  const untrusted = await failureOf(post(receiver.url, {}, '{}', options(open)));
  expect(untrusted.message).toMatch(/^no connection, or it broke: .*self.signed/);
  expect(await post(receiver.url, {}, '{}', options(open, { ca: tls.cert }))).toBe(204);
  const renamed = new Addresses([loopback], resolvingTo('127.0.0.1'));
  const url = `https://hooks.example:${receiver.port}/`;
  const failure = await failureOf(post(url, {}, '{}', options(renamed, { ca: tls.cert })));
  expect(failure.message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
  expect(receiver.posted).toHaveLength(1);
});
