/** What is wrong with a request that does not fit its contract, in words: the field, and what is allowed there. */
import type { ErrorObject } from 'ajv';
import { RequestError } from './errors.ts';

interface Problem {
  field: string;
  allowed: string;
}

const wholeRequest = '(the whole request)';
/** So many fields are named at most. */
const problemsAtMost = 20;
/** Values in a request of which all errors are looked for. */
const smallAtMost = 500;

/**
 * Never repeats the client's value.
 * @param all every error of the request, where they were looked for; more than one field are listed in `errors`
 */
export function invalidRequest(
  first: ErrorObject | undefined,
  all: readonly ErrorObject[] = [],
): RequestError {
  // Whoever sends nothing to change learns first what is wrong with what they did send.
  const main =
    first?.keyword === 'minProperties' ? all.find(({ keyword }) => keyword !== 'minProperties') : first;
  const { field, allowed } = problemOf(main ?? first);
  const errors = problemsOf(all);
  return new RequestError('invalid-request', { field, allowed, ...(errors.length > 1 ? { errors } : {}) });
}

/** Of each field its first problem. */
function problemsOf(all: readonly ErrorObject[]): Problem[] {
  const found = new Map<string, Problem>();
  for (const error of all) {
    // What sums up the errors of its branches, which came before it.
    if (error.keyword === 'anyOf' || error.keyword === 'oneOf' || error.keyword === 'if') continue;
    const problem = problemOf(error);
    if (!found.has(problem.field)) found.set(problem.field, problem);
    if (found.size === problemsAtMost) break;
  }
  return [...found.values()];
}

function problemOf(error: ErrorObject | undefined): Problem {
  const path = (error?.instancePath ?? '').replaceAll('/', '.').slice(1);
  const params: Record<string, unknown> = error?.params ?? {};
  const inner = params.missingProperty ?? params.additionalProperty ?? params.propertyName;
  const field = [path, inner].filter(Boolean).join('.').slice(0, 200) || wholeRequest;
  return { field, allowed: allowedText(error) };
}

/** Whether finding all errors in it costs no more than reading it did: some keywords compare each item with each. */
export function isSmall(value: unknown): boolean {
  let left = smallAtMost;
  const count = (inner: unknown): boolean => {
    if (--left < 0) return false;
    if (typeof inner === 'string') return inner.length <= smallAtMost * 10;
    if (typeof inner !== 'object' || inner === null) return true;
    return Object.values(inner).every(count);
  };
  return count(value);
}

/** JSON may carry what PostgreSQL has no room for in a text. @returns where it is */
export function notTextIn(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') {
    return value.includes('\0') || !value.isWellFormed() ? path || wholeRequest : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    // Seats, of which there may be many.
    if (typeof inner === 'number') continue;
    const found = notTextIn(inner, path ? `${path}.${key}` : key);
    if (found) return found;
  }
  return undefined;
}

export const wrongText = (field: string): RequestError => {
  const allowed = 'must not contain the character NUL (\\u0000), nor half a surrogate pair';
  return new RequestError('invalid-request', { field, allowed });
};

interface Described {
  readonly description?: string;
  readonly pattern?: string;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, unknown>>;
  readonly required?: readonly string[];
}

function allowedText(error: ErrorObject | undefined): string {
  const schema = (error?.parentSchema ?? {}) as Described;
  switch (error?.keyword) {
    case 'required':
      return 'is required';
    case 'additionalProperties':
      return 'is not a field of this message';
    case 'enum':
      return `must be one of ${(error.params.allowedValues as unknown[]).join(', ')}`;
    case 'uniqueItems':
      return 'must not name the same twice';
    case 'minProperties':
      return fewestText(schema, Number(error.params.limit));
    case 'maxProperties':
      return mostText(schema, Number(error.params.limit));
    case 'minLength':
    case 'maxLength':
      // Its length follows from its form, which says more.
      if (schema.description && (schema.pattern || schema.format)) return describedText(schema);
      return error.message ?? 'is not valid';
    case 'pattern':
    case 'format':
      return describedText(schema) || error.message || 'is not valid';
    default:
      return error?.message ?? 'is not valid';
  }
}

/** Of a change: what names the thing, such as an id in the path, changes nothing. */
function fewestText({ properties = {}, required = [] }: Described, limit: number): string {
  if (limit !== required.length + 1) return `must have at least ${counted(limit)}`;
  const others = Object.keys(properties).filter((name) => !required.includes(name));
  const what = required.length > 0 ? 'must name something to change' : 'must not be empty';
  return others.length > 0 ? `${what}, at least one of ${others.join(', ')}` : what;
}

function mostText({ properties = {} }: Described, limit: number): string {
  const names = Object.keys(properties);
  if (limit !== 1 || names.length === 0) return `must have at most ${counted(limit)}`;
  return `must have only one of ${names.join(', ')}`;
}

const counted = (fields: number): string => (fields === 1 ? 'one field' : `${fields} fields`);

/** Where a contract says nothing more of it. */
const formats: Readonly<Record<string, string>> = {
  email: 'an e-mail address, such as somebody@example.org',
  date: 'a day that there is, YYYY-MM-DD',
  'date-time': 'a moment of RFC 3339 with an offset, such as 2027-03-14T19:30:00Z',
};

/** What the contract says of the field in words, where the rule itself is no answer for people. */
function describedText({ description, format = '' }: Described): string {
  const text = description ?? formats[format];
  // As a part of a sentence: "A UUID" is "a UUID", and "UTF-8" stays.
  return text
    ? `must be: ${text.replace(/^[A-Z](?=[a-z ])/, (letter) => letter.toLowerCase()).replace(/\.$/, '')}`
    : '';
}
