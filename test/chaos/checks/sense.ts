import type { Check } from './evidence.ts';

/** Answers that only a broken hub, or a broken client, gets to this traffic. */
const nonsense = new Set([
  'internal',
  'invalid-request',
  'unknown-message',
  'unauthenticated',
  'forbidden',
  'request-id-reused',
]);

/** C9: whatever breaks has a name of its own, and those who ask are told what to do about it. */
export const checkSense: Check = ({ ops }) =>
  ops
    .filter((op) => nonsense.has(op.error))
    .map((op) => ({ check: 'C9', sentence: `${op.f} was answered ${op.error}`, ops: [op] }));
