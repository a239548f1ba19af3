import { RequestError } from '../errors.ts';

/** What a part of a cursor is: anything else would reach the database as it is. */
const kinds = {
  id: (part: string) => /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/.test(part),
  hold: (part: string) => /^[\w-]{22}$/.test(part),
  /** Of a table whose rows are counted. */
  row: (part: string) => /^\d{1,18}$/.test(part),
  time: (part: string) => !Number.isNaN(Date.parse(part)) && new Date(part).toISOString() === part,
  /** The same as PostgreSQL writes it, to the microsecond. */
  micros: (part: string) => /^\d{4}(-\d\d){2}T(\d\d:){2}\d\d\.\d{6}Z$/.test(part) && isMoment(part),
  text: (part: string) => part.length <= 400 && part.isWellFormed() && !part.includes('\0'),
};
const isMoment = (text: string) => {
  const whole = `${text.slice(0, 23)}Z`;
  return !Number.isNaN(Date.parse(whole)) && new Date(whole).toISOString() === whole;
};

/** Where a list goes on, as text that clients need not understand. */
export const writeCursor = (...parts: string[]): string =>
  Buffer.from(JSON.stringify(parts)).toString('base64url');

const isKind = (name: string): name is keyof typeof kinds => Object.hasOwn(kinds, name);
const isOfKind = (part: string, kind: string) => (isKind(kind) ? kinds[kind](part) : part === kind);

/** Of `limit` rows and one more, which says that the list goes on: the page, and the cursor of what follows its last. */
export function pageOf<Row>(
  rows: readonly Row[],
  limit: number,
  partsOf: (last: Row) => string[],
): { page: Row[]; nextCursor: string | null } {
  const page = rows.slice(0, limit);
  const last = page.at(-1);
  return {
    page,
    nextCursor: rows.length > limit && last !== undefined ? writeCursor(...partsOf(last)) : null,
  };
}

/** The parts of a cursor, of these kinds or these very words, or none. Throws `cursor-invalid`. */
export function readCursor(cursor: string | undefined, ...expected: string[]): string[] {
  if (cursor === undefined) return [];
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    if (Array.isArray(parts) && parts.length === expected.length) {
      const fits = (part: unknown, i: number) =>
        typeof part === 'string' && isOfKind(part, expected[i] ?? 'id');
      if (parts.every(fits)) return parts;
    }
  } catch {
    // Not JSON: answered below.
  }
  throw new RequestError('cursor-invalid');
}
