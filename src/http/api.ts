/**
 * The messages that have an `http` line in their contract, as routes. Same contracts, access checks and
 * handlers as on sockets: this file only turns a request into a message and a result into a response.
 */
import type { Context, Hono } from 'hono';
import { type CompiledAsk, loadContracts } from '../contracts.ts';
import type { Dispatcher } from '../dispatch.ts';
import { RequestError } from '../errors.ts';
import { type Session, TokenError, type Tokens } from '../session.ts';
import { problem } from './problem.ts';

export type Bindings = { Bindings: { address: string } };

export interface ApiOptions {
  dispatcher: Dispatcher;
  tokens: Tokens;
  isRevoked: (sessionId: string) => Promise<boolean>;
  draining: () => boolean;
}

/** Contracts that answer 201. */
const creates = new Set(['auth:register', 'events:create', 'plans:import', 'kiosks:begin', 'kiosks:pair']);
/** They never change, so caches may keep them. */
const immutable = new Set(['plans:read']);

export function mountApi(app: Hono<Bindings>, options: ApiOptions): void {
  const byPath = new Map<string, string[]>();
  for (const { http } of loadContracts().asks.values()) {
    if (http) byPath.set(http.path, [...(byPath.get(http.path) ?? []), http.method]);
  }
  for (const contract of loadContracts().asks.values()) {
    const { http } = contract;
    if (http) app.on(http.method, http.path, (c) => answer(c, contract, options));
  }
  for (const [path, methods] of byPath) {
    app.all(path, () => problem(new RequestError('method-not-allowed', { allowed: methods })));
  }
}

async function answer(c: Context<Bindings>, contract: CompiledAsk, options: ApiOptions): Promise<Response> {
  try {
    if (options.draining()) throw new RequestError('server-draining');
    const session = await sessionOf(c, options);
    const result = await options.dispatcher.dispatch(contract.name, () => requestOf(c, contract), {
      connection: undefined,
      session,
      address: c.env.address,
      viewer: undefined,
      idempotencyKey: keyOf(c),
    });
    const cache = immutable.has(contract.name) ? 'public, max-age=31536000, immutable' : 'no-store';
    return c.json(result as object, creates.has(contract.name) ? 201 : 200, { 'cache-control': cache });
  } catch (error) {
    return problem(error instanceof RequestError ? error : new RequestError('internal'));
  }
}

/** The request id of HTTP. Throws `invalid-request`. */
function keyOf(c: Context<Bindings>): string | undefined {
  const key = c.req.header('idempotency-key');
  if (key === undefined || /^[A-Za-z0-9_-]{8,64}$/.test(key)) return key;
  const allowed = 'must be 8 to 64 letters, digits, - or _';
  throw new RequestError('invalid-request', { field: 'Idempotency-Key', allowed });
}

async function sessionOf(c: Context<Bindings>, options: ApiOptions): Promise<Session | undefined> {
  const header = c.req.header('authorization');
  if (header === undefined) return undefined;
  const token = /^Bearer ([\w.~+/=-]+)$/i.exec(header)?.[1];
  try {
    const session = await options.tokens.verify(token);
    if (await options.isRevoked(session.id)) throw new RequestError('unauthenticated');
    return session;
  } catch (error) {
    if (error instanceof TokenError) throw new RequestError('unauthenticated');
    throw error;
  }
}

/** Path, query and body together are the request; a name may come only once. */
async function requestOf(c: Context<Bindings>, contract: CompiledAsk): Promise<Record<string, unknown>> {
  const path = c.req.param() as Record<string, string>;
  // A HEAD is answered as its GET would be.
  if (contract.http?.method === 'GET') return { ...fromQuery(c, contract), ...path };
  const body = await jsonBody(c);
  for (const name of Object.keys(path)) {
    if (Object.hasOwn(body, name)) {
      throw new RequestError('invalid-request', { field: name, allowed: 'is given by the path' });
    }
  }
  const key = keyOf(c);
  const takesId = Object.hasOwn((contract.request.properties ?? {}) as object, 'requestId');
  return { ...(takesId && key !== undefined ? { requestId: key } : {}), ...body, ...path };
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

/** Query parameters are text: numbers and booleans are read as such where the contract wants them. */
function fromQuery(c: Context<Bindings>, contract: CompiledAsk): Record<string, unknown> {
  const properties = (contract.request.properties ?? {}) as Record<string, { type?: string }>;
  const request: Record<string, unknown> = {};
  for (const [name, values] of Object.entries(c.req.queries())) {
    const [text] = values;
    if (values.length !== 1 || text === undefined) {
      throw new RequestError('invalid-request', { field: name.slice(0, 100), allowed: 'may be given once' });
    }
    const type = Object.hasOwn(properties, name) ? properties[name]?.type : undefined;
    if (type === 'integer' && /^-?\d{1,15}$/.test(text)) request[name] = Number(text);
    else if (type === 'boolean' && (text === 'true' || text === 'false')) request[name] = text === 'true';
    else request[name] = text;
  }
  return request;
}
