/** What a request over HTTP says, in the form of its contract: path, query, body, and the request id of its header. */
import type { Context } from 'hono';
import { type CompiledAsk, sharedTypes } from '../contracts.ts';
import { RequestError } from '../errors.ts';
import type { Bindings } from './api.ts';
import { faultOfJson } from './fault-of-json.ts';

/** The token of an Authorization header; undefined: it has none. */
export const bearerOf = (header: string | null | undefined): string | undefined =>
  /^Bearer ([\w.~+/=-]+)$/i.exec(header ?? '')?.[1];

/** The request id of HTTP. Throws `invalid-request`. */
export function keyOf(c: Context<Bindings>): string | undefined {
  const key = c.req.header('idempotency-key');
  if (key === undefined || /^[A-Za-z0-9_-]{8,64}$/.test(key)) return key;
  const allowed = 'must be 8 to 64 letters, digits, - or _';
  throw new RequestError('invalid-request', { field: 'Idempotency-Key', allowed });
}

/** Path, query and body together are the request; a name may come only once. */
export async function requestOf(
  c: Context<Bindings>,
  contract: CompiledAsk,
): Promise<Record<string, unknown>> {
  const path = fromPath(c, contract);
  // A HEAD is answered as its GET would be. What is sent instead of JSON has its parameters in the query, too.
  if (contract.http?.method === 'GET' || contract.http?.consumes)
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

/** What was packed is not unpacked here: a small body could become a large one. */
function refuseEncoded(c: Context<Bindings>): void {
  const encoding = c.req.header('content-encoding')?.trim().toLowerCase() ?? '';
  if (encoding === '' || encoding === 'identity') return;
  throw new RequestError(
    'unsupported-media-type',
    { field: 'Content-Encoding' },
    'Send the body as it is, without a Content-Encoding.',
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** What is no UTF-8 would be kept as something else. Throws `invalid-request`. */
function decoded(bytes: ArrayBuffer): string {
  try {
    return utf8.decode(bytes);
  } catch {
    throw new RequestError('invalid-request', { field: '(the body)', allowed: 'must be UTF-8' });
  }
}

async function jsonBody(c: Context<Bindings>): Promise<Record<string, unknown>> {
  const bytes = await c.req.arrayBuffer();
  if (bytes.byteLength === 0) return {};
  refuseEncoded(c);
  if (!/^application\/json\s*(;\s*charset="?utf-8"?)?$/i.test(c.req.header('content-type') ?? '')) {
    throw new RequestError('unsupported-media-type', undefined, 'Send application/json in UTF-8.');
  }
  const text = decoded(bytes);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    const allowed = `must be JSON${placeText(text)}`;
    throw new RequestError('invalid-request', { field: '(the body)', allowed });
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

/** Where a body stops being JSON; nothing of it is repeated. */
function placeText(text: string): string {
  const at = faultOfJson(text);
  if (at === undefined) return '';
  if (at === text.length) return ', and ends too early';
  const lines = text.slice(0, at).split('\n');
  return `, and is none from line ${lines.length}, character ${(lines.at(-1) ?? '').length + 1} on`;
}

export async function rawBody(
  c: Context<Bindings>,
  types: readonly string[],
): Promise<Uint8Array<ArrayBuffer>> {
  refuseEncoded(c);
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
  format?: string;
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
      parameterOf(text, kindOf(propertiesOf(contract)[name])),
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
        ? text.split(',').map((part) => parameterOf(part, kindOf(known.items)))
        : parameterOf(text, known);
  }
  return request;
}

/**
 * Parameters are text: numbers and booleans are read as such where the contract wants them. The plus of an offset that
 * was not escaped has come as a blank.
 */
function parameterOf(text: string, { type, format }: Parameter = {}): unknown {
  if (type === 'integer' && /^-?\d{1,15}$/.test(text)) return Number(text);
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if (format === 'date-time') return text.replace(/ (?=\d\d:\d\d$)/, '+');
  return text;
}
