/**
 * Carries HTTP between uWebSockets.js and whoever answers. Its rules: a response may not be touched after it was
 * aborted, writes after an await are corked, a body is cut off at its limit, and at its time, before anything reads
 * it.
 */
import { STATUS_CODES } from 'node:http';
import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import { RequestError } from '../errors.ts';
import { addressOf } from '../socket/guard.ts';
import { ReadyResponse } from './ready-response.ts';

/** Bytes of a body that anybody may send; whoever sends more needs a token of ours, which is looked at meanwhile. */
export const ordinaryBodyBytes = 64 * 1024;
/** Bytes of long bodies that are in memory at once, of all requests together. */
const longBodiesBytes = 64 * 1024 * 1024;

/** Beside what an ordinary body may take, a long one may come as slowly as this. */
const slowestBytesPerMs = 64;

/** A request as it came, without its body. */
export interface Asked {
  readonly method: string;
  /** As it was sent: nothing in it is decoded. */
  readonly path: string;
  /** Without the question mark; '' without a query. */
  readonly query: string;
  readonly headers: Headers;
  readonly address: string;
  /** On the monotonic clock. */
  readonly at: number;
}

export interface Answerer {
  /** Never rejects. @param isGone whether nobody waits for the answer any more */
  answer(asked: Asked, body: Uint8Array<ArrayBuffer> | undefined, isGone: () => boolean): Promise<Response>;
  /** The answer to a request whose body is not wanted. */
  refuse(asked: Asked, error: RequestError): Response;
  /** It was broken off before its body was there. */
  gone(asked: Asked): void;
}

export interface BridgeOptions {
  /** Largest body in bytes for a method and path. */
  bodyLimit(method: string, path: string): number;
  /** 0, or after how many ms this address may ask again. */
  limit(address: string): number;
  trustProxy: boolean;
  /** Whether a token is one of ours; what is longer than an ordinary body is read on for nobody else. */
  isKnown(headers: Headers): Promise<boolean>;
  /** Within so many ms an ordinary body must be here. */
  bodyMs: number;
}

export function serveHttp(app: TemplatedApp, answerer: Answerer, options: BridgeOptions): void {
  const longBodies = { bytes: 0 };
  const serve = (res: HttpResponse, req: HttpRequest) => {
    let aborted = false;
    const room = makeRoom(longBodies);
    // Everything of `req` must be read now: it is gone after this turn.
    const asked: Asked = {
      method: req.getCaseSensitiveMethod(),
      query: req.getQuery() ?? '',
      path: req.getUrl(),
      headers: readHeaders(req),
      address: addressOf(res, req, options.trustProxy),
      at: performance.now(),
    };
    const { method, path, headers, address } = asked;
    let reading: Reading | undefined;
    res.onAborted(() => {
      aborted = true;
      room.leave();
      if (reading) answerer.gone(asked);
      reading?.stop();
    });
    const send = (response: Response, close = false) =>
      write(res, response, { head: method === 'HEAD', close }, () => aborted).catch(() => {
        if (!aborted) res.close();
      });
    const refuse = (error: RequestError, close = false) => {
      reading = undefined;
      room.leave();
      void send(answerer.refuse(asked, error), close);
    };
    const answer = (body: Uint8Array<ArrayBuffer> | undefined) => {
      reading = undefined;
      void answerer
        .answer(asked, body, () => aborted)
        .then((response) => send(response))
        .finally(room.leave);
    };

    const retryAfterMs = options.limit(address);
    if (retryAfterMs > 0) return refuse(new RequestError('rate-limited', { retryAfterMs }));
    if (!bodied.has(method)) return answer(undefined);
    const most = headers.has('authorization') ? Number.POSITIVE_INFINITY : ordinaryBodyBytes;
    const maxBytes = Math.min(options.bodyLimit(method, path), most);
    const maxMs = options.bodyMs + (maxBytes - ordinaryBodyBytes) / slowestBytesPerMs;
    const read = readBody(res, { maxBytes, maxMs, room }, answer, (refusal) => {
      if (refusal === 'unknown') refuse(new RequestError('unauthenticated'));
      else if (refusal === 'too-large') refuse(new RequestError('payload-too-large', { maxBytes }));
      // What is still to come would be read as the next request.
      else if (refusal === 'too-slow') refuse(new RequestError('request-timeout'), true);
      else refuse(new RequestError('try-later'));
    });
    reading = read;
    if (maxBytes > ordinaryBodyBytes) {
      void options.isKnown(headers).then((isKnown) => isKnown || read.refuse('unknown'));
    }
  };
  app.any('/*', serve);
}

