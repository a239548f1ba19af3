/**
 * The messages that have an `http` line in their contract, as routes. Same contracts, access checks and
 * handlers as on sockets: this file only turns a request into a message and a result into a response.
 */
import { hash } from 'node:crypto';
import type { Context, Hono } from 'hono';
import { Download } from '../channel.ts';
import { type CompiledAsk, loadContracts, sharedTypes } from '../contracts.ts';
import type { Dispatcher } from '../dispatch.ts';
import { RequestError } from '../errors.ts';
import { type HttpLimits, routeClass } from '../limits/http-limits.ts';
import { type Session, TokenError, type Tokens } from '../session.ts';
import { ordinaryBodyBytes } from './bridge.ts';
import { problem } from './problem.ts';

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
  const content = isDownload ? result.content : JSON.stringify(result);
  const extra = isDownload ? result.headers : {};
  const headers: Record<string, string> = {
    'content-type': isDownload ? result.type : 'application/json',
    'cache-control': http?.cache === 'forever' ? 'public, max-age=31536000, immutable' : 'no-store',
  };
  if (isDownload && result.filename) headers['content-disposition'] = disposition(result.filename);
  if (http?.cache === 'revalidate') {
    const isPublic = c.req.header('authorization') === undefined;
    headers['cache-control'] = `${isPublic ? 'public' : 'private'}, no-cache`;
    headers.vary = 'Authorization';
    const etag = isDownload ? result.etag : undefined;
    headers.etag = `"${etag ?? hash('sha256', content, 'base64url').slice(0, 27)}"`;
    if (isAmong(c.req.header('if-none-match'), headers.etag)) {
      return new Response(null, { status: 304, headers: { ...headers, ...extra } });
    }
  }
  return new Response(content, { status: http?.status ?? 200, headers: { ...headers, ...extra } });
}

