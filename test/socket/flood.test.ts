import { expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import { TokenBuckets } from '../../src/socket/limits.ts';
import { requestId } from '../support/client.ts';
import { startTestHubs, type TestUser } from '../support/hub.ts';
import { expectHonestService } from './honest.ts';
import { joined, type RawAck, type RawSocket } from './raw.ts';

// 5 a second and 15 at once for a socket, 25 and 75 frames before it is disconnected.
const hubs = await startTestHubs(1, { messagesPerSecond: 5, userMessagesPerSecond: 10 });
const { url, sockets } = hubs.nodes[0] as Hub;
expectHonestService(hubs, { anew: true });

const codes = (acks: RawAck[]) => acks.map((ack) => (ack.ok ? 'ok' : ack.error.code));
const ask = (socket: RawSocket, count: number) =>
  Promise.all(
    Array.from({ length: count }, () => socket.ask('seats:unwatch', { eventId: crypto.randomUUID() })),
  );

test('[GUARD-3] a socket that asks too much is refused with the time to wait, and served after it', async () => {
  const socket = await joined(url);
  const acks = await ask(socket, 40);
  expect(codes(acks).filter((code) => code === 'ok').length).toBeGreaterThanOrEqual(15);
  const refused = acks.filter((ack) => !ack.ok);
  expect(refused.length).toBeGreaterThanOrEqual(20);
  for (const ack of refused) {
    expect(ack).toMatchObject({ error: { code: 'rate-limited', retry: 'later' } });
    const { retryAfterMs } = ack.error.details as { retryAfterMs: number };
    expect(retryAfterMs).toBeGreaterThan(0);
    expect(retryAfterMs).toBeLessThanOrEqual(1000);
  }
  const wait = refused.at(-1)?.error.details?.retryAfterMs as number;
  await new Promise((resolve) => setTimeout(resolve, wait + 20));
  expect(codes(await ask(socket, 1))).toEqual(['ok']);
  socket.close();
});

test.each([
  ['requests', '42ID["events:list",{}]'],
  ['requests nobody answers', '42["events:list",{}]'],
  ['unknown messages', '42ID["x",{}]'],
  ['requests without arguments', '42ID["events:list"]'],
  ['acks', '43ID[]'],
  ['pongs', '3'],
  ['noops', '6'],
])('[GUARD-3] a flood of %s is disconnected by its name', async (_what, frame) => {
  const before = sockets.guardCounts.disconnects.flooding ?? 0;
  const flooder = await joined(url);
  for (let i = 0; i < 400; i++) flooder.send(frame.replace('ID', String(i)));
  expect(await flooder.end()).toEqual({ code: 4008, reason: 'flooding' });
  expect(flooder.told('server:disconnected')).toEqual([
    expect.objectContaining({ code: 'flooding', reconnect: 'later' }),
  ]);
  expect(sockets.guardCounts.disconnects.flooding).toBe(before + 1);
});

test('[GUARD-3] a flood before joining is disconnected as well', async () => {
  const { RawSocket } = await import('./raw.ts');
  const flooder = new RawSocket(url);
  await flooder.frame('0{');
  for (let i = 0; i < 400; i++) flooder.send('3');
  expect((await flooder.end(2000)).reason).toBe('flooding');
});

test('[GUARD-3] few frames with many bytes are a flood, too', async () => {
  const flooder = await joined(url);
  const frame = `42["x","${'y'.repeat(15_500)}"]`;
  for (let i = 0; i < 45; i++) flooder.send(frame);
  expect((await flooder.end()).reason).toBe('flooding');
});

test('[GUARD-3] more sockets do not give a user more', async () => {
  const user = await hubs.user();
  const many = await Promise.all(Array.from({ length: 8 }, () => joined(url, user.token)));
  const acks = (await Promise.all(many.map((socket) => ask(socket, 14)))).flat();
  // 30 at once and 10 a second, where the sockets alone would have had 112.
  expect(codes(acks).filter((code) => code === 'ok').length).toBeLessThan(60);
  expect(codes(acks)).toContain('rate-limited');
  for (const socket of many) socket.close();
});

test('[GUARD-3] coming back does not refill what a user has spent', async () => {
  const user = await hubs.user();
  for (let i = 0; i < 3; i++) {
    const socket = await joined(url, user.token);
    await ask(socket, 14);
    socket.close();
  }
  const again = await joined(url, user.token);
  expect(codes(await ask(again, 3))).toContain('rate-limited');
  again.close();
});

test('[GUARD-3] a user is not slowed by a flood of another', async () => {
  const [noisy, quiet] = (await hubs.users(2)) as [TestUser, TestUser];
  const eventId = await hubs.event();
  const [flooder, buyer] = [await joined(url, noisy.token), await joined(url, quiet.token)];
  for (let i = 0; i < 60; i++) flooder.send(`42${i}["events:list",{}]`);
  const request = { eventId, seats: [1], requestId: requestId() };
  expect((await buyer.ask('seats:hold', request)).ok).toBe(true);
  flooder.close();
  buyer.close();
});

test('[GUARD-3] all sockets of an address share its limit', async () => {
  const small = await startTestHubs(1, { addressMessagesPerSecond: 10 });
  const many = await Promise.all(Array.from({ length: 10 }, () => joined(small.nodes[0]?.url as string)));
  const acks = (await Promise.all(many.map((socket) => ask(socket, 8)))).flat();
  const served = codes(acks).filter((code) => code === 'ok').length;
  expect(served).toBeGreaterThanOrEqual(30);
  expect(served).toBeLessThan(60);
  for (const socket of many) socket.close();
});

test('[GUARD-3] buckets forget whoever has stopped sending', () => {
  const buckets = new TokenBuckets(10);
  for (let i = 0; i < 10_000; i++) buckets.take(`sender ${i}`, 1, 1000);
  expect(buckets.size).toBe(10_000);
  buckets.take('one more', 1, 10_000);
  expect(buckets.size).toBe(1);
});

test('[GUARD-3] a bucket gives what its rate says, whatever the clock does', () => {
  const buckets = new TokenBuckets(10);
  const taken = (now: number) => {
    let count = 0;
    while (buckets.take('a', 1, now) === 0) count++;
    return count;
  };
  expect(taken(100_000)).toBe(30);
  expect(taken(101_000)).toBe(10);
  expect(taken(90_000)).toBe(0);
  expect(buckets.take('a', 1, 90_000)).toBe(100);
  expect(buckets.take('b', 1_000_000, 100_000)).toBe(0);
});
