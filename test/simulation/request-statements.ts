/** The statements of `src/requests.ts`: who asked what, and what the first answer was. */
import type { HoldToConfirm } from '../../src/database/statements.ts';
import type { SimStatement, Transaction } from './postgres-tables.ts';

/** A confirm that made a booking keeps its request as well. */
export function askedOnce(tx: Transaction, hold: HoldToConfirm): void {
  const { tables, now } = tx;
  const key = `${hold.userId} ${hold.requestId}`;
  tx.lock(`request ${key}`);
  if (tables.requests.has(key)) return;
  tx.write(() => {
    // Another hold of the batch may have come with the same request.
    if (tables.requests.has(key)) return;
    tables.requests.set(key, {
      message: 'bookings:confirm',
      fingerprint: hold.holdId,
      answer: null,
      leasedUntil: now,
      createdAt: now,
    });
  });
}

function askOnce(tx: Transaction, [user, id, message, fingerprint, leaseMs]: unknown[]): unknown[] {
  const { tables, now } = tx;
  const key = `${user} ${id}`;
  const before = tx.seen('request', () => structuredClone(tables.requests.get(key)));
  tx.lock(`request ${key}`);
  const found = tables.requests.get(key);
  const isSame = (other: typeof found) =>
    other !== undefined && other.message === message && other.fingerprint === fingerprint;
  const leasedUntil = now + Number(leaseMs);
  const first = { state: 'first', answer: before?.answer ?? null };
  if (!found) {
    const request = { message: String(message), fingerprint: String(fingerprint), answer: undefined };
    tx.write(() => tables.requests.set(key, { ...request, leasedUntil, createdAt: now }));
    return [first];
  }
  if (found.answer === undefined && found.leasedUntil < now && isSame(found)) {
    tx.write(() => Object.assign(found, { leasedUntil }));
    return [first];
  }
  if (before && !isSame(before)) return [{ state: 'reused', answer: before.answer ?? null }];
  return [{ state: before?.answer !== undefined ? 'repeat' : 'running', answer: before?.answer ?? null }];
}

function answerOnce(tx: Transaction, [user, id, answer]: unknown[]): unknown[] {
  const key = `${user} ${id}`;
  if (!tx.seen('request', () => tx.tables.requests.has(key))) return [];
  tx.lock(`request ${key}`);
  const found = tx.tables.requests.get(key);
  if (found) tx.write(() => Object.assign(found, { answer: JSON.parse(String(answer)) }));
  return [];
}

function forgetRequest(tx: Transaction, [user, id]: unknown[]): unknown[] {
  const key = `${user} ${id}`;
  const isOpen = () => {
    const found = tx.tables.requests.get(key);
    return found !== undefined && found.answer === undefined;
  };
  if (!tx.seen('open', isOpen)) return [];
  tx.lock(`request ${key}`);
  if (isOpen()) tx.write(() => tx.tables.requests.delete(key));
  return [];
}

function renewRequest(tx: Transaction, [user, id, leaseMs]: unknown[]): unknown[] {
  const { tables, now } = tx;
  const key = `${user} ${id}`;
  const isOpen = () => {
    const found = tables.requests.get(key);
    return found !== undefined && found.answer === undefined;
  };
  if (!tx.seen('open', isOpen)) return [];
  tx.lock(`request ${key}`);
  const found = tables.requests.get(key);
  const leasedUntil = now + Number(leaseMs);
  if (found && isOpen()) tx.write(() => Object.assign(found, { leasedUntil }));
  return [];
}

export const requestStatements: Record<string, SimStatement> = {
  'ask-once': askOnce,
  'answer-once': answerOnce,
  'forget-request': forgetRequest,
  'renew-request': renewRequest,
};
