/** Putting events away and taking them back. Nothing is lost: bookings and the audit log still name them. */
import { type Actor, nobody } from '../audit/audit-log.ts';
import { recordChange } from '../audit/record-change.ts';
import type { Database } from '../database/database.ts';
import { AuditEntity, EventEntity, type EventRow } from '../database/entities.ts';
import { RequestError } from '../errors.ts';
import { lockEvent } from './catalogue.ts';

/** All or none. Throws `event-published`. */
export function deleteEvents(
  db: Database,
  eventIds: readonly string[],
  by: Actor = nobody,
): Promise<EventRow[]> {
  return db.em().transactional(async (em) => {
    const deletedAt = new Date();
    const rows: EventRow[] = [];
    for (const id of eventIds) {
      const event = await lockEvent(em, id);
      if (event.status === 'published') throw new RequestError('event-published');
      rows.push({ ...event, deletedAt: event.deletedAt ?? deletedAt });
      if (event.deletedAt) continue;
      await em.nativeUpdate(EventEntity, { id }, { deletedAt });
      await recordChange(em, 'event-deleted', by, {}, id);
    }
    return rows;
  });
}

/** Throws `forbidden`: what somebody else deleted than its organizer, only `asAdmin` is restored. */
export function restoreEvent(
  db: Database,
  eventId: string,
  asAdmin: boolean,
  by: Actor = nobody,
): Promise<EventRow> {
  return db.em().transactional(async (em) => {
    const event = await lockEvent(em, eventId);
    if (event.deletedAt) {
      const deletions = { eventId, action: 'event-deleted' };
      const [deletion] = await em.find(AuditEntity, deletions, { orderBy: { id: 'desc' }, limit: 1 });
      const isOwn = !deletion?.actorId || deletion.actorId === event.organizerId;
      if (!isOwn && !asAdmin) throw new RequestError('forbidden');
      await em.nativeUpdate(EventEntity, { id: eventId }, { deletedAt: null });
      await recordChange(em, 'event-restored', by, {}, eventId);
    }
    return { ...event, deletedAt: null };
  });
}
