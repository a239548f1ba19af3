import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocketServer } from 'ws';
import type { SocketIo as SocketIoClient } from '../../loadtest/k6/socket-io.ts';

/** k6's WebSocket is that of browsers, with a third parameter; Node's is too, without it. */
vi.mock('k6/websockets', () => ({
  WebSocket: class extends globalThis.WebSocket {
    constructor(url: string) {
      super(url);
    }
  },
}));
const { SocketIo } = await import('../../loadtest/k6/socket-io.ts');

const server = new Server({ transports: ['websocket'] });
let url = '';

beforeAll(async () => {
  server.of('/guarded').use((socket, next) => {
    const { token } = socket.handshake.auth as { token?: string };
    const error = Object.assign(new Error('not you'), { data: { code: 'token-invalid' } });
    next(token === 'right' ? undefined : error);
  });
  for (const namespace of ['/', '/guarded']) {
    server.of(namespace).on('connection', (socket) => {
      socket.on('double', (value: number, answer: (twice: number) => void) => answer(value * 2));
      socket.on('never', () => {});
      socket.on('say', (text: string) => socket.emit('said', text, 'and more'));
      socket.on('bytes', () => socket.emit('said', Buffer.from('bytes')));
      socket.on('out', () => socket.disconnect());
      socket.on('cut', () => socket.conn.close());
    });
  }
  const port = await new Promise<number>((resolve) => {
    const listening = server.listen(0) as unknown as { httpServer: import('node:http').Server };
    listening.httpServer.once('listening', () =>
      resolve((listening.httpServer.address() as AddressInfo).port),
    );
  });
  url = `http://127.0.0.1:${port}`;
  // Whoever attaches Socket.IO to uWebSockets.js changes its adapter for the whole process, which tests share.
  server.engine.on('connection', (conn: { transport: { socket: object } }) => {
    Object.assign(conn.transport.socket, { subscribe: () => true, unsubscribe: () => true });
  });
});
afterAll(() => server.close());

const heard = <T>(socket: SocketIoClient, name: string) =>
  new Promise<T>((resolve) => {
    const off = socket.on<T>(name, (data) => {
      off();
      resolve(data);
    });
  });

test('many requests at a time each get their own answer', async () => {
  const socket = await SocketIo.connect(url);
  const answers = await Promise.all([1, 2, 3].map((value) => socket.request<number>('double', value)));
  expect(answers).toEqual([2, 4, 6]);
  socket.close();
  expect(await socket.closed).toBe('io client disconnect');
  await expect(socket.request('double', 1)).rejects.toMatchObject({ reason: 'io client disconnect' });
});

test('an event is heard with all its arguments, until its listener is taken away', async () => {
  const socket = await SocketIo.connect(url);
  const all: unknown[][] = [];
  const off = socket.on('said', (...args: unknown[]) => all.push(args));
  const first = heard(socket, 'said');
  socket.emit('say', 'once');
  await first;
  off();
  const second = heard(socket, 'said');
  socket.emit('say', 'twice');
  expect(await second).toBe('twice');
  expect(all).toEqual([['once', 'and more']]);
  socket.close();
});

test('a namespace with auth lets the right one in, and tells the others why not', async () => {
  const socket = await SocketIo.connect(url, { namespace: '/guarded', auth: { token: 'right' } });
  expect(await socket.request('double', 21)).toBe(42);
  socket.close();
  await expect(SocketIo.connect(url, { namespace: '/guarded' })).rejects.toMatchObject({
    reason: 'refused',
    message: 'not you',
    data: { code: 'token-invalid' },
  });
});

test('what is not answered in time is rejected, and the connection lives on', async () => {
  const socket = await SocketIo.connect(url);
  await expect(socket.request('never', 0, { timeoutMs: 20 })).rejects.toMatchObject({ reason: 'timeout' });
  expect(await socket.request('double', 2)).toBe(4);
  socket.close();
});

test.for([
  ['out', 'io server disconnect'],
  ['cut', 'transport close'],
  ['bytes', 'parse error'],
] as const)('after "%s" the reason is %s, and nobody waits any longer', async ([what, reason]) => {
  const socket = await SocketIo.connect(url);
  const waiting = socket.request('never', 0);
  socket.emit(what);
  await expect(waiting).rejects.toMatchObject({ reason });
  expect(await socket.closed).toBe(reason);
});

test('a server that pings no more is dead, one that never answers is none', async () => {
  const silent = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await new Promise((resolve) => silent.once('listening', resolve));
  const silentUrl = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
  silent.once('connection', (ws) => {
    ws.send(`0${JSON.stringify({ sid: 'x', pingInterval: 30, pingTimeout: 20 })}`);
    ws.once('message', () => ws.send('40{"sid":"y"}'));
  });
  const socket = await SocketIo.connect(silentUrl);
  expect(await socket.closed).toBe('ping timeout');
  await expect(SocketIo.connect(silentUrl, { timeoutMs: 50 })).rejects.toMatchObject({ reason: 'timeout' });
  for (const client of silent.clients) client.terminate();
  await new Promise((resolve) => silent.close(resolve));
  await expect(SocketIo.connect(silentUrl)).rejects.toMatchObject({ reason: 'transport error' });
});
