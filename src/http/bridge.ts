/**
 * Carries HTTP between uWebSockets.js and a fetch-style handler. Its rules: a response may not be touched
 * after it was aborted, writes after an await are corked, a body is cut off at its limit before anything
 * reads it.
 */
import type { HttpRequest, HttpResponse, TemplatedApp } from 'uWebSockets.js';
import { RequestError } from '../errors.ts';
import { addressOf } from '../socket/guard.ts';
import { problem } from './problem.ts';

/** Bytes of a body that anybody may send; a longer one needs an Authorization header, which is checked first. */
export const ordinaryBodyBytes = 64 * 1024;
/** Bytes of long bodies that are in memory at once, of all requests together. */
const longBodiesBytes = 64 * 1024 * 1024;

export interface BridgeOptions {
  fetch(request: Request, address: string): Promise<Response> | Response;
  /** Largest body in bytes for a method and path. */
  bodyLimit(method: string, path: string): number;
  /** 0, or after how many ms this address may ask again. */
  limit(address: string): number;
  trustProxy: boolean;
}

export function serveHttp(app: TemplatedApp, options: BridgeOptions): void {
  const longBodies = { bytes: 0 };
  app.any('/*', (res, req) => {
    let aborted = false;
    const room = makeRoom(longBodies);
    const controller = new AbortController();
    res.onAborted(() => {
      aborted = true;
      room.leave();
      controller.abort();
    });
    // Everything of `req` must be read now: it is gone after this turn.
    const method = req.getCaseSensitiveMethod().toUpperCase();
    const query = req.getQuery();
    const path = req.getUrl();
    const headers = readHeaders(req);
    const address = addressOf(res, req, options.trustProxy);
    const send = (response: Response) =>
      write(res, response, method === 'HEAD', () => aborted).catch(() => {
        if (!aborted) res.close();
      });

    const retryAfterMs = options.limit(address);
    if (retryAfterMs > 0) {
      void send(problem(new RequestError('rate-limited', { retryAfterMs })));
      return;
    }

    const answer = async (body: Uint8Array<ArrayBuffer> | undefined) => {
      const url = `http://hub${path}${query ? `?${query}` : ''}`;
      // A HEAD is answered as its GET would be, with the length and without the body.
      const asked = method === 'HEAD' ? 'GET' : method;
      const init: RequestInit = { method: asked, headers, signal: controller.signal };
      if (body && body.length > 0) init.body = body;
      await send(await options.fetch(new Request(url, init), address));
    };
    const safely = (body: Uint8Array<ArrayBuffer> | undefined) =>
      answer(body)
        .catch(() => send(new Response('Bad request', { status: 400 })))
        .finally(room.leave);

    if (method === 'GET' || method === 'HEAD' || method === 'OPTIONS') {
      void safely(undefined);
      return;
    }
    const most = headers.has('authorization') ? Number.POSITIVE_INFINITY : ordinaryBodyBytes;
    const limit = Math.min(options.bodyLimit(method, path), most);
    readBody(res, limit, room, safely, (refusal) => {
      room.leave();
      const error =
        refusal === 'too-large'
          ? new RequestError('payload-too-large', { maxBytes: limit })
          : new RequestError('try-later');
      void send(problem(error));
    });
  });
}

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

function readBody(
  res: HttpResponse,
  maxBytes: number,
  room: Room,
  done: (body: Uint8Array<ArrayBuffer>) => void,
  refuse: (refusal: 'too-large' | 'no-room') => void,
): void {
  const chunks: Uint8Array[] = [];
  let size = 0;
  let over = false;
  res.onData((chunk, isLast) => {
    if (over) return;
    size += chunk.byteLength;
    if (size > maxBytes || !room.take(size)) {
      over = true;
      chunks.length = 0;
      refuse(size > maxBytes ? 'too-large' : 'no-room');
      return;
    }
    // The chunk's memory is taken back after this turn.
    chunks.push(new Uint8Array(chunk.slice(0)));
    if (isLast) done(new Uint8Array(Buffer.concat(chunks)));
  });
}

async function write(
  res: HttpResponse,
  response: Response,
  head: boolean,
  isAborted: () => boolean,
): Promise<void> {
  const body = response.body === null ? undefined : await response.arrayBuffer();
  if (isAborted()) return;
  res.cork(() => {
    res.writeStatus(`${response.status} ${response.statusText || statusText(response.status)}`);
    for (const [name, value] of response.headers) {
      if (name !== 'content-length') res.writeHeader(name, value);
    }
    if (head) res.endWithoutBody(body?.byteLength ?? 0);
    else res.end(body);
  });
}

const texts: Record<number, string> = {
  200: 'OK',
  201: 'Created',
  204: 'No Content',
  304: 'Not Modified',
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Payload Too Large',
  415: 'Unsupported Media Type',
  422: 'Unprocessable Content',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
};
const statusText = (status: number) => texts[status] ?? 'Status';
