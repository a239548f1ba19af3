/** One attempt to get the feed: one connection, one answer, no redirects, and an end to everything. */
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { buildConnector, Client } from 'undici';
import type { Addresses } from './addresses.ts';
import { FeedFailure } from './feed-failure.ts';
import type { FeedLimits } from './feed-limits.ts';

const unpackers = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** @throws FeedFailure and nothing else */
export async function fetchFeed(
  source: string,
  addresses: Addresses,
  limits: FeedLimits,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const url = new URL(source);
  const late = AbortSignal.timeout(limits.answerMs);
  const ends = AbortSignal.any([signal, late]);
  try {
    addresses.checkHost(url.hostname);
    // A connection for each attempt: one that was checked an hour ago says nothing of today.
    const client = new Client(url.origin, {
      connect: buildConnector({ lookup: addresses.lookup, timeout: limits.answerMs, allowH2: false }),
      headersTimeout: limits.answerMs,
      bodyTimeout: limits.answerMs,
    });
    try {
      return await readAnswer(client, url, limits.maxBytes, ends);
    } finally {
      // Whatever was under way has its result already.
      client.destroy().catch(() => undefined);
    }
  } catch (error) {
    if (signal.aborted) throw new FeedFailure('stopped', undefined, error);
    if (late.aborted)
      throw new FeedFailure('time-out', `no whole answer within ${limits.answerMs} ms`, error);
    throw failureOf(error);
  }
}

async function readAnswer(
  client: Client,
  url: URL,
  maxBytes: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { statusCode, headers, body } = await client.request({
    method: 'GET',
    path: url.pathname + url.search,
    headers: headersFor(url),
    signal,
  });
  // Nobody listens to it any more once we have thrown.
  body.on('error', () => undefined);
  if (statusCode !== 200) throw statusFailure(statusCode);
  const packed = String(headers['content-encoding'] ?? 'identity').toLowerCase();
  const unpacker = Object.hasOwn(unpackers, packed) ? unpackers[packed as keyof typeof unpackers] : undefined;
  if (!unpacker && packed !== 'identity') throw new FeedFailure('encoding', 'it is packed as nobody asked');
  const chunks: Uint8Array[] = [];
  const keep = async (unpacked: AsyncIterable<Uint8Array>) => {
    for await (const chunk of unpacked) chunks.push(chunk);
  };
  const bounded = () => atMost(maxBytes);
  // Counted before and after: a few packed bytes can be a gigabyte.
  if (unpacker) await pipeline(body, bounded(), unpacker(), bounded(), keep, { signal });
  else await pipeline(body, bounded(), keep, { signal });
  return Buffer.concat(chunks);
}

const headersFor = (url: URL): Record<string, string> => ({
  accept: 'application/xml, text/xml',
  'accept-encoding': 'gzip, br, deflate',
  'user-agent': 'seatcast',
  ...(url.username || url.password ? { authorization: `Basic ${basic(url)}` } : {}),
});

const basic = (url: URL) =>
  Buffer.from(`${decodeURIComponent(url.username)}:${decodeURIComponent(url.password)}`).toString('base64');

function statusFailure(status: number): FeedFailure {
  const text = `it answered with status ${status}`;
  if (status >= 300 && status < 400) return new FeedFailure('redirect', text);
  const mayPass = status >= 500 || status === 408 || status === 425 || status === 429;
  return new FeedFailure(mayPass ? 'unavailable' : 'refused', text);
}

const atMost = (maxBytes: number) =>
  async function* (chunks: AsyncIterable<Uint8Array>) {
    let bytes = 0;
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new FeedFailure('too-large', `it has more than ${maxBytes} bytes`);
      yield chunk;
    }
  };

function failureOf(error: unknown): FeedFailure {
  if (error instanceof FeedFailure) return error;
  const { code, message } = error as { code?: unknown; message?: unknown };
  const name = typeof code === 'string' ? code : 'unknown';
  if (/^(Z_|ERR_BROTLI|ERR__ERROR|ERR_PADDING)/.test(name))
    return new FeedFailure('malformed', `it cannot be unpacked (${name})`, error);
  // The message of a certificate or of the network, which does not know the path.
  return new FeedFailure('connection', `${String(message).slice(0, 200)} (${name})`, error);
}
