import { RequestError } from '../errors.ts';

/**
 * A moment on the wire as PostgreSQL takes it: UTC, milliseconds. Throws `invalid-request` for what has the form of a
 * moment and is none, such as a leap second, or lies outside the years 2000 to 2199.
 */
export function instantOf(field: string, text: string): string {
  const date = new Date(text);
  const year = date.getUTCFullYear();
  if (year >= 2000 && year < 2200) return date.toISOString();
  throw new RequestError('invalid-request', { field, allowed: 'must be a moment between 2000 and 2199' });
}
