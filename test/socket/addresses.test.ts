import { expect, test } from 'vitest';
import type { Hub } from '../../src/hub.ts';
import { networkOf } from '../../src/socket/guard.ts';
import { until } from '../support/client.ts';
import { startTestHubs } from '../support/hub.ts';
import { joined, type RawSocket, rawHttp, statuses, upgradeRequest, upgradeStatus } from './raw.ts';

const hubs = await startTestHubs(1, { connectionsPerAddress: 5 });
const node = hubs.nodes[0] as Hub;
const proxied = await startTestHubs(1, { connectionsPerAddress: 5, trustProxy: true });
const behind = proxied.nodes[0] as Hub;

const from = (forwarded: string) => ({ headers: { 'x-forwarded-for': forwarded } });

async function occupy(url: string, count: number, forwarded?: string): Promise<RawSocket[]> {
  const options = forwarded === undefined ? {} : from(forwarded);
  return Promise.all(Array.from({ length: count }, () => joined(url, undefined, options)));
}

test('[GUARD-3] an address gets so many connections and no more, until it closes one', async () => {
  const open = await occupy(node.url, 5);
  expect(await upgradeStatus(node.url)).toBe(429);
  expect(node.sockets.guardCounts.refusedAddresses).toBe(1);
  expect((await open[0]?.ask('events:list', {}))?.ok).toBe(true);
  open[0]?.close();
  await until(() => node.sockets.connections === 4, 'the close');
  open.push(await joined(node.url));
  expect(await upgradeStatus(node.url)).toBe(429);
  for (const socket of open) socket.close();
  await until(() => node.sockets.connections === 0, 'the closes');
});

test('[GUARD-3] an address cannot be made up with X-Forwarded-For where no proxy is trusted', async () => {
  const open = await occupy(node.url, 5);
  expect(await upgradeStatus(node.url, from('198.51.100.7'))).toBe(429);
  for (const socket of open) socket.close();
  await until(() => node.sockets.connections === 0, 'the closes');
});

test('[GUARD-3] refused connections are not counted as open ones', async () => {
  for (let i = 0; i < 20; i++) await upgradeStatus(node.url, { headers: { origin: 'https://evil.example' } });
  for (let i = 0; i < 20; i++) await upgradeStatus(node.url, { query: 'EIO=4&transport=websocket&sid=x' });
  const open = await occupy(node.url, 5);
  for (const socket of open) socket.close();
});

test('[GUARD-3] behind a proxy the address it saw last counts, not those a client wrote before it', async () => {
  const open = await occupy(behind.url, 5, '203.0.113.1, 198.51.100.7');
  expect(await upgradeStatus(behind.url, from('203.0.113.2, 198.51.100.7'))).toBe(429);
  expect(await upgradeStatus(behind.url, from('198.51.100.7'))).toBe(429);
  expect(await upgradeStatus(behind.url, from('198.51.100.7, 203.0.113.2'))).toBe(101);
  for (const socket of open) socket.close();
});

test('[GUARD-3] the line a proxy adds below that of a client counts', async () => {
  const open = await occupy(behind.url, 5, '198.51.100.9');
  const request = upgradeRequest(undefined, 'X-Forwarded-For: 1.2.3.4\r\nX-Forwarded-For: 198.51.100.9\r\n');
  expect(statuses(await rawHttp(behind.port, request, 300))).toEqual([429]);
  for (const socket of open) socket.close();
});

test('[GUARD-3] the 2^64 addresses of one IPv6 network count as one', async () => {
  const open: RawSocket[] = [];
  for (let i = 1; i <= 5; i++) open.push(...(await occupy(behind.url, 1, `2001:db8:1:2::${i}`)));
  expect(await upgradeStatus(behind.url, from('2001:db8:1:2:ffff::9'))).toBe(429);
  expect(await upgradeStatus(behind.url, from('2001:db8:1:3::1'))).toBe(101);
  for (const socket of open) socket.close();
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002:0000:0000:0000:0001', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8:1:2::', '2001:db8:1:2::/64'],
  ['::1', '::1'],
  ['::ffff:192.0.2.1', '::ffff:192.0.2.1'],
  ['0000:0000:0000:0000:0000:ffff:c000:0201', '0000:0000:0000:0000:0000:ffff:c000:0201'],
  ['not an address', 'not an address'],
  ['', ''],
])('[GUARD-3] %s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
