import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { Addresses, type Resolve } from '../../src/provider/addresses.ts';
import { fetchFeed } from '../../src/provider/fetch-feed.ts';
import { entry, expectFailure, feedOf, limitsOf, send, startFeedServer } from './support.ts';

const loopback = new Addresses(['127.0.0.0/8']);
const never = new AbortController().signal;
const fetchText = async (url: string, limits = {}, addresses = loopback, signal = never) =>
  Buffer.from(await fetchFeed(url, addresses, limitsOf(limits), signal)).toString();
const feed = feedOf(entry({ title: 'Ñandú' }));

/** What speaks no proper HTTP. */
async function startRaw(speak: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('close', () => sockets.delete(socket));
    socket.once('data', () => speak(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterAll(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe('an answer', () => {
  test('comes as it is, or packed', async () => {
    const server = await startFeedServer(send(200, feed));
    expect(await fetchText(server.url)).toBe(feed);
    const packed = { gzip: gzipSync(feed), deflate: deflateSync(feed), br: brotliCompressSync(feed) };
    for (const [encoding, body] of Object.entries(packed)) {
      server.answer = send(200, body, { 'content-encoding': encoding });
      expect(await fetchText(server.url)).toBe(feed);
    }
    server.answer = send(200, feed, { 'content-encoding': 'zstd' });
    await expectFailure(() => fetchText(server.url), 'encoding');
    server.answer = send(200, feed, { 'content-encoding': 'constructor' });
    await expectFailure(() => fetchText(server.url), 'encoding');
  });

  test('is asked for with the name and the password of the address, and the query', async () => {
    const server = await startFeedServer((request, response) =>
      response.end(JSON.stringify([request.headers.authorization, request.url])),
    );
    const url = `http://ada:p%40ss@127.0.0.1:${server.port}/feed?key=hunter2`;
    const authorization = `Basic ${Buffer.from('ada:p@ss').toString('base64')}`;
    expect(JSON.parse(await fetchText(url))).toEqual([authorization, '/feed?key=hunter2']);
  });
});

describe('[PROV-5] a failure says what it is, and never where it asked', () => {
  test.each([
    [500, 'unavailable'],
    [503, 'unavailable'],
    [429, 'unavailable'],
    [401, 'refused'],
    [404, 'refused'],
    [204, 'refused'],
    [301, 'redirect'],
    [304, 'redirect'],
  ] as const)('status %i', async (status, code) => {
    const server = await startFeedServer(send(status));
    const failure = await expectFailure(() => fetchText(`${server.url}?key=hunter2`), code);
    expect(failure.message).toContain(String(status));
    expect(failure.message).not.toContain('hunter2');
  });

  test('nobody there', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    await new Promise((resolve) => server.close(resolve));
    const failure = await expectFailure(
      () => fetchText(`http://ada:hunter2@127.0.0.1:${port}/hunter2`),
      'connection',
    );
    expect(failure.message).toContain('ECONNREFUSED');
    expect(failure.message).not.toContain('hunter2');
  });

  test('a connection that breaks, and what is no HTTP', async () => {
    const cut = await startRaw((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n${feed}`);
    });
    await expectFailure(() => fetchText(cut), 'connection');
    const chunked = await startRaw((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n<even\r\n`);
    });
    await expectFailure(() => fetchText(chunked), 'connection');
    const noise = await startRaw((socket) => socket.end('220 mail.example ESMTP\r\n'));
    await expectFailure(() => fetchText(noise), 'connection');
    const headers = await startRaw((socket) => {
      socket.end(`HTTP/1.1 200 OK\r\n${`x-more: ${'x'.repeat(1000)}\r\n`.repeat(100)}\r\n`);
    });
    await expectFailure(() => fetchText(headers), 'connection');
  });

  test('packed data that are broken or end too early', async () => {
    const packed = gzipSync(feed);
    for (const body of [
      packed.subarray(0, packed.length - 9),
      Buffer.from('no gzip at all'),
      Buffer.alloc(0),
    ]) {
      const server = await startFeedServer(send(200, body, { 'content-encoding': 'gzip' }));
      await expectFailure(() => fetchText(server.url), 'malformed');
    }
  });
});

describe('[PROV-6] a hostile provider', () => {
  test('that sends without end is cut off', async () => {
    const block = Buffer.alloc(64 * 1024, 'x');
    let sent = 0;
    const server = await startFeedServer((_request, response) => {
      const more = () => {
        while (!response.destroyed && response.write(block)) sent += block.length;
      };
      response.on('drain', more);
      more();
    });
    await expectFailure(() => fetchText(server.url, { maxBytes: 1024 * 1024 }), 'too-large');
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });

  test('that sends a bomb gets no further than the limit', async () => {
    // 64 MB of blanks in 64 KB; a bomb within a bomb is never unpacked twice.
    const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024, ' '));
    expect(bomb.length).toBeLessThan(100_000);
    const server = await startFeedServer(send(200, bomb, { 'content-encoding': 'gzip' }));
    await expectFailure(() => fetchText(server.url, { maxBytes: 1024 * 1024 }), 'too-large');
    server.answer = send(200, gzipSync(bomb), { 'content-encoding': 'gzip, gzip' });
    await expectFailure(() => fetchText(server.url), 'encoding');
  });

  test('that drips, or says nothing, has one time for all of it', async () => {
    const timers: NodeJS.Timeout[] = [];
    afterAll(() => timers.forEach(clearInterval));
    const drip = await startFeedServer((_request, response) => {
      response.writeHead(200);
      timers.push(setInterval(() => response.write(' '), 20));
    });
    await expectFailure(() => fetchText(drip.url, { answerMs: 500 }), 'time-out');
    const slowHeaders = await startRaw((socket) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      timers.push(setInterval(() => socket.destroyed || socket.write('x: 1\r\n'), 20));
    });
    await expectFailure(() => fetchText(slowHeaders, { answerMs: 500 }), 'time-out');
    const silent = await startRaw(() => undefined);
    await expectFailure(() => fetchText(silent, { answerMs: 500 }), 'time-out');
    const packed = await startFeedServer((_request, response) => {
      response.writeHead(200, { 'content-encoding': 'gzip' });
      response.write(gzipSync(feed).subarray(0, 15));
    });
    await expectFailure(() => fetchText(packed.url, { answerMs: 500 }), 'time-out');
  });

  test('keeps no node from stopping', async () => {
    const silent = await startRaw(() => undefined);
    const stopping = new AbortController();
    const ended = expectFailure(() => fetchText(silent, {}, loopback, stopping.signal), 'stopped');
    stopping.abort();
    await ended;
  });
});

