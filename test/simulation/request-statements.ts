/** The statements of `src/requests.ts`: who asked what, and what the first answer was. */
import type { HoldToConfirm } from '../../src/database/statements.ts';
import type { SimStatement, StoredRequest, Transaction } from './postgres-tables.ts';

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

function askOnce(tx: Transaction, [user, id, message, fingerprint, leaseMs, token]: unknown[]): unknown[] {
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
    tx.write(() =>
      tables.requests.set(key, { ...request, leasedUntil, createdAt: now, token: String(token) }),
    );
    return [first];
  }
  if (found.answer === undefined && found.leasedUntil < now && isSame(found)) {
    tx.write(() => Object.assign(found, { leasedUntil, token: String(token) }));
    return [first];
  }
  if (before && !isSame(before)) return [{ state: 'reused', answer: before.answer ?? null }];
  return [{ state: before?.answer !== undefined ? 'repeat' : 'running', answer: before?.answer ?? null }];
}

/** Changes the request if this attempt still has it. */
function ifMine(
  tx: Transaction,
  [user, id, token]: unknown[],
  change: (key: string, found: StoredRequest) => void,
): unknown[] {
  const { requests } = tx.tables;
  const key = `${user} ${id}`;
  const isMine = () => requests.get(key)?.token === token && requests.get(key)?.answer === undefined;
  if (!tx.seen('mine', isMine)) return [];
  tx.lock(`request ${key}`);
  const found = requests.get(key);
  if (found && isMine()) tx.write(() => change(key, found));
  return [];
}

const answerOnce = (tx: Transaction, parameters: unknown[]): unknown[] =>
  ifMine(tx, parameters, (_key, found) => {
    found.answer = JSON.parse(String(parameters[3]));
  });

const forgetRequest = (tx: Transaction, parameters: unknown[]): unknown[] =>
  ifMine(tx, parameters, (key) => tx.tables.requests.delete(key));

const renewRequest = (tx: Transaction, parameters: unknown[]): unknown[] => {
  const leasedUntil = tx.now + Number(parameters[3]);
  return ifMine(tx, parameters, (_key, found) => {
    found.leasedUntil = leasedUntil;
  });
};

export const requestStatements: Record<string, SimStatement> = {
  'ask-once': askOnce,
  'answer-once': answerOnce,
  'forget-request': forgetRequest,
  'renew-request': renewRequest,
};
