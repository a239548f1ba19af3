/**
 * The messages that have an `http` line in their contract, as routes. Same contracts, access checks and
 * handlers as on sockets: this file only turns a request into a message and a result into a response.
 */
import { hash } from 'node:crypto';
import type { Context, Hono } from 'hono';
import { Download } from '../channel.ts';
import { type CompiledAsk, loadContracts } from '../contracts.ts';
import type { Dispatcher } from '../dispatch.ts';
import { RequestError } from '../errors.ts';
import { type HttpLimits, routeClass } from '../limits/http-limits.ts';
import { type Session, TokenError, type Tokens } from '../session.ts';
import { ordinaryBodyBytes } from './bridge.ts';
import { problem } from './problem.ts';
import { ReadyResponse } from './ready-response.ts';
import { bearerOf, keyOf, rawBody, requestOf } from './read-request.ts';

export type Bindings = {
  Bindings: {
    address: string;
    /** Headers of the answer, whatever it is. */
    extra: Record<string, string>;
  };
};

export interface ApiOptions {
  dispatcher: Dispatcher;
  tokens: Tokens;
  isRevoked: (sessionId: string) => Promise<boolean>;
  draining: () => boolean;
  limits: HttpLimits;
}

export function mountApi(app: Hono<Bindings>, options: ApiOptions): void {
  // Names before parameters: /events/upcoming is no event.
  const literalFirst = [...loadContracts().asks.values()].sort(
    (a, b) => Number(a.http?.path.includes(':')) - Number(b.http?.path.includes(':')),
  );
  for (const contract of literalFirst) {
    const { http } = contract;
    if (http) app.on(http.method, http.path, (c) => answer(c, contract, options));
  }
}

/** Contracts whose body may be longer than others, with what their paths look like. */
const longBodies = [...loadContracts().asks.values()]
  .filter(({ http }) => http?.maxBytes !== undefined)
  .map(({ http }) => ({
    method: http?.method,
    path: new RegExp(`^${http?.path.replace(/:\w+/g, '[^/]+')}/?$`),
    maxBytes: http?.maxBytes ?? 0,
  }));

/** The largest body, in bytes, of a request. */
export const bodyLimit = (method: string, path: string): number =>
  longBodies.find((each) => each.method === method && each.path.test(path))?.maxBytes ?? ordinaryBodyBytes;

async function answer(c: Context<Bindings>, contract: CompiledAsk, options: ApiOptions): Promise<Response> {
  try {
    if (options.draining()) throw new RequestError('server-draining');
    const session = await sessionOf(c, contract, options);
    const result = await options.dispatcher.dispatch(contract.name, () => requestOf(c, contract), {
      connection: undefined,
      session,
      address: c.env.address,
      viewer: undefined,
      idempotencyKey: keyOf(c),
      body: contract.http?.consumes && (() => rawBody(c, contract.http?.consumes ?? [])),
    });
    return good(c, contract, result);
  } catch (error) {
    return problem(error instanceof RequestError ? error : new RequestError('internal'));
  }
}

/** A result as a response, with what caches may do with it. */
function good(c: Context<Bindings>, { http }: CompiledAsk, result: unknown): Response {
  const isDownload = result instanceof Download;
  const { content, etag } = contentOf(result);
  const extra = isDownload ? result.headers : {};
  const headers: Record<string, string> = {
    'content-type': isDownload ? result.type : 'application/json',
    'cache-control': http?.cache === 'forever' ? 'public, max-age=31536000, immutable' : 'no-store',
  };
  if (http?.location) headers.location = filledIn(http.location, result);
  if (isDownload && result.filename) headers['content-disposition'] = disposition(result.filename);
  if (http?.cache === 'revalidate') {
    const isPublic = c.req.header('authorization') === undefined;
    headers['cache-control'] = `${isPublic ? 'public' : 'private'}, no-cache`;
    headers.vary = 'Authorization';
    headers.etag = `"${etag ?? etagOf(content)}"`;
    if (isAmong(c.req.header('if-none-match'), headers.etag)) {
      return new Response(null, { status: 304, headers: { ...headers, ...extra } });
    }
  }
  return new ReadyResponse(content, { status: http?.status ?? 200, headers: { ...headers, ...extra } });
}

interface Content {
  readonly content: string | Uint8Array<ArrayBuffer>;
  /** Of what is asked for again and again; undefined: its hash is to be taken. */
  readonly etag: string | undefined;
}

/** What is frozen is the same for many, and is written once. */
const writings = new WeakMap<object, Content>();

function contentOf(result: unknown): Content {
  if (result instanceof Download) return result;
  if (!Object.isFrozen(result) || typeof result !== 'object' || result === null)
    return { content: JSON.stringify(result), etag: undefined };
  const known = writings.get(result);
  if (known) return known;
  const content = JSON.stringify(result);
  const made = { content, etag: etagOf(content) };
  writings.set(result, made);
  return made;
}

const etagOf = (content: Content['content']): string => hash('sha256', content, 'base64url').slice(0, 27);

/** A path with the fields of an answer in their places. */
const filledIn = (path: string, result: unknown): string =>
  path.replace(/\{([\w.]+)\}/g, (_, field: string) => {
    const value = field.split('.').reduce<unknown>((from, name) => Object(from)[name], result);
    return encodeURIComponent(String(value));
  });

/** Compared weakly, as RFC 9110 asks of If-None-Match. */
const isAmong = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag));

/** A name that no browser reads as anything else (RFC 6266). */
const disposition = (filename: string): string =>
  `attachment; filename="${filename.replace(/[^\w.-]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(filename)}`;

/** Who asks, once it is clear that they may ask again already. A token that is none counts for its address. */
async function sessionOf(
  c: Context<Bindings>,
  contract: CompiledAsk,
  options: ApiOptions,
): Promise<Session | undefined> {
  const header = c.req.header('authorization');
  const token = bearerOf(header);
  const claimed =
    header === undefined
      ? undefined
      : await options.tokens.verify(token).catch((error: unknown) => {
          if (error instanceof TokenError) return undefined;
          throw error;
        });
  await takeTurn(c, options.limits, routeClass(contract), claimed?.userId ?? c.env.address);
  if (claimed ? await options.isRevoked(claimed.id) : header !== undefined) {
    // RFC 6750: whoever sent a token learns that it is of no use, rather than that one is needed.
    if (token !== undefined) c.env.extra['www-authenticate'] = 'Bearer error="invalid_token"';
    throw new RequestError('unauthenticated');
  }
  return claimed;
}

async function takeTurn(
  c: Context<Bindings>,
  limits: HttpLimits,
  of: ReturnType<typeof routeClass>,
  who: string,
): Promise<void> {
  if (!of) return;
  const { retryAfterMs, headers } = await limits.take(of, who);
  Object.assign(c.env.extra, headers);
  if (retryAfterMs > 0) throw new RequestError('rate-limited', { retryAfterMs, limit: of }, tooOften[of]);
}

const tooOften: Readonly<Record<NonNullable<ReturnType<typeof routeClass>>, string>> = {
  read: 'Too many requests that read.',
  write: 'Too many requests that change something.',
  heavy: 'Too many requests of those that cost much, of which fewer are allowed.',
};