/** Compared weakly, as RFC 9110 asks of If-None-Match. */
const isAmong = (header: string | undefined, etag: string): boolean =>
  header !== undefined &&
  (header.trim() === '*' || header.split(',').some((one) => one.trim().replace(/^W\//, '') === etag));

/** A name that no browser reads as anything else (RFC 6266). */
const disposition = (filename: string): string =>
  `attachment; filename="${filename.replace(/[^\w.-]/g, '_')}"; filename*=UTF-8''${encodeURIComponent(filename)}`;

/** The request id of HTTP. Throws `invalid-request`. */
function keyOf(c: Context<Bindings>): string | undefined {
  const key = c.req.header('idempotency-key');
  if (key === undefined || /^[A-Za-z0-9_-]{8,64}$/.test(key)) return key;
  const allowed = 'must be 8 to 64 letters, digits, - or _';
  throw new RequestError('invalid-request', { field: 'Idempotency-Key', allowed });
}

/** Who asks, once it is clear that they may ask again already. A token that is none counts for its address. */
async function sessionOf(
  c: Context<Bindings>,
  contract: CompiledAsk,
  options: ApiOptions,
): Promise<Session | undefined> {
  const header = c.req.header('authorization');
  const token = /^Bearer ([\w.~+/=-]+)$/i.exec(header ?? '')?.[1];
  const claimed =
    header === undefined
      ? undefined
      : await options.tokens.verify(token).catch((error: unknown) => {
          if (error instanceof TokenError) return undefined;
          throw error;
        });
  await takeTurn(c, options.limits, routeClass(contract), claimed?.userId ?? c.env.address);
  if (!claimed && header !== undefined) throw new RequestError('unauthenticated');
  if (claimed && (await options.isRevoked(claimed.id))) throw new RequestError('unauthenticated');
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
  if (retryAfterMs > 0) throw new RequestError('rate-limited', { retryAfterMs });
}

/** Path, query and body together are the request; a name may come only once. */
async function requestOf(c: Context<Bindings>, contract: CompiledAsk): Promise<Record<string, unknown>> {
  const path = fromPath(c, contract);
  // A HEAD is answered as its GET would be. What is sent instead of JSON has its parameters in the query, too,
  // and so has a DELETE, whose body many a proxy drops.
  if (contract.http?.method === 'GET' || contract.http?.method === 'DELETE' || contract.http?.consumes)
    return { ...fromQuery(c, contract), ...path };
  const isDelete = contract.http?.method === 'DELETE';
  const body = isDelete ? await queryOfDelete(c, contract) : await jsonBody(c);
  for (const name of Object.keys(path)) {
    if (Object.hasOwn(body, name)) {
      throw new RequestError('invalid-request', { field: name, allowed: 'is given by the path' });
    }
  }
  const key = keyOf(c);
  const takesId = Object.hasOwn((contract.request.properties ?? {}) as object, 'requestId');
  if (!takesId || Object.hasOwn(body, 'requestId')) return { ...body, ...path };
  if (key === undefined) {
    const allowed = 'is required: 8 to 64 letters, digits, - or _, new for each thing you want done';
    throw new RequestError('invalid-request', { field: 'Idempotency-Key', allowed });
  }
  return { requestId: key, ...body, ...path };
}

/** What a DELETE takes is in its query: a body may be dropped on the way, and then more would go than was asked for. */
async function queryOfDelete(c: Context<Bindings>, contract: CompiledAsk): Promise<Record<string, unknown>> {
  if (Object.keys(await jsonBody(c)).length > 0) {
    const allowed = 'must be empty: what a DELETE takes is in its query';
    throw new RequestError('invalid-request', { field: '(the body)', allowed });
  }
  return fromQuery(c, contract);
}

async function jsonBody(c: Context<Bindings>): Promise<Record<string, unknown>> {
  const text = await c.req.text();
  if (text === '') return {};
  if (!/^application\/json\s*(;\s*charset="?utf-8"?)?$/i.test(c.req.header('content-type') ?? '')) {
    throw new RequestError('unsupported-media-type');
  }
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new RequestError('invalid-request', { field: '(the body)', allowed: 'must be JSON' });
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw new RequestError('invalid-request', { field: '(the body)', allowed: 'must be a JSON object' });
  }
  for (const [name, value] of Object.entries(body)) {
    // JSON may carry them, PostgreSQL cannot keep them.
    if (typeof value === 'string' && (value.includes('\0') || !value.isWellFormed())) {
      const field = name.slice(0, 100);
      const allowed = 'must be text without the character U+0000 and without halves of surrogate pairs';
      throw new RequestError('invalid-request', { field, allowed });
    }
  }
  return body as Record<string, unknown>;
}

async function rawBody(c: Context<Bindings>, types: readonly string[]): Promise<Uint8Array<ArrayBuffer>> {
  const type = c.req.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (!types.includes(type)) {
    throw new RequestError('unsupported-media-type', { allowed: types }, `Send ${types.join(', ')}.`);
  }
  const body = new Uint8Array(await c.req.arrayBuffer());
  if (body.length === 0) {
    throw new RequestError('invalid-request', { field: '(the body)', allowed: 'must not be empty' });
  }
  return body;
}

interface Parameter {
  type?: string;
  $ref?: string;
  items?: Parameter;
}
type Properties = Record<string, Parameter>;
const propertiesOf = (contract: CompiledAsk) => (contract.request.properties ?? {}) as Properties;

/** What a parameter is, also where its contract only names a shared type. */
function kindOf(parameter: Parameter | undefined): Parameter | undefined {
  const shared = parameter?.$ref?.split('/').at(-1);
  return shared === undefined ? parameter : (sharedTypes.$defs as Properties)[shared];
}

const fromPath = (c: Context<Bindings>, contract: CompiledAsk): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(c.req.param() as Record<string, string>).map(([name, text]) => [
      name,
      parameterOf(text, kindOf(propertiesOf(contract)[name])?.type),
    ]),
  );

/** Parameters of one name come once; a list is separated by commas. */
function fromQuery(c: Context<Bindings>, contract: CompiledAsk): Record<string, unknown> {
  const properties = propertiesOf(contract);
  const request: Record<string, unknown> = {};
  for (const [name, values] of Object.entries(c.req.queries())) {
    const [text] = values;
    if (values.length !== 1 || text === undefined) {
      throw new RequestError('invalid-request', { field: name.slice(0, 100), allowed: 'may be given once' });
    }
    const known = Object.hasOwn(properties, name) ? kindOf(properties[name]) : undefined;
    request[name] =
      known?.type === 'array'
        ? text.split(',').map((part) => parameterOf(part, kindOf(known.items)?.type))
        : parameterOf(text, known?.type);
  }
  return request;
}

/** Parameters are text: numbers and booleans are read as such where the contract wants them. */
function parameterOf(text: string, type: string | undefined): unknown {
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  return text;
}
