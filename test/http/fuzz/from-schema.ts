/**
 * Values from JSON Schema, for fast-check: mostly what a schema allows, sometimes one mutation away from it, sometimes
 * what an attacker would try first.
 */
import fc from 'fast-check';

export type Schema = Record<string, unknown>;
type Pools = ReadonlyMap<string, readonly string[]>;

/** Texts that break parsers, queries, headers and pages. */
const hostileTexts = [
  '',
  ' ',
  '\u0000',
  '\u0000\u0001\u001f',
  '\ud800',
  '\u202e\u200b',
  "' or 1=1 --",
  '$1',
  '%00',
  '../../etc/passwd',
  '<script>alert(1)</script>',
  '=cmd|calc!A0',
  'a\r\nset-cookie: x=1',
  '__proto__',
  'constructor',
  '9'.repeat(400),
  'é'.repeat(300),
  '💺'.repeat(200),
  'null',
  'NaN',
  '-0',
  '1e309',
  '2021-09-31T00:00:00Z',
  '2016-12-31T23:59:60Z',
  '0001-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999999999Z',
  '%',
  '\\',
  '{}',
  '[]',
  '&lt;',
  '(((((((((((((((((((a|a)*)*)*)*',
];
const hostileNumbers = [0, -0, -1, 0.5, 1e9, 2 ** 31, 2 ** 53, -(2 ** 53), 1e308, 5e-324];
const hostileObjects: unknown[] = [{}, [], [[]], { $ne: 1 }, [null], { length: 1 }, { toString: 'x' }];

export const hostile: fc.Arbitrary<unknown> = fc.oneof(
  fc.constantFrom<unknown>(...hostileTexts),
  fc.constantFrom<unknown>(...hostileNumbers, null, true, false),
  fc.constantFrom<unknown>(...hostileObjects),
  fc.string({ unit: 'binary', maxLength: 60 }),
);

/**
 * What a schema of this document allows, most of the time.
 * @param pools texts to take from, by the name of the shared type, such as ids of things that exist
 */
export function fromSchema(schema: Schema, document: Schema, pools: Pools): fc.Arbitrary<unknown> {
  const of = (inner: unknown): fc.Arbitrary<unknown> => fromSchema(inner as Schema, document, pools);
  const reference = schema.$ref as string | undefined;
  if (reference) {
    const pool = pools.get(reference.split('/').at(-1) ?? '') ?? [];
    const target = of(resolve(reference, document));
    return pool.length > 0
      ? fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...pool) }, { weight: 1, arbitrary: target })
      : target;
  }
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (Array.isArray(schema.enum)) return fc.constantFrom(...schema.enum);
  for (const word of ['anyOf', 'oneOf'] as const) {
    if (Array.isArray(schema[word])) return fc.oneof(...schema[word].map(of));
  }
  const type = Array.isArray(schema.type) ? schema.type : [schema.type];
  return fc.oneof(...type.map((each) => ofType(String(each), schema, of)));
}

function ofType(type: string, schema: Schema, of: (inner: unknown) => fc.Arbitrary<unknown>) {
  switch (type) {
    case 'string':
      return text(schema);
    case 'integer':
      return fc.integer({
        min: bounded(schema.minimum, -(2 ** 31)),
        max: bounded(schema.maximum, 2 ** 31 - 1),
      });
    case 'number':
      return fc.double({
        min: bounded(schema.minimum, -1e9),
        max: bounded(schema.maximum, 1e9),
        noNaN: true,
      });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'array': {
      const minLength = Number(schema.minItems ?? 0);
      return fc.array(of(schema.items ?? {}), { minLength, maxLength: Math.max(minLength, 4) });
    }
    case 'object':
      return object(schema, of);
    default:
      return hostile;
  }
}

const bounded = (value: unknown, otherwise: number): number =>
  typeof value === 'number' && Number.isSafeInteger(value) ? value : otherwise;

function text(schema: Schema): fc.Arbitrary<string> {
  const { format, pattern } = schema as { format?: string; pattern?: string };
  if (format === 'date-time') {
    return fc
      .date({ min: new Date('1990-01-01'), max: new Date('2200-01-01'), noInvalidDate: true })
      .map((date) => date.toISOString());
  }
  if (format === 'email') return fc.uuid().map((id) => `${id}@example.com`);
  if (pattern) return fc.stringMatching(new RegExp(pattern));
  const minLength = Number(schema.minLength ?? 0);
  return fc.string({ unit: 'grapheme', minLength, maxLength: Math.max(minLength, 24) });
}

function object(schema: Schema, of: (inner: unknown) => fc.Arbitrary<unknown>): fc.Arbitrary<unknown> {
  const properties = (schema.properties ?? {}) as Record<string, Schema>;
  const required = (schema.required ?? []) as string[];
  const model = Object.fromEntries(
    Object.entries(properties).map(([name, inner]) => [name, nearly(of(inner))]),
  );
  const known = fc.record(model, {
    requiredKeys: Object.keys(model).filter((name) => required.includes(name)),
  });
  const others = schema.additionalProperties;
  if (typeof others !== 'object' || others === null) return known;
  const free = fc.dictionary(fc.string({ minLength: 1, maxLength: 12 }), of(others), {
    minKeys: 1,
    maxKeys: 3,
  });
  return fc.tuple(known, free).map(([one, other]) => ({ ...other, ...one }));
}

/** Now and then something else. */
export const nearly = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 24, arbitrary: value }, { weight: 1, arbitrary: hostile });

/** What `#/…` points to. */
export function resolve(reference: string, document: Schema): Schema {
  let found: unknown = document;
  for (const part of reference.slice(2).split('/')) {
    found = (found as Schema | undefined)?.[part.replaceAll('~1', '/').replaceAll('~0', '~')];
  }
  if (typeof found !== 'object' || found === null) throw new Error(`nothing at ${reference}`);
  return found as Schema;
}
