/** The operations of an OpenAPI document: requests made from it, answers held against it. */
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import fc from 'fast-check';
import { fromSchema, hostile, nearly, resolve, type Schema } from './from-schema.ts';

export interface Operation {
  readonly id: string;
  readonly method: string;
  readonly path: string;
  /** The parts of a request, not yet in their places. */
  readonly request: fc.Arbitrary<Parts>;
  /** undefined: the answer is one that the document knows. */
  complaint(status: number, type: string, body: string): string | undefined;
}

export interface Parts {
  readonly path: Record<string, unknown>;
  readonly query: Record<string, unknown>;
  readonly headers: Record<string, unknown>;
  /** undefined: none. */
  readonly body: unknown;
  readonly contentType: string;
}

interface Parameter {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  schema: Schema;
}
interface Described {
  operationId: string;
  parameters: Parameter[];
  requestBody?: { content: Record<string, { schema: Schema }> };
  responses: Record<string, { $ref?: string; content?: Record<string, unknown> }>;
}

export function operationsOf(document: Schema, pools: ReadonlyMap<string, readonly string[]>): Operation[] {
  const ajv = addFormats.default(new Ajv2020({ strict: false, validateFormats: true }));
  ajv.addSchema({ ...document, $id: 'openapi' });
  const paths = document.paths as Record<string, Record<string, Described>>;
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, described]) => {
      const at = `/paths/${escaped(path)}/${method}`;
      return {
        id: described.operationId,
        method: method.toUpperCase(),
        path,
        request: requestOf(described, document, pools),
        complaint: complainer(described, document, at, (pointer) =>
          ajv.compile({ $ref: `openapi#${pointer}` }),
        ),
      };
    }),
  );
}

const escaped = (part: string) => part.replaceAll('~', '~0').replaceAll('/', '~1');

function requestOf(
  { parameters, requestBody }: Described,
  document: Schema,
  pools: ReadonlyMap<string, readonly string[]>,
): fc.Arbitrary<Parts> {
  const among = (where: Parameter['in']) => {
    const own = parameters.filter((each) => each.in === where);
    const model = Object.fromEntries(
      own.map(({ name, schema }) => [name, nearly(fromSchema(schema, document, pools))]),
    );
    const requiredKeys = own.filter(({ required }) => required).map(({ name }) => name);
    return fc.record(model, { requiredKeys }) as fc.Arbitrary<Record<string, unknown>>;
  };
  const [[type, media] = []] = Object.entries(requestBody?.content ?? {});
  const isJson = type === 'application/json';
  const body = !media
    ? fc.constant(undefined)
    : isJson
      ? fc.oneof(
          { weight: 20, arbitrary: fromSchema(media.schema, document, pools) },
          { weight: 1, arbitrary: hostile },
        )
      : fc.uint8Array({ minLength: 0, maxLength: 200 });
  const strange = { 'x-strange': hostile } as const;
  return fc.record({
    path: among('path'),
    query: fc
      .tuple(among('query'), fc.oneof({ weight: 30, arbitrary: fc.constant({}) }, fc.record(strange)))
      .map(([known, unknown]) => ({ ...known, ...unknown })),
    headers: among('header'),
    body,
    contentType: fc.oneof(
      { weight: 30, arbitrary: fc.constant(type ?? 'application/json') },
      {
        weight: 1,
        arbitrary: fc.constantFrom('text/plain', 'application/xml', 'application/json; charset=utf-16'),
      },
    ),
  });
}

function complainer(
  { operationId, responses }: Described,
  document: Schema,
  at: string,
  compile: (pointer: string) => ValidateFunction,
): Operation['complaint'] {
  const checks = new Map<string, ValidateFunction>();
  return (status, type, body) => {
    if (status >= 500 && status !== 503) return `${operationId} answered ${status}: ${body.slice(0, 300)}`;
    const listed = responses[status];
    if (!listed)
      return `${operationId} answered ${status}, which is not among its answers: ${body.slice(0, 300)}`;
    const pointer = listed.$ref?.slice(1) ?? `${at}/responses/${status}`;
    const { content = {} } = listed.$ref ? resolve(listed.$ref, document) : listed;
    const media = type.split(';')[0] ?? '';
    if (Object.keys(content as object).length === 0) {
      return body === '' ? undefined : `${operationId} answered ${status} with a body`;
    }
    if (!Object.hasOwn(content as object, media)) return `${operationId} answered ${status} as ${media}`;
    if (!media.endsWith('json')) return undefined;
    const place = `${pointer}/content/${escaped(media)}/schema`;
    const check = checks.get(place) ?? compile(place);
    checks.set(place, check);
    if (check(JSON.parse(body))) return undefined;
    return `${operationId} answered ${status} against its schema: ${JSON.stringify(check.errors?.slice(0, 3))} ${body.slice(0, 600)}`;
  };
}

/** Parts in their places. `undefined` if no request can be made of them. */
export function assemble({ method, path }: Operation, parts: Parts): [url: string, init: RequestInit] {
  const text = (value: unknown): string =>
    Array.isArray(value)
      ? value.map(text).join(',')
      : typeof value === 'object'
        ? JSON.stringify(value)
        : String(value);
  const encode = (value: unknown) => encodeURIComponent(text(value).toWellFormed()) || '%20';
  const place = path.replace(/\{(\w+)\}/g, (_, name: string) => encode(parts.path[name]));
  const query = Object.entries(parts.query)
    .map(([name, value]) => `${name}=${encodeURIComponent(text(value).toWellFormed())}`)
    .join('&');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(parts.headers)) {
    headers[name] = text(value).replace(/[^\x21-\x7e]/g, '') || 'none-given';
  }
  const init: RequestInit = { method, headers };
  if (parts.body !== undefined && method !== 'GET') {
    headers['content-type'] = parts.contentType;
    init.body = (parts.body instanceof Uint8Array ? parts.body : JSON.stringify(parts.body)) as BodyInit;
  }
  return [`${place}${query ? `?${query}` : ''}`, init];
}
