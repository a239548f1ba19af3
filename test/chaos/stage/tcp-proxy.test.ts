import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { seeded } from '../random.ts';
import { TcpProxy } from './tcp-proxy.ts';
import { until } from './wait.ts';

let server: Server;
let proxy: TcpProxy;
let heard = '';
let served: Socket[] = [];

beforeEach(async () => {
  heard = '';
  served = [];
  server = createServer((socket) => {
    served.push(socket);
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      heard += data;
      socket.write(data);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  proxy = await new TcpProxy((server.address() as AddressInfo).port, seeded(1)).listen();
});
afterEach(() => {
  proxy.close();
  server.close();
  for (const socket of served) socket.destroy();
});

async function client(): Promise<{ socket: Socket; got: () => string; closed: () => boolean }> {
  const socket = connect(proxy.port, '127.0.0.1');
  let text = '';
  let isClosed = false;
  socket.on('error', () => undefined);
  socket.on('close', () => {
    isClosed = true;
  });
  socket.on('data', (data) => {
    text += data;
  });
  await Promise.race([once(socket, 'connect'), once(socket, 'close')]).catch(() => undefined);
  return { socket, got: () => text, closed: () => isClosed };
}

test('passes everything on, both ways', async () => {
  const { socket, got } = await client();
  socket.write('one');
  await until(() => got() === 'one', 'the echo');
});

test('late pieces keep their order', async () => {
  proxy.weather = { delayMs: [1, 60] };
  const { socket, got } = await client();
  const digits = '0123456789';
  for (const digit of digits) {
    socket.write(digit);
    await new Promise((resolve) => setTimeout(resolve, 2));
  }
  await until(() => got().length === 10, 'the echo');
  expect(got()).toBe(digits);
});

test('swallows one direction: the server hears, and is not heard', async () => {
  proxy.weather = { swallow: ['down'] };
  const { socket, got, closed } = await client();
  socket.write('lost');
  await until(() => heard === 'lost', 'the server to hear it');
  proxy.weather = {};
  socket.write('found');
  await until(() => got() === 'found', 'the second echo');
  expect(closed()).toBe(false);
});

test('cuts after so many bytes: the rest of the message never arrives', async () => {
  const { socket, closed } = await client();
  socket.write('before');
  await until(() => heard === 'before', 'the connection to be known');
  proxy.cutAfter('up', 3);
  socket.write('commit');
  await until(closed, 'the connection to be cut');
  expect(heard).toBe('beforecom');
});

test('abandons: the client is gone, and the server does not know it yet', async () => {
  const { socket, closed } = await client();
  socket.write('x');
  await until(() => served.length === 1, 'the connection');
  let serverClosed = false;
  served[0]?.on('close', () => {
    serverClosed = true;
  });
  proxy.abandon(300);
  await until(closed, 'the client to be cut');
  expect(serverClosed).toBe(false);
  await until(() => serverClosed, 'the server to notice at last');
});

test('refuses, cuts, and leads elsewhere', async () => {
  const { closed } = await client();
  proxy.weather = { refuse: true };
  proxy.cut();
  await until(closed, 'the connection to be cut');
  const refused = await client();
  await until(refused.closed, 'the new one to be reset');
  const other = createServer((socket) => socket.end('other'));
  other.listen(0, '127.0.0.1');
  await once(other, 'listening');
  proxy.weather = {};
  proxy.turnTo((other.address() as AddressInfo).port);
  const { got } = await client();
  await until(() => got() === 'other', 'the other server');
  other.close();
});
