/** What stock Socket.IO clients do when the hub disconnects them, without a line of their page's own. */
import { io, type Socket } from 'socket.io-client';
import { afterAll, expect, test } from 'vitest';
import type { ServerDisconnected } from '../../src/contracts.gen.ts';
import { call, node } from '../channels/support.ts';
import { startTestHubs, type TestUser } from '../support/hub.ts';

const hubs = await startTestHubs(1);
const sockets: Socket[] = [];
afterAll(() => {
  for (const socket of sockets) socket.close();
});

async function stockClient(user: TestUser, url = hubs.nodes[0]?.url): Promise<Socket> {
  const socket = io(url, { transports: ['websocket'], auth: { token: user.token }, forceNew: true });
  sockets.push(socket);
  await new Promise<void>((resolve) => socket.once('connect', () => resolve()));
  return socket;
}

/** What it is told, why it thinks that it was disconnected, and whether it will try again. */
async function disconnection(socket: Socket) {
  const told = new Promise<ServerDisconnected>((resolve) => socket.once('server:disconnected', resolve));
  const reason = new Promise<string>((resolve) => socket.once('disconnect', resolve));
  return { code: (await told).code, reason: await reason, comesBack: socket.active };
}

test('[AUTH-3] whoever was signed out stays away', async () => {
  const user = await hubs.user();
  const socket = await stockClient(user);
  const over = disconnection(socket);
  await call(node(hubs), 'auth:logout', {}, user);
  expect(await over).toEqual({
    code: 'session-revoked',
    reason: 'io server disconnect',
    comesBack: false,
  });
});

test('[GUARD-8] whoever is sent away by a node that stops looks for another one', async () => {
  const stopping = await hubs.addNode();
  const socket = await stockClient(await hubs.user(), stopping.url);
  const over = disconnection(socket);
  await stopping.sockets.drain(0);
  expect(await over).toEqual({ code: 'server-draining', reason: 'transport close', comesBack: true });
});
