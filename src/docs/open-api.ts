/**
 * The OpenAPI 3.1 document of the HTTP layer, made from the same contracts as the socket: what stands in
 * the path leaves the request, the rest is the query of a GET or DELETE, or the JSON body of everything else.
 */
import { STATUS_CODES } from 'node:http';
import type { AskContract, JsonSchema } from '../contracts.ts';
import { type ErrorCode, errors } from '../errors.ts';
import { examplesOf } from './examples.ts';
import {
  allContracts,
  answerableCodes,
  channelOf,
  commonCodes,
  componentRef,
  type DocsOptions,
  errorList,
  forComponents,
  groupBy,
  httpUrl,
  operationId,
  refName,
  types,
} from './schema.ts';

export interface OpenApiOptions extends DocsOptions {
  /** Names of the messages that need no token; the access checks live in `channels/`. */
  publicMessages: ReadonlySet<string>;
}

export type Parameter = {
  name: string;
  in: 'path' | 'query' | 'header';
  required: boolean;
  description?: string;
  style?: string;
  explode?: boolean;
  schema: JsonSchema;
};
type Content = Record<string, { schema: JsonSchema; example?: unknown }>;
export type Operation = {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  security: Record<string, string[]>[];
  parameters: Parameter[];
  requestBody?: { required: boolean; content: Content };
  responses: Record<
    string,
    { description: string; headers?: Record<string, unknown>; content: Content } | { $ref: string }
  >;
  'x-message': string;
  'x-cost': number;
};
export type OpenApi = {
  openapi: string;
  info: { title: string; version: string; description: string; license: { name: string } };
  servers: { url: string; description: string }[];
  tags: { name: string }[];
  paths: Record<string, Record<string, Operation>>;
  components: Record<string, Record<string, unknown>>;
};

type HttpAsk = AskContract & { http: NonNullable<AskContract['http']> };

/** The asks that HTTP takes too. */
export const httpContracts = (): HttpAsk[] =>
  allContracts.filter((each): each is HttpAsk => each.kind === 'ask' && each.http !== undefined);

export function openApi(options: OpenApiOptions): OpenApi {
  const asks = httpContracts();
  const paths: OpenApi['paths'] = {};
  for (const ask of asks) {
    const path = ask.http.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [ask.http.method.toLowerCase()]: operation(ask, options.publicMessages) };
  }
  return {
    openapi: '3.1.1',
    info: {
      title: 'Seatcast over HTTP',
      version: options.version,
      description:
        'Accounts, plans, events, holds and bookings. The same contracts, access checks and handlers as the socket; what changes is told on the socket only.',
      license: { name: 'MIT' },
    },
    servers: [{ url: httpUrl(options), description: 'The hub' }],
    tags: [...new Set(asks.map((ask) => channelOf(ask.name)))].map((name) => ({ name })),
    paths,
    components: {
      schemas: { ...forComponents(types, false), Problem: problem },
      responses: Object.fromEntries(
        byStatus(commonCodes('http')).map(([status, codes]) => [responseName(status), refusal(codes)]),
      ),
      securitySchemes: {
        bearer: {
          type: 'http',
          scheme: 'bearer',
          bearerFormat: 'JWT',
          description: 'The token that `POST /api/v1/auth/login` answers.',
        },
      },
    },
  };
}

const location = {
  description: 'Where it is read.',
  schema: { type: 'string', minLength: 1, maxLength: 200 },
};

function operation(ask: HttpAsk, publicMessages: ReadonlySet<string>): Operation {
  const { name, title, description, http, cost } = ask;
  const { parameters, body } = divide(ask);
  const success = http.status ?? 200;
  return {
    operationId: operationId(name),
    summary: title,
    description,
    tags: [channelOf(name)],
    // An empty requirement beside the other: a token may be sent, but need not.
    security: publicMessages.has(name) ? [{}, { bearer: [] }] : [{ bearer: [] }],
    parameters: repeatable(ask) ? [...parameters, idempotencyKey(ask)] : parameters,
    ...(body ? { requestBody: body } : {}),
    responses: {
      [success]: {
        description: title,
        ...(http.location ? { headers: { Location: location } } : {}),
        content: reply(ask),
      },
      ...(http.cache === 'revalidate' ? { 304: { description: 'It is as it was', content: {} } } : {}),
      ...refusals(ask),
    },
    'x-message': name,
    'x-cost': cost,
  };
}

const takesRequestId = (ask: AskContract): boolean =>
  Object.hasOwn((ask.request.properties ?? {}) as object, 'requestId');

export const repeatable = (ask: AskContract): boolean => ask.once || takesRequestId(ask);

/** What requests over sockets carry as `requestId`. */
const idempotencyKey = (ask: AskContract): Parameter => ({
  name: 'Idempotency-Key',
  in: 'header',
  required: takesRequestId(ask),
  description:
    'New for each thing you want done, the same when you ask again: a repeat within 24 hours gets the first answer.',
  schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{8,64}$' },
});