const bodied: ReadonlySet<string> = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);

/** The place a long body takes among all that are in memory. */
interface Room {
  /** @returns whether there is room for a body that has grown to `bytes` */
  take(bytes: number): boolean;
  leave(): void;
}

function makeRoom(all: { bytes: number }): Room {
  let taken = 0;
  return {
    take(bytes) {
      if (bytes <= ordinaryBodyBytes) return true;
      all.bytes += bytes - taken;
      taken = bytes;
      return all.bytes <= longBodiesBytes;
    },
    leave() {
      all.bytes -= taken;
      taken = 0;
    },
  };
}

function readHeaders(req: HttpRequest): Headers {
  const headers = new Headers();
  req.forEach((name, value) => {
    try {
      headers.append(name, value);
    } catch {
      // A header that fetch does not allow cannot be one we read.
    }
  });
  return headers;
}

type Refusal = 'too-large' | 'too-slow' | 'no-room' | 'unknown';
interface Reading {
  /** Unless it has come to its end. */
  refuse(refusal: Refusal): void;
  stop(): void;
}

function readBody(
  res: HttpResponse,
  { maxBytes, maxMs, room }: { maxBytes: number; maxMs: number; room: Room },
  done: (body: Uint8Array<ArrayBuffer>) => void,
  refuse: (refusal: Refusal) => void,
): Reading {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let over = false;
  const end = (refusal: Refusal) => {
    if (over) return;
    over = true;
    clearTimeout(timer);
    chunks.length = 0;
    refuse(refusal);
  };
  const timer = setTimeout(end, maxMs, 'too-slow');
  res.onData((chunk, isLast) => {
    if (over) return;
    size += chunk.byteLength;
    if (size > maxBytes || !room.take(size)) return end(size > maxBytes ? 'too-large' : 'no-room');
    // The chunk's memory is taken back after this turn.
    chunks.push(new Uint8Array(chunk.slice(0)));
    if (!isLast) return;
    over = true;
    clearTimeout(timer);
    done(new Uint8Array(Buffer.concat(chunks)));
  });
  return {
    refuse: end,
    stop() {
      over = true;
      clearTimeout(timer);
      chunks.length = 0;
    },
  };
}

async function write(
  res: HttpResponse,
  response: Response,
  { head, close }: { head: boolean; close: boolean },
  isAborted: () => boolean,
): Promise<void> {
  const body = response instanceof ReadyResponse ? response.content : await bodyOf(response);
  if (isAborted()) return;
  res.cork(() => {
    res.writeStatus(`${response.status} ${STATUS_CODES[response.status] ?? 'Status'}`);
    for (const [name, value] of response.headers) {
      if (name !== 'content-length') res.writeHeader(name, value);
    }
    // Neither has a body, so neither may say how long it is.
    if (response.status === 204 || response.status === 304) res.endWithoutBody();
    else if (head) res.endWithoutBody(body === undefined ? 0 : Buffer.byteLength(body), close);
    else res.end(body, close);
  });
}

const bodyOf = async (response: Response): Promise<ArrayBuffer | undefined> =>
  response.body === null ? undefined : response.arrayBuffer();
