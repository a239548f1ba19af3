/**
 * One POST to an address that somebody else has given us: one connection, made for it, to an address that was checked, one
 * answer of which little is read, no redirects, and an end to everything. So whoever names an address of our own network,
 * or a name that becomes one, learns nothing from it but that it was refused.
 */
import { buildConnector, Client } from 'undici';
import type { Addresses } from '../provider/addresses.ts';
import { FeedFailure } from '../provider/feed-failure.ts';
import { DeliveryFailure } from './delivery-failure.ts';

export interface PostOptions {
  readonly addresses: Addresses;
  readonly answerMs: number;
  readonly signal: AbortSignal;
  /** Certificates that are trusted instead of the usual ones. */
  readonly ca?: string | undefined;
}

/** So much of an answer is read, to tell of it; the rest is not waited for. */
const answerBytes = 300;
const longestRetryAfterS = 86_400;

/** Resolves with the status if it is 2xx. @throws DeliveryFailure and nothing else */
export async function post(
  target: string,
  headers: Readonly<Record<string, string>>,
  body: string | Uint8Array,
  options: PostOptions,
): Promise<number> {
  const { addresses, answerMs, signal, ca } = options;
  const late = AbortSignal.timeout(answerMs);
  try {
    const url = new URL(target);
    addresses.checkHost(url.hostname);
    const connect = { lookup: addresses.lookup, timeout: answerMs, allowH2: false, ...(ca ? { ca } : {}) };
    const client = new Client(url.origin, {
      connect: buildConnector(connect),
      headersTimeout: answerMs,
      bodyTimeout: answerMs,
      maxHeaderSize: 16_384,
    });
    try {
      const answer = await client.request({
        method: 'POST',
        path: url.pathname + url.search,
        headers: { 'user-agent': 'seatcast', ...headers },
        body,
        signal: AbortSignal.any([signal, late]),
      });
      const text = await beginningOf(answer.body);
      if (answer.statusCode >= 200 && answer.statusCode < 300) return answer.statusCode;
      throw refusal(answer.statusCode, text, answer.headers['retry-after']);
    } finally {
      client.destroy().catch(() => undefined);
    }
  } catch (error) {
    if (error instanceof DeliveryFailure) throw error;
    if (late.aborted) throw new DeliveryFailure(`no answer within ${answerMs} ms`, { cause: error });
    throw failureOf(error);
  }
}

/** What an answer begins with, as text for people. An answer that breaks off afterwards has been given all the same. */
async function beginningOf(body: AsyncIterable<Uint8Array> & { on(name: 'error', f: () => void): unknown }) {
  // Nobody listens to it any more once we have read enough.
  body.on('error', () => undefined);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of body) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes >= answerBytes) break;
    }
  } catch {
    // Its status has come, and that is what counts.
  }
  const text = Buffer.concat(chunks).subarray(0, answerBytes).toString();
  // Written into a log and shown to people: no control characters, no halves of anything.
  return text
    .toWellFormed()
    .replaceAll(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim();
}

function refusal(status: number, text: string, retryAfter: string | string[] | undefined): DeliveryFailure {
  if (status >= 300 && status < 400)
    return new DeliveryFailure(`it answered with status ${status}: redirects are not followed`, { status });
  const said = text === '' ? '' : `: ${text}`;
  const seconds = /^\d{1,6}$/.test(String(retryAfter)) ? Number(retryAfter) : 0;
  return new DeliveryFailure(`it answered with status ${status}${said}`, {
    status,
    isGone: status === 410,
    retryAfterMs: Math.min(seconds, longestRetryAfterS) * 1000,
  });
}

function failureOf(error: unknown): DeliveryFailure {
  if (error instanceof FeedFailure) return new DeliveryFailure(error.message, { cause: error });
  const { code, message } = error as { code?: unknown; message?: unknown };
  // The message of a certificate or of the network.
  const text = `${String(message).slice(0, 200)} (${typeof code === 'string' ? code : 'unknown'})`;
  return new DeliveryFailure(`no connection, or it broke: ${text}`, { cause: error });
}
