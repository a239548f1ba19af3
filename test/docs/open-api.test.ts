import { Validator } from '@seriousme/openapi-schema-validator';
import { describe, expect, test } from 'vitest';
import { type CompiledAsk, loadContracts } from '../../src/contracts.ts';
import { examplesOf } from '../../src/docs/examples.ts';
import { type Operation, openApi, repeatable } from '../../src/docs/open-api.ts';
import { commonCodes } from '../../src/docs/schema.ts';
import { errors, RequestError } from '../../src/errors.ts';
import { problem } from '../../src/http/problem.ts';
import { references, resolve } from './references.ts';

const document = openApi({
  version: '1.2.3',
  host: 'tickets.example',
  secure: true,
  publicMessages: new Set(['auth:login', 'events:read']),
});
const asks = [...loadContracts().asks.values()].filter((ask) => ask.http !== undefined);
const names = asks.map((ask) => ask.name);

function operationOf(name: string): Operation {
  const http = asks.find((ask) => ask.name === name)?.http;
  const path = http?.path.replace(/:(\w+)/g, '{$1}') ?? '';
  const operation = document.paths[path]?.[http?.method.toLowerCase() ?? ''];
  if (operation === undefined) throw new Error(`${name} is not in the document`);
  return operation;
}

/** The codes a response names, through its reference if it is one. */
function codesOf(response: unknown): string[] {
  const { $ref } = response as { $ref?: string };
  const found = $ref === undefined ? response : resolve(document, $ref);
  return resolve(found, '#/content/application~1problem+json/schema/properties/code/enum') as string[];
}

describe('the OpenAPI document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const result = await new Validator().validate(structuredClone(document));
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
  });

  test('has no reference that leads nowhere', () => {
    const all = references(document);
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter(({ target }) => target === undefined)).toEqual([]);
  });

  test('has every message of the HTTP layer and no other', () => {
    const found = Object.values(document.paths).flatMap((path) =>
      Object.values(path).map((operation) => operation['x-message']),
    );
    expect(found.sort()).toEqual([...names].sort());
  });

  test.each(names)('lists every error %s may answer under its status', (name) => {
    const own = asks.find((ask) => ask.name === name)?.errors ?? [];
    const { responses } = operationOf(name);
    for (const code of [...own, ...commonCodes('http')]) {
      expect(codesOf(responses[errors[code].status])).toContain(code);
    }
    const listed = Object.entries(responses)
      .filter(([status]) => !/^[23]/.test(status))
      .flatMap(([, response]) => codesOf(response));
    expect(listed.sort()).toEqual([...own, ...commonCodes('http')].sort());
  });

  test.each(names)('divides the whole request of %s into path, query and body', (name) => {
    const ask = asks.find((each) => each.name === name) as CompiledAsk;
    const { parameters, requestBody } = operationOf(name);
    const inBody = requestBody?.content['application/json']?.schema.properties ?? {};
    const ofRequest = parameters.filter((each) => each.in !== 'header');
    const divided = [...ofRequest.map((each) => each.name), ...Object.keys(inBody)];
    // The header carries the id of the request.
    const fields = Object.keys(ask.request.properties ?? {}).filter((field) => field !== 'requestId');
    expect(divided.sort()).toEqual(fields.sort());
    const inPath = [...(ask.http?.path.matchAll(/:(\w+)/g) ?? [])].map(([, field]) => field);
    expect(parameters.filter((each) => each.in === 'path').map((each) => each.name)).toEqual(inPath);
    const headers = parameters.filter((each) => each.in === 'header').map((each) => each.name);
    expect(headers).toEqual(repeatable(ask) ? ['Idempotency-Key'] : []);
    const hasNoBody = ask.http?.method === 'GET' || ask.http?.method === 'DELETE';
    if (hasNoBody) expect(requestBody).toBeUndefined();
    else if (ask.http?.consumes) expect(Object.keys(requestBody?.content ?? {})).toEqual(ask.http.consumes);
    else expect(parameters.filter((each) => each.in === 'query')).toEqual([]);
  });

  test('has examples whose path and body together are the request', () => {
    for (const ask of asks) {
      const body = operationOf(ask.name).requestBody?.content['application/json']?.example;
      if (body !== undefined) expect(examplesOf(ask).request).toMatchObject(body as object);
    }
  });

  test('answers 201 where something is made', () => {
    const made = names.filter((name) => operationOf(name).responses[201] !== undefined);
    expect(made.sort()).toEqual([
      'attachments:add',
      'auth:register',
      'bookings:book',
      'bookings:book-seat',
      'calendar:renew',
      'events:create',
      'events:create-series',
      'kiosks:begin',
      'kiosks:pair',
      'plans:import',
      'seats:hold',
      'venues:create',
      'venues:import-plan',
      'waitlist:join',
    ]);
  });

  test('asks for a token unless the message is public', () => {
    expect(operationOf('events:read').security).toEqual([{}, { bearer: [] }]);
    expect(operationOf('events:create').security).toEqual([{ bearer: [] }]);
  });

  test('wants one change of an update that named its event in the path', () => {
    const schema = operationOf('events:update').requestBody?.content['application/json']?.schema;
    expect(schema).toMatchObject({ minProperties: 1, required: [] });
    expect(operationOf('events:update').requestBody?.required).toBe(true);
    expect(operationOf('events:cancel').requestBody?.required).toBe(false);
    expect(operationOf('events:restore').requestBody).toBeUndefined();
  });

  test('describes the problems that the HTTP layer answers', async () => {
    const body = await problem(new RequestError('seats-taken', { seats: [1] })).json();
    const { properties, required } = resolve(document, '#/components/schemas/Problem') as {
      properties: object;
      required: string[];
    };
    expect(Object.keys(properties).sort()).toEqual(Object.keys(body).sort());
    expect(Object.keys(body)).toEqual(expect.arrayContaining(required));
  });
});
