import { RequestError } from '../errors.ts';

/** What a part of a cursor is: anything else would reach the database as it is. */
const kinds = {
  id: (part: string) => /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(part),
  hold: (part: string) => /^[\w-]{22}$/.test(part),
  /** Of a table whose rows are counted. */
  row: (part: string) => /^\d{1,18}$/.test(part),
  time: (part: string) => !Number.isNaN(Date.parse(part)) && new Date(part).toISOString() === part,
};

/** Where a list goes on, as text that clients need not understand. */
export const writeCursor = (...parts: string[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

/** The parts of a cursor, of these kinds, or none. Throws `cursor-invalid`. */
export function readCursor(cursor: string | undefined, ...expected: (keyof typeof kinds)[]): string[] {
  if (cursor === undefined) return [];
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === expected.length) {
      const fits = (part: unknown, i: number) => typeof part === 'string' && kinds[expected[i] ?? 'id'](part);
      if (parts.every(fits)) return parts;
    }
  } catch {
    // Not JSON: answered below.
  }
  throw new RequestError('cursor-invalid');
}
