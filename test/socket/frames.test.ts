import { afterAll, expect, test } from 'vitest';
import { startTestHubs } from '../support/hub.ts';
import { expectHonestService } from './honest.ts';
import { hostileFrames } from './hostile-frames.ts';
import { joined, RawSocket } from './raw.ts';

const hubs = await startTestHubs();
const url = hubs.nodes[0]?.url as string;
expectHonestService(hubs);

// Who shares the node with the attackers, and must never notice.
const neighbour = await joined(url, (await hubs.user()).token);
afterAll(() => neighbour.close());

test.each(hostileFrames.filter((each) => each.outcome === 'closed'))(
  '[GUARD-2] $what ends its connection alone',
  async ({ frame }) => {
    const attacker = await joined(url);
    attacker.send(frame);
    await attacker.end();
    expect((await neighbour.ask('events:list', {})).ok).toBe(true);
  },
);

test.each(hostileFrames.filter((each) => each.outcome === 'lives'))(
  '[GUARD-2] $what does no harm',
  async ({ frame }) => {
    const sender = await joined(url);
    sender.send(frame);
    const answer = await sender.askText('["events:list",{}]');
    // The frame may have taken the same ack id and a refusal: what counts is that answers still come.
    expect(typeof answer.ok).toBe('boolean');
    expect(sender.closed).toBeUndefined();
    sender.close();
  },
);

test('[GUARD-2] text that is not UTF-8 ends its connection alone', async () => {
  const attacker = await joined(url);
  attacker.ws.send(Buffer.from([0x34, 0x32, 0x5b, 0x22, 0xff, 0xfe, 0x22, 0x5d]), { binary: false });
  await attacker.end();
});

test.each([
  ['nested 7,000 deep', `40{"token":${'['.repeat(7000)}${']'.repeat(7000)}}`],
  ['nested 20,000 deep', `40{"token":${'['.repeat(20_000)}${']'.repeat(20_000)}}`],
  ['an array', '40["token"]'],
  ['a string', '40"token"'],
  ['null', '40null'],
  ['cut off', '40{"token":'],
  ['a binary attachment', '451-["connect",{"_placeholder":true,"num":0}]'],
  ['an event before any CONNECT', '42["events:list",{}]'],
])('[GUARD-2] a handshake that is %s ends its connection alone', async (_what, frame) => {
  const attacker = new RawSocket(url);
  await attacker.frame('0{');
  attacker.send(frame);
  await attacker.end();
});

test('[GUARD-2] a protocol violation is named before the connection closes', async () => {
  const attacker = await joined(url);
  attacker.send(new Uint8Array([0]));
  expect(await attacker.end()).toEqual({ code: 4002, reason: 'protocol-violation' });
  expect(attacker.told('server:disconnected')).toEqual([
    expect.objectContaining({ code: 'protocol-violation', reconnect: 'never' }),
  ]);
});

test('[GUARD-2] frames behind one that broke the protocol are not read', async () => {
  const attacker = await joined(url, (await hubs.user()).token);
  const eventId = await hubs.event();
  attacker.send('421[');
  attacker.send(`421["seats:hold",{"eventId":"${eventId}","seats":[1],"requestId":"after-the-end"}]`);
  await attacker.end();
  const buyer = await hubs.connect(await hubs.user());
  await buyer.request('seats:hold', { eventId, seats: [1], requestId: 'the-honest-one' });
});

test('[GUARD-2] many CONNECTs at once make one socket', async () => {
  const users = await hubs.users(5);
  const attacker = new RawSocket(url);
  await attacker.frame('0{');
  const before = hubs.nodes[0]?.sockets.io.of('/').sockets.size as number;
  for (let i = 0; i < 50; i++) attacker.send(`40${JSON.stringify({ token: users[i % 5]?.token })}`);
  await attacker.end();
  expect(attacker.frames.filter((frame) => frame.startsWith('40')).length).toBeLessThanOrEqual(1);
  expect(hubs.nodes[0]?.sockets.io.of('/').sockets.size).toBeLessThanOrEqual(before);
});
