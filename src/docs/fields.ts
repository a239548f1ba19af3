/** A JSON schema as rows for people: nested objects flattened with dots, shared types by their name. */
import type { JsonSchema } from '../contracts.ts';
import { refName, types } from './schema.ts';

export interface Field {
  /** `since.epoch`, `zones[].name`. Empty for the value as a whole. */
  readonly name: string;
  readonly type: TypeText;
  readonly required: boolean;
  /** "1 to 50 items, each once". Empty when everything of the type is allowed. */
  readonly allowed: string;
  readonly description: string;
}

/** `SeatIndex[]` is the shared type `SeatIndex` in a list; without `shared` a plain JSON type. */
export interface TypeText {
  readonly name: string;
  readonly shared: boolean;
  readonly list: boolean;
  readonly nullable: boolean;
}

/** The fields of an object, or the one row of anything else. */
export function fieldsOf(schema: JsonSchema): Field[] {
  return schema.properties === undefined ? [row('', schema, true)] : properties(schema, '');
}

function properties(schema: JsonSchema, prefix: string): Field[] {
  const required = (schema.required ?? []) as string[];
  return Object.entries((schema.properties ?? {}) as Record<string, JsonSchema>).flatMap(([name, each]) => {
    const full = prefix + name;
    const items = (each.items ?? {}) as JsonSchema;
    return [
      row(full, each, required.includes(name)),
      ...(each.properties ? properties(each, `${full}.`) : []),
      ...(items.properties ? properties(items, `${full}[].`) : []),
    ];
  });
}

function row(name: string, schema: JsonSchema, required: boolean): Field {
  const { value, nullable } = withoutNull(schema);
  const shared = types[refName(value) ?? ''];
  const description = schema.description ?? shared?.description ?? '';
  return {
    name,
    type: typeText(value, nullable),
    required,
    allowed: allowed(shared ? { ...shared, ...value } : value).join(', '),
    description: String(description),
  };
}

/** `anyOf: [X, null]` is X, or null. */
function withoutNull(schema: JsonSchema): { value: JsonSchema; nullable: boolean } {
  const choices = (schema.anyOf ?? []) as JsonSchema[];
  const value = choices.find((choice) => choice.type !== 'null');
  return { value: value ?? schema, nullable: choices.some((choice) => choice.type === 'null') };
}

function typeText(schema: JsonSchema, nullable: boolean): TypeText {
  const shared = refName(schema);
  if (shared !== undefined) return { name: shared, shared: true, list: false, nullable };
  if (schema.type === 'array') {
    return { ...typeText((schema.items ?? {}) as JsonSchema, false), list: true, nullable };
  }
  return { name: String(schema.type ?? 'any'), shared: false, list: false, nullable };
}

/** The constraints of a schema in words. */
export function allowed(schema: JsonSchema): string[] {
  const words = [
    range(schema.minimum, schema.maximum, ''),
    range(schema.minLength, schema.maxLength, ' characters'),
    range(schema.minItems, schema.maxItems, ' items'),
    range(schema.minProperties, schema.maxProperties, ' entries'),
  ];
  if ('const' in schema) words.push(`always ${JSON.stringify(schema.const)}`);
  if (Array.isArray(schema.enum)) words.push(enumText(schema.enum));
  if (schema.format !== undefined) words.push(String(schema.format));
  if (schema.pattern !== undefined) words.push(patternText(String(schema.pattern)));
  if (schema.uniqueItems === true) words.push('each once');
  return words.filter((word) => word !== '');
}

/** A long list is only counted: it stands somewhere of its own. */
const enumText = (values: readonly unknown[]) =>
  values.length > 10 ? `one of ${values.length}` : values.map((value) => `\`${value}\``).join(', ');

const patternText = (pattern: string) => (pattern === '\\S' ? 'not only blanks' : `\`${pattern}\``);

/** "1 to 50", "at least 1", "at most 500"; a bound that says nothing is left out. */
function range(from: unknown, to: unknown, unit: string): string {
  const least = typeof from === 'number' && (from > 0 || unit === '') ? from : undefined;
  const most = typeof to === 'number' && to < Number.MAX_SAFE_INTEGER ? to : undefined;
  if (most === undefined) return least === undefined ? '' : `at least ${least}${unit}`;
  return least === undefined
    ? `at most ${grouped(most)}${unit}`
    : `${grouped(least)} to ${grouped(most)}${unit}`;
}

/** 100000000 as 100 000 000, with spaces that do not break. */
const grouped = (number: number) => String(number).replace(/\B(?=(\d{3})+$)/g, '\u202f');
