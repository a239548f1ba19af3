import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { AuditEntity } from '../database/entities.ts';
import type { Actor } from './audit-log.ts';

/** Writes a row of the audit log in the transaction of the change it tells of. */
export async function recordChange(
  em: SqlEntityManager,
  action: string,
  by: Actor,
  details: Readonly<Record<string, unknown>>,
  eventId: string | null = null,
): Promise<void> {
  const { userId: actorId, sessionId, requestId } = by;
  await em.insert(AuditEntity, { action, eventId, actorId, sessionId, requestId, details });
}

/** The same for one action on many events, in one statement. */
export async function recordChanges(
  em: SqlEntityManager,
  action: string,
  by: Actor,
  changes: readonly { eventId: string; details: Readonly<Record<string, unknown>> }[],
): Promise<void> {
  const { userId: actorId, sessionId, requestId } = by;
  await em.insertMany(
    AuditEntity,
    changes.map((change) => ({ action, actorId, sessionId, requestId, ...change })),
  );
}
