/** Reads fields of an uploaded plan one by one. Every refusal names its place, so an organizer can mend the file. */

/** The plan is refused: `path` is the place in the file, `problem` what was found there and what is allowed. */
export class PlanError extends Error {
  readonly path: string;
  readonly problem: string;

  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.name = 'PlanError';
    this.path = path;
    this.problem = problem;
  }
}

export type Fields = Readonly<Record<string, unknown>>;
export interface Point {
  x: number;
  y: number;
}

/** Largest width, height and distance from a parent, in plan units: far past any venue drawn in pixels. */
export const MAX_EXTENT = 100_000;
export const MAX_TEXT = 200;

// Besides control characters: lone surrogates (no UTF-8, no jsonb), line separators and the marks that
// turn the direction of what follows them, with which one label can be made to look like another.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\u2028\u2029\u202a-\u202e\u2066-\u2069]/u;
const HEX_COLOR = /^#(?:[0-9a-f]{3,4}|[0-9a-f]{6}|[0-9a-f]{8})$/i;

/** A value for people: short, quoted, and without a character that could disturb a page or a log. */
export function shown(value: unknown): string {
  if (typeof value !== 'string') {
    if (value === null || typeof value === 'number' || typeof value === 'boolean') return String(value);
    if (value === undefined) return 'nothing';
    return Array.isArray(value) ? 'a list' : typeof value === 'object' ? 'an object' : `a ${typeof value}`;
  }
  const start = [...value.slice(0, 80)].slice(0, 40).join('');
  const safe = start.replaceAll(
    new RegExp(UNPRINTABLE.source, 'gu'),
    (found) => `\\u{${found.codePointAt(0)?.toString(16)}}`,
  );
  return `"${safe}${start.length < value.length ? '…' : ''}"`;
}

export function fields(value: unknown, path: string): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new PlanError(path, `found ${shown(value)} instead of an object`);
  }
  return value as Fields;
}

/** A list with at most `max` entries. */
export function list(owner: Fields, key: string, path: string, max: number): readonly unknown[] {
  const value = owner[key];
  if (!Array.isArray(value)) {
    throw new PlanError(place(path, key), `found ${shown(value)} instead of a list`);
  }
  if (value.length > max) {
    throw new PlanError(
      place(path, key),
      `found ${count(value.length)} entries; at most ${count(max)} are allowed`,
    );
  }
  return value;
}

/** A printable string of 1 to 200 characters (UTF-16 units); `empty: true` also allows the empty string. */
export function text(owner: Fields, key: string, path: string, allow: { empty?: boolean } = {}): string {
  const value = owner[key];
  if (typeof value !== 'string') {
    throw new PlanError(place(path, key), `found ${shown(value)} instead of a text`);
  }
  if (value === '' && allow.empty !== true) {
    throw new PlanError(place(path, key), 'is empty; 1 to 200 characters are allowed');
  }
  if (value.length > MAX_TEXT) {
    throw new PlanError(
      place(path, key),
      `has ${count(value.length)} characters; at most ${MAX_TEXT} are allowed`,
    );
  }
  if (UNPRINTABLE.test(value)) {
    throw new PlanError(
      place(path, key),
      `${shown(value)} has a control character; only printable text is allowed`,
    );
  }
  return value;
}

/** Like `text`, and the empty string when the field is missing or null. */
export function optionalText(owner: Fields, key: string, path: string): string {
  return isAbsent(owner[key]) ? '' : text(owner, key, path, { empty: true });
}

export function number(owner: Fields, key: string, path: string, min: number, max: number): number {
  const value = owner[key];
  if (typeof value !== 'number') {
    throw new PlanError(place(path, key), `found ${shown(value)} instead of a number`);
  }
  if (!(value >= min && value <= max)) {
    throw new PlanError(place(path, key), `is ${value}; ${count(min)} to ${count(max)} is allowed`);
  }
  return value;
}

export function optionalNumber(
  owner: Fields,
  key: string,
  path: string,
  min: number,
  max: number,
  otherwise: number,
) {
  return isAbsent(owner[key]) ? otherwise : number(owner, key, path, min, max);
}

/** `{x, y}`, relative to whatever the field belongs to. */
export function point(value: unknown, path: string): Point {
  const position = fields(value, path);
  return {
    x: number(position, 'x', path, -MAX_EXTENT, MAX_EXTENT),
    y: number(position, 'y', path, -MAX_EXTENT, MAX_EXTENT),
  };
}

export function optionalPoint(value: unknown, path: string): Point {
  return isAbsent(value) ? { x: 0, y: 0 } : point(value, path);
}

/** A CSS hex colour and nothing else, because it ends in the style of a page. Missing, null and '' take the default. */
export function color(owner: Fields, key: string, path: string, otherwise: string): string {
  const value = owner[key];
  if (isAbsent(value) || value === '') return otherwise;
  if (typeof value !== 'string' || !HEX_COLOR.test(value)) {
    throw new PlanError(place(path, key), `found ${shown(value)} instead of a hex colour such as #2f6b8f`);
  }
  return value;
}

export function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}

export function place(path: string, key: string): string {
  return path === '' ? key : `${path}.${key}`;
}

/** 100000 → "100,000" */
export function count(value: number): string {
  return value.toLocaleString('en-US');
}
