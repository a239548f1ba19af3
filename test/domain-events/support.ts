/** What the tests of domain events share: what is on the stream, and whether it is what its schema says. */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { Redis } from 'ioredis';
import { type CloudEvent, domainEventTypes } from '../../src/domain-events/cloud-event.ts';
import { domainEventSchemas } from '../../src/domain-events/schemas.ts';
import { node } from '../channels/support.ts';
import { until } from '../support/client.ts';
import type { TestHubs } from '../support/hub.ts';

export interface Entry {
  position: string;
  type: string;
  event: CloudEvent;
}

export const streamOf = (hubs: TestHubs): { redis: Redis; key: string } => ({
  redis: node(hubs).links.commands as Redis,
  key: node(hubs).keys.stream[0] ?? '',
});

/** What is on the stream. */
export async function entriesOf(hubs: TestHubs): Promise<Entry[]> {
  const { redis, key } = streamOf(hubs);
  return (await redis.xrange(key, '-', '+')).map(
    ([position, [typeField, type = '', eventField, json = '']]) => {
      if (typeField !== 'type' || eventField !== 'event') throw new Error(`${position} has other fields`);
      return { position, type, event: JSON.parse(json) };
    },
  );
}

/** Resolves once everything that was noted is on the stream. */
export async function untilPublished(hubs: TestHubs): Promise<Entry[]> {
  await until(async () => {
    const [row] = await hubs.sql<{ left: number; head: string }>(
      "select (select count(*)::integer from domain_changes) as left, ms || '-' || seq as head from domain_event_head",
    );
    if (row?.left !== 0) return false;
    const { redis, key } = streamOf(hubs);
    // While it is away, or empty, it has nothing.
    const last = await redis.xrevrange(key, '+', '-', 'COUNT', 1).catch(() => []);
    return (last[0]?.[0] ?? '0-0') === row.head;
  }, 'the stream to have all there is');
  return entriesOf(hubs);
}

/** Writes notes of changes, as the statements do; none is of a type that means anything. */
export const note = (hubs: TestHubs, subjects: readonly string[]) =>
  hubs.sql(
    `insert into domain_changes (type, subject, data)
     select 'test.noted.v1', subject, jsonb_build_object('n', n)
     from unnest($1::text[]) with ordinality as each (subject, n) order by n`,
    [subjects],
  );

/** An envelope as CloudEvents 1.0 wants it; extensions have names of letters and digits. */
const envelope = {
  type: 'object',
  required: [
    'specversion',
    'id',
    'source',
    'type',
    'subject',
    'time',
    'datacontenttype',
    'dataschema',
    'sequence',
    'data',
  ],
  additionalProperties: false,
  properties: {
    specversion: { const: '1.0' },
    id: { type: 'string', format: 'uuid' },
    source: { type: 'string', format: 'uri-reference', minLength: 1 },
    type: { type: 'string', pattern: '^com\\.seatcast\\.[a-z-]+\\.[a-z-]+\\.v[1-9]\\d*$' },
    subject: { type: 'string', minLength: 1 },
    time: { type: 'string', format: 'date-time' },
    datacontenttype: { const: 'application/json' },
    dataschema: { type: 'string', format: 'uri' },
    sequence: { type: 'string', pattern: '^\\d{19}$' },
    data: { type: 'object' },
  },
};

/** Consumers bear what they do not know; here nothing may be in an event that its schema does not name. */
function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const inner = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, closed(value)]));
  return 'properties' in inner && !('additionalProperties' in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
}

const ajv = addFormats.default(new Ajv2020({ strict: true, strictRequired: false, allErrors: true }));
for (const text of domainEventSchemas.values()) ajv.addSchema(closed(JSON.parse(text)) as object);
const checkEnvelope = ajv.compile(envelope);
const checks = new Map<string, ValidateFunction>(
  domainEventTypes.map((type) => [`com.seatcast.${type}`, ajv.getSchema(`${type}.json`) as ValidateFunction]),
);

/** What is wrong with a published event; none: nothing. */
export function faultsOf({ type, event }: Entry): string[] {
  const check = checks.get(event.type);
  if (!check) return [`there is no schema for ${event.type}`];
  const faults = [];
  if (type !== event.type) faults.push(`the field says ${type}, the event ${event.type}`);
  if (!checkEnvelope(event)) faults.push(ajv.errorsText(checkEnvelope.errors));
  if (!check(event.data)) faults.push(`${event.type}: ${ajv.errorsText(check.errors)}`);
  return faults;
}
