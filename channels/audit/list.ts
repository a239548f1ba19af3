import { instantOf } from '../../src/audit/instant.ts';
import { admins, defineMessage } from '../../src/channel.ts';
import { type AuditLogRow, listAudit } from '../../src/database/statements.ts';
import { pageOf, readCursor } from '../../src/events/cursor.ts';

export default defineMessage('audit:list', {
  access: admins,
  async handle({ engine, request }) {
    const { eventId = null, bookingId = null, actorId = null, action = null, limit = 50, cursor } = request;
    const from = request.from === undefined ? null : instantOf('from', request.from);
    const to = request.to === undefined ? null : instantOf('to', request.to);
    const [after = null] = readCursor(cursor, 'row');
    const filter = [eventId, bookingId, actorId, action, from, to] as const;
    const rows = await engine.db.run(listAudit, ...filter, after, limit + 1);
    const { page, nextCursor } = pageOf(rows, limit, ({ id }) => [id]);
    return { entries: page.map(entryOf), nextCursor };
  },
});

const entryOf = (row: AuditLogRow) => ({
  id: row.id,
  at: new Date(row.at).toISOString(),
  action: row.action,
  eventId: row.event_id,
  bookingId: row.booking_id,
  actorId: row.actor_id,
  sessionId: row.session_id,
  requestId: row.request_id,
  seats: row.seats,
  details: row.details,
});
