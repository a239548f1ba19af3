import { hash, randomBytes, randomFillSync } from 'node:crypto';

/** UUID version 7 (RFC 9562): its first 48 bits are the time, so ids sort by when they were made. */
export function newId(nowMs = Date.now()): string {
  const bytes = randomBytes(16);
  bytes.writeUIntBE(nowMs, 0, 6);
  bytes[6] = ((bytes[6] as number) & 0x0f) | 0x70;
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [8, 12, 16, 20].reduceRight((text, at) => `${text.slice(0, at)}-${text.slice(at)}`, hex);
}

/** Whether it is one of ours, as the contracts have them. */
export const isId = (text: string): boolean => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(text);

/** What sorts before every such id that is made at that moment or later. */
export const firstIdAt = (ms: number): string => {
  const hex = Math.trunc(ms).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
};

/** 128 random bits, so that nobody guesses another's hold. */
export function newHoldId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  used += holdIdBytes;
  return pool.toString('base64url', used - holdIdBytes, used);
}

const holdIdBytes = 16;
/** A call into the random generator costs more than all else that a hold id needs. */
const pool = Buffer.alloc(256 * holdIdBytes);
let used = pool.length;

/** 8 characters that name one life of a map. */
export const newEpoch = (): string => randomBytes(6).toString('base64url');

/** Of what a request asks for, to notice a request id that is used for two things. */
export const fingerprint = (...parts: unknown[]): string =>
  hash('sha1', JSON.stringify(parts), 'base64url').slice(0, 12);
