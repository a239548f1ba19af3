/** Deliveries as admins see them, and the owners of webhooks those of their own; and trying them again. */
import type { Actor } from '../audit/audit-log.ts';
import { instant } from '../bookings/records.ts';
import type { Delivery } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import {
  type ChannelName,
  type DeliveryListRow,
  type DeliveryState,
  type DueRow,
  listDeliveries,
  retryDeliveries,
} from '../database/delivery-statements.ts';
import { RequestError } from '../errors.ts';

export interface DeliveryFilter {
  state?: DeliveryState | undefined;
  channel?: ChannelName | undefined;
  kind?: string | undefined;
  endpointId?: string | undefined;
  /** Only those that are older than this one. */
  olderThan?: string | undefined;
  limit: number;
}

/** Dead deliveries that one request tries again. */
export const retriesAtMost = 1000;

/** Newest first. */
export async function findDeliveries(db: Database, filter: DeliveryFilter): Promise<Delivery[]> {
  const { state = null, channel = null, kind = null, endpointId = null, olderThan = null, limit } = filter;
  return (await db.run(listDeliveries, state, channel, kind, endpointId, olderThan, limit)).map(viewOf);
}

/**
 * One delivery, dead or sent (its receiver may have lost it), or the oldest dead ones of an endpoint: due again, with as
 * many attempts as at first. One that waits for its next attempt has it now. Throws `delivery-not-found`: there is no such
 * one, or it is being sent in this moment.
 */
export async function retry(
  db: Database,
  which: { deliveryId?: string | undefined; endpointId?: string | undefined },
  by: Actor,
): Promise<DueRow[]> {
  const { deliveryId = null, endpointId = null } = which;
  const actor = [by.userId, by.sessionId, by.requestId] as const;
  const all = deliveryId === null ? endpointId : null;
  const made = await db.run(retryDeliveries, deliveryId, all, retriesAtMost, endpointId, ...actor);
  if (deliveryId !== null && made.length === 0) throw new RequestError('delivery-not-found');
  return made;
}

const viewOf = (row: DeliveryListRow): Delivery => ({
  id: row.id,
  source: row.source,
  channel: row.channel,
  endpointId: row.endpoint_id,
  userId: row.user_id,
  eventId: row.event_id,
  target: row.target,
  kind: row.kind,
  state: row.state,
  attempts: row.attempts,
  lastError: row.last_error,
  nextAt: row.state === 'waiting' ? instant(row.next_at) : null,
  createdAt: instant(row.created_at),
  sentAt: row.sent_at && instant(row.sent_at),
});
