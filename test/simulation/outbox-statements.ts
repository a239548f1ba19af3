/** The statements of `src/outbox.ts`: what must follow a change. */
import type { SimStatement, Transaction } from './postgres-tables.ts';

export function outbox(
  tx: Transaction,
  topic: string,
  key: string,
  payload: Record<string, unknown>,
  delayMs: number,
  /** Where one statement writes several of one key. */
  part = '',
) {
  // Identities are given at once, and not taken back.
  const id = tx.seen(`outbox ${key} ${topic} ${part}`, () => tx.tables.nextOutboxId++);
  const { now } = tx;
  const entry = { id, topic, key, payload, attempts: 0, dueAt: now + delayMs, createdAt: now, sentAt: null };
  tx.write(() => tx.tables.outbox.set(id, entry));
  return String(id);
}

function takeOutbox(tx: Transaction, [leaseMs, atMost]: unknown[]): unknown[] {
  const { tables, now } = tx;
  const unsent = [...tables.outbox.values()].filter(({ sentAt }) => sentAt === null);
  unsent.sort((a, b) => a.id - b.id);
  const oldest = new Map<string, number>();
  for (const { key, id } of unsent) if (!oldest.has(key)) oldest.set(key, id);
  return unsent
    .filter((row) => row.dueAt <= now && oldest.get(row.key) === row.id)
    .filter(({ id }) => tx.locks.isFree(tx, `outbox ${id}`, 'exclusive'))
    .slice(0, Number(atMost))
    .map((row) => {
      tx.lock(`outbox ${row.id}`);
      tx.write(() => Object.assign(row, { attempts: row.attempts + 1, dueAt: now + Number(leaseMs) }));
      const { id, topic, key, payload, attempts } = row;
      return { id: String(id), topic, key, payload: structuredClone(payload), attempts: attempts + 1 };
    });
}

function markSent(tx: Transaction, [ids]: unknown[]): unknown[] {
  for (const id of (ids as string[]).map(Number).sort((a, b) => a - b)) {
    const row = tx.tables.outbox.get(id);
    if (!row || !tx.seen(`unsent ${id}`, () => row.sentAt === null)) continue;
    tx.lock(`outbox ${id}`);
    if (row.sentAt === null) tx.write(() => Object.assign(row, { sentAt: tx.now }));
  }
  return [];
}

function delayOutbox(tx: Transaction, [id, delayMs]: unknown[]): unknown[] {
  const row = tx.tables.outbox.get(Number(id));
  if (!row || !tx.seen('unsent', () => row.sentAt === null)) return [];
  tx.lock(`outbox ${id}`);
  const dueAt = tx.now + Number(delayMs);
  if (row.sentAt === null) tx.write(() => Object.assign(row, { dueAt }));
  return [];
}

export const outboxStatements: Record<string, SimStatement> = {
  'take-outbox': takeOutbox,
  'mark-sent': markSent,
  'delay-outbox': delayOutbox,
};
