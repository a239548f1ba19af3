import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import { loadContracts } from '../../src/contracts.ts';
import { asyncApi } from '../../src/docs/async-api.ts';
import { commonCodes, operationId } from '../../src/docs/schema.ts';
import { references, resolve } from './references.ts';

type Objects = Record<string, unknown>;
interface Document {
  servers: Record<string, Objects>;
  operations: Record<string, { action: string; reply?: Objects; messages: { $ref: string }[] }>;
  components: { messages: Record<string, Message>; schemas: Objects };
}
interface Message extends Objects {
  name: string;
  payload: Objects;
  examples?: { payload: unknown }[];
}

const document = asyncApi({ version: '1.2.3', host: 'tickets.example', secure: true });
const typed = document as unknown as Document;
const { asks, tells } = loadContracts();
const socketAsks = [...asks.values()].filter((ask) => ask.socket);

describe('the AsyncAPI document', () => {
  test('is valid AsyncAPI 3.0', () => {
    const file = createRequire(import.meta.url).resolve('@asyncapi/specs/schemas/3.0.0.json');
    // The official schema brings draft 7 along, so ajv must not bring its own.
    const ajv = addFormats.default(
      new Ajv({ strict: false, meta: false, validateSchema: false, logger: false }),
    );
    const check = ajv.compile(JSON.parse(readFileSync(file, 'utf8')));
    expect(check(document), JSON.stringify(check.errors?.slice(0, 5))).toBe(true);
    expect(check({ ...document, operations: { wrong: { action: 'shout' } } })).toBe(false);
  });

  test('has no reference that leads nowhere', () => {
    const all = references(document);
    expect(all.length).toBeGreaterThan(100);
    expect(all.filter(({ target }) => target === undefined)).toEqual([]);
  });

  test('keeps an operation inside the messages of its channel', () => {
    for (const [id, operation] of Object.entries(typed.operations)) {
      const channel = (resolve(document, `#/operations/${id}/channel/$ref`) as string) ?? '';
      const replies = (operation.reply?.messages ?? []) as { $ref: string }[];
      for (const { $ref } of [...operation.messages, ...replies]) {
        expect($ref.startsWith(`${channel}/messages/`), $ref).toBe(true);
      }
    }
  });

  test('has every message of the socket and no other', () => {
    const names = [...socketAsks.map((ask) => ask.name), ...tells.keys()];
    expect(Object.keys(typed.operations).sort()).toEqual(names.map(operationId).sort());
    for (const ask of socketAsks) {
      expect(typed.operations[operationId(ask.name)]?.action).toBe('receive');
      expect(typed.components.messages[operationId(ask.name)]?.name).toBe(ask.name);
    }
    for (const name of tells.keys()) expect(typed.operations[operationId(name)]?.action).toBe('send');
  });

  test.each(socketAsks.map((ask) => ask.name))('lists every error %s may answer', (name) => {
    const refused = typed.components.messages[`${operationId(name)}.refused`];
    const codes = resolve(refused, '#/payload/properties/error/properties/code/enum');
    expect(codes).toEqual([...(asks.get(name)?.errors ?? []), ...commonCodes('socket')]);
  });

  test('reads its own examples', () => {
    const ajv = addFormats.default(new Ajv({ strict: false }));
    ajv.addSchema({ $id: 'document', ...document });
    for (const [id, { examples, payload }] of Object.entries(typed.components.messages)) {
      expect(payload, id).toBeDefined();
      const check = ajv.getSchema(`document#/components/messages/${id}/payload`);
      for (const example of examples ?? []) {
        expect(check?.(example.payload), `${id}: ${JSON.stringify(check?.errors)}`).toBe(true);
      }
    }
  });

  test('says where the hub is', () => {
    expect(typed.servers.hub).toMatchObject({
      host: 'tickets.example',
      pathname: '/socket.io/',
      protocol: 'wss',
    });
    const plain = asyncApi({ version: '1', host: 'localhost:3000', secure: false }) as unknown as Document;
    expect(plain.servers.hub).toMatchObject({ host: 'localhost:3000', protocol: 'ws' });
  });
});