describe('[PROV-7] only the address that was checked is asked', () => {
  test('a redirect is not followed, wherever it leads', async () => {
    const inside = await startFeedServer();
    for (const location of ['http://169.254.169.254/latest/meta-data/', inside.url, '/elsewhere']) {
      const server = await startFeedServer(send(302, '', { location }));
      await expectFailure(() => fetchText(server.url), 'redirect');
      expect(server.asked).toBe(1);
    }
    expect(inside.connections).toBe(0);
  });

  test('this machine and its network are not asked unless that is allowed', async () => {
    const inside = await startFeedServer();
    for (const host of ['127.0.0.1', 'localhost', '[::ffff:127.0.0.1]', '2130706433']) {
      const url = `http://${host}:${inside.port}/`;
      await expectFailure(() => fetchText(url, {}, new Addresses([])), 'address-refused');
    }
    expect(inside.connections).toBe(0);
  });

  test('a name that changes its address between the check and the connection gains nothing', async () => {
    const outside = await startFeedServer(send(200, feed), '127.0.0.2');
    const inside = await startFeedServer(send(200, 'secret'), '127.0.0.1', outside.port);
    let asked = 0;
    // The address of the provider when it is asked first, that of this machine ever after.
    const rebinding: Resolve = (_hostname, done) => {
      const address = asked++ === 0 ? '127.0.0.2' : '127.0.0.1';
      done(null, [{ address, family: 4 }]);
    };
    const addresses = new Addresses(['127.0.0.2/32'], rebinding);
    const url = `http://provider.example:${outside.port}/events.xml`;
    expect(await fetchText(url, {}, addresses)).toBe(feed);
    expect(asked).toBe(1);
    await expectFailure(() => fetchText(url, {}, addresses), 'address-refused');
    expect([outside.connections, inside.connections]).toEqual([1, 0]);
  });
});