function reply(ask: HttpAsk): Content {
  const { produces } = ask.http;
  const json = { schema: forComponents(ask.reply, false), example: examplesOf(ask).reply };
  const isJson = produces === undefined || produces.includes('application/json');
  return { ...contentOf(produces ?? []), ...(isJson ? { 'application/json': json } : {}) };
}

/** JSON Schema says nothing of what is not JSON. */
const contentOf = (types: readonly string[]): Content =>
  Object.fromEntries(types.map((type) => [type, { schema: {} }]));

/** What of the request travels where. */
function divide(ask: HttpAsk): { parameters: Parameter[]; body: Operation['requestBody'] | undefined } {
  const inPath = [...ask.http.path.matchAll(/:(\w+)/g)].map(([, name]) => name as string);
  const properties = (ask.request.properties ?? {}) as Record<string, JsonSchema>;
  const required = (ask.request.required ?? []) as string[];
  const parameter = (name: string, where: Parameter['in']): Parameter => {
    const { description, ...schema } = forComponents(properties[name], false);
    const described = typeof description === 'string' ? { description } : {};
    const type = types[refName(schema) ?? '']?.type ?? schema.type;
    const list = type === 'array' ? { style: 'form', explode: false } : {};
    return { name, in: where, required: required.includes(name), ...described, ...list, schema };
  };
  // The header has the request's id.
  const rest = Object.keys(properties).filter((name) => !inPath.includes(name) && name !== 'requestId');
  const parameters = inPath.map((name) => parameter(name, 'path'));
  if (ask.http.method === 'GET' || ask.http.method === 'DELETE') {
    return { parameters: [...parameters, ...rest.map((name) => parameter(name, 'query'))], body: undefined };
  }
  if (ask.http.consumes) {
    const body = { required: true, content: contentOf(ask.http.consumes) };
    return { parameters: [...parameters, ...rest.map((name) => parameter(name, 'query'))], body };
  }
  const anything = ask.request.properties === undefined;
  return {
    parameters,
    body: rest.length > 0 || anything ? requestBody(ask, [...inPath, 'requestId']) : undefined,
  };
}

function requestBody(ask: HttpAsk, elsewhere: readonly string[]): NonNullable<Operation['requestBody']> {
  const without = (record: unknown) =>
    Object.fromEntries(Object.entries(record as JsonSchema).filter(([name]) => !elsewhere.includes(name)));
  const { properties, required, minProperties, ...others } = ask.request as JsonSchema & {
    required?: string[];
    minProperties?: number;
  };
  const left = required?.filter((name) => !elsewhere.includes(name));
  const least =
    minProperties === undefined
      ? 0
      : Math.max(0, minProperties - elsewhere.filter((name) => name !== 'requestId').length);
  const schema = {
    ...others,
    ...(left ? { required: left } : {}),
    ...(least > 0 ? { minProperties: least } : {}),
    ...(properties ? { properties: without(properties) } : {}),
  };
  return {
    required: left === undefined || left.length > 0 || least > 0,
    content: {
      'application/json': {
        schema: forComponents(schema, false),
        example: without(examplesOf(ask).request),
      },
    },
  };
}

/** A status that only common codes have is a shared response; the others name their own codes first. */
function refusals(ask: HttpAsk): Operation['responses'] {
  const own = new Set(ask.errors.map((code) => errors[code].status));
  return Object.fromEntries(
    byStatus(answerableCodes(ask, 'http')).map(([status, codes]) => [
      status,
      own.has(status) ? refusal(codes) : { $ref: `#/components/responses/${responseName(status)}` },
    ]),
  );
}

function byStatus(codes: readonly ErrorCode[]): [number, ErrorCode[]][] {
  return [...groupBy(codes, (code) => errors[code].status)].sort(([a], [b]) => a - b);
}

/** 429 to `TooManyRequests`. */
const responseName = (status: number) => (STATUS_CODES[status] ?? `Status${status}`).replace(/\W/g, '');

const refusal = (codes: readonly ErrorCode[]) => ({
  description: errorList(codes),
  content: {
    'application/problem+json': {
      schema: {
        allOf: [{ $ref: componentRef('Problem') }],
        properties: { code: { enum: codes } },
      } as JsonSchema,
    },
  },
});

const problem = {
  type: 'object',
  description: 'A refused request, RFC 9457. `code`, `retry` and `details` are the same as over the socket.',
  required: ['type', 'title', 'status', 'detail', 'code', 'message', 'retry'],
  properties: {
    type: {
      type: 'string',
      format: 'uri-reference',
      description: 'The place of the code in the documentation.',
    },
    title: { type: 'string', description: 'For people: the kind of problem.' },
    status: { type: 'integer', minimum: 400, maximum: 599, description: 'The HTTP status.' },
    detail: { type: 'string', description: 'The same as `message`.' },
    code: { type: 'string', enum: Object.keys(errors), description: 'See the list of errors.' },
    message: { type: 'string', description: 'For people. May change; do not compare.' },
    retry: (types.Error as { properties: JsonSchema }).properties.retry,
    details: { type: 'object', description: 'Typed per code, see the list of errors.' },
  },
};
