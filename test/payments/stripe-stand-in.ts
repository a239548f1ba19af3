/**
 * A server on the loopback that speaks the part of Stripe's API the hub uses: form bodies, PaymentIntents,
 * refunds, idempotency keys as Stripe keeps them, its errors, and signed webhooks. Faults are asked for with
 * `disturb`; what was asked of it is in `requests`.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import Stripe from 'stripe';
import { type Answer, failure, StripeBooks } from './stripe-books.ts';

export const webhookSecret = 'whsec_stand_in';

export interface Request {
  method: string;
  path: string;
  key: string | undefined;
  form: URLSearchParams;
}

/** What befalls the next requests whose "METHOD path" matches. */
export interface Disturbance {
  match: RegExp;
  /** Default 1. */
  times?: number;
  /** Answer this error. With 500 it is remembered under the key, as Stripe does. */
  status?: 401 | 403 | 409 | 429 | 500;
  /** Never answer. */
  hang?: boolean;
  /** Close the connection. */
  cut?: boolean;
  /** Answer something that is not JSON. */
  garbage?: boolean;
  /** Whether the request is done all the same. Default false. */
  done?: boolean;
}

interface Remembered {
  path: string;
  body: string;
  /** undefined while the first request is still under way. */
  answer?: Answer;
}

export class StripeStandIn {
  readonly requests: Request[] = [];
  readonly books = new StripeBooks();
  readonly #server: Server;
  readonly #keys = new Map<string, Remembered>();
  readonly #disturbances: (Disturbance & { times: number; befell: () => void })[] = [];

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#handle(request, response).catch(() => response.destroy());
    });
  }

  static async start(): Promise<StripeStandIn> {
    const standIn = new StripeStandIn();
    await new Promise<void>((resolve) => standIn.#server.listen(0, '127.0.0.1', resolve));
    return standIn;
  }

  /** For `StripeOptions.server`. */
  get address() {
    const { port } = this.#server.address() as AddressInfo;
    return { protocol: 'http' as const, host: '127.0.0.1', port };
  }

  /** Resolves when it has befallen a request, and that is done if it should be. */
  disturb(disturbance: Disturbance): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#disturbances.push({ times: 1, befell: resolve, ...disturbance });
    return promise;
  }

  /** Forgets all keys, as Stripe does after a day or so. */
  forgetKeys(): void {
    this.#keys.clear();
  }

  /** "METHOD path" of what was asked, in order. */
  get log(): string[] {
    return this.requests.map(({ method, path }) => `${method} ${path}`);
  }

  /** A signed webhook about an object: its body and the header `stripe-signature`. */
  webhook(type: string, object: unknown, { ageSeconds = 0, secret = webhookSecret } = {}) {
    const now = Math.floor(Date.now() / 1000) - ageSeconds;
    const event = {
      id: `evt_${now}`,
      object: 'event',
      api_version: null,
      created: now,
      type,
      data: { object },
    };
    const body = JSON.stringify(event);
    const signature = Stripe.webhooks.generateTestHeaderString({ payload: body, secret, timestamp: now });
    return { body, signature };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #handle(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(incoming);
    const { method = 'GET', url = '/', headers } = incoming;
    const { pathname: path, searchParams } = new URL(url, 'http://stand-in');
    const form = method === 'GET' ? searchParams : new URLSearchParams(body);
    const header = headers['idempotency-key'];
    const key = method === 'POST' && typeof header === 'string' ? header : undefined;
    this.requests.push({ method, path, key, form });

    const known = key === undefined ? undefined : this.#keys.get(key);
    if (known) return send(response, repeated(known, path, body));
    const disturbance = this.#disturbanceOf(`${method} ${path}`);
    const entry: Remembered = { path, body };
    if (key !== undefined) this.#keys.set(key, entry);

    const done = disturbance && !disturbance.done ? undefined : this.books.answer(method, path, form);
    const answer = disturbance?.status ? disturbed(disturbance.status) : done;
    // What failed before anything was tried is not remembered.
    if (key !== undefined && (!answer || [401, 403, 409, 429].includes(answer.status)))
      this.#keys.delete(key);
    else if (answer) entry.answer = answer;
    disturbance?.befell();
    if (disturbance?.hang) return;
    if (disturbance?.cut) return void response.destroy();
    if (disturbance?.garbage || !answer) return void response.writeHead(200).end('<html>');
    send(response, answer);
  }

  #disturbanceOf(line: string) {
    const found = this.#disturbances.find(({ match, times }) => times > 0 && match.test(line));
    if (found) found.times--;
    return found;
  }
}

/** The error of a disturbance. */
function disturbed(status: NonNullable<Disturbance['status']>): Answer {
  if (status === 401) return failure(401, { message: 'Invalid API Key provided' });
  if (status === 403) return failure(403, { message: 'The key may not do this' });
  if (status === 409) return inUse;
  if (status === 429) return failure(429, { code: 'rate_limit', message: 'Too many requests' });
  return failure(500, { type: 'api_error', message: 'Something went wrong' });
}

const inUse = failure(409, { code: 'idempotency_key_in_use', message: 'Another request uses this key' });

/** What a known key answers. */
function repeated({ path, body, answer }: Remembered, askedPath: string, askedBody: string): Answer {
  if (path !== askedPath || body !== askedBody)
    return failure(400, {
      type: 'idempotency_error',
      message: 'Keys can only be used with the same parameters',
    });
  if (!answer) return inUse;
  return { ...answer, replayed: true };
}

function send(response: ServerResponse, { status, body, replayed }: Answer): void {
  response.writeHead(status, {
    'content-type': 'application/json',
    'request-id': 'req_stand_in',
    ...(replayed ? { 'idempotent-replayed': 'true' } : {}),
  });
  response.end(JSON.stringify(body));
}
