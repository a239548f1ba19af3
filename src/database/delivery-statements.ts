/** The statements of `queries/` about what is sent out of the hub, with their parameters and rows. */
import type { BookingRow } from './statements.ts';
import type { DomainEventRow } from './domain-event-statements.ts';
import { statement } from './database.ts';

export type ChannelName = 'email' | 'webhook' | 'push';
export type DeliveryState = 'waiting' | 'sending' | 'sent' | 'dead';

/** Enough of a delivery to put it into a queue. */
export interface DueRow {
  id: string;
  channel: ChannelName;
  /** A webhook, or a push subscription; of a mail null. */
  endpoint_id: string | null;
}

export const planNotified = statement<[ids: string[], hasMail: boolean, hasPush: boolean], DueRow>(
  'plan-notified',
);
export const planWebhooks = statement<
  [atMost: number],
  { seen: number; made: { id: string; endpointId: string }[] }
>('plan-webhooks');

export const dueDeliveries = statement<
  [
    channel: ChannelName,
    lateMs: number,
    atMost: number,
    busyEndpoints: string[],
    perEndpoint: number,
    endpointId: string | null,
  ],
  { id: string; endpoint_id: string | null }
>('due-deliveries');

/** What a webhook gets of a domain event: its row, to be made a CloudEvent of. */
export type WebhookPayload = Pick<DomainEventRow, 'seq' | 'id' | 'type' | 'subject' | 'time' | 'data'>;

/** A delivery that this node has taken on. */
export interface DeliveryRow extends DueRow {
  /** Id of the notification or of the domain event it tells of: receivers know a repeat by it. */
  source: string;
  user_id: string;
  event_id: string | null;
  /** A mail address or a URL. */
  target: string;
  kind: string;
  payload: Record<string, unknown>;
  /** With the one that begins now. */
  attempts: number;
  age_ms: number;
}
export const leaseDelivery = statement<[id: string, leaseMs: number], DeliveryRow>('lease-delivery');
export const endDelivery = statement<[id: string, attempts: number], { id: string }>('end-delivery');
export const failDelivery = statement<
  [
    id: string,
    attempts: number,
    reason: string,
    againInMs: number | null,
    failuresInARow: number,
    pauseMs: number,
    longestPauseMs: number,
    isGone: boolean,
    isUnasked: boolean,
  ],
  { state: DeliveryState; failures: number | null; is_paused: boolean }
>('fail-delivery');
export const releaseDelivery = statement<[id: string, attempts: number], never>('release-delivery');

export interface DeliveryListRow extends DueRow {
  source: string;
  user_id: string;
  event_id: string | null;
  target: string;
  kind: string;
  state: DeliveryState;
  attempts: number;
  last_error: string;
  next_at: string;
  created_at: string;
  sent_at: string | null;
}
export const listDeliveries = statement<
  [
    state: DeliveryState | null,
    channel: ChannelName | null,
    kind: string | null,
    endpointId: string | null,
    olderThan: string | null,
    limit: number,
  ],
  DeliveryListRow
>('list-deliveries');
export const retryDeliveries = statement<
  [
    id: string | null,
    endpointId: string | null,
    atMost: number,
    onlyOf: string | null,
    actorId: string | null,
    sessionId: string | null,
    requestId: string | null,
  ],
  DueRow
>('retry-deliveries');
export const deliveryBacklog = statement<
  [],
  { channel: ChannelName; state: 'waiting' | 'dead'; deliveries: number }
>('delivery-backlog');
export const endWaiting = statement<
  [longestAgeMs: number, tooOld: string, atMost: number],
  { channel: ChannelName; ended: number }
>('end-waiting');
export const forgetDeliveries = statement<[atMost: number], { forgotten: number }>('forget-deliveries');

/** The event of a mail. */
export interface MailEvent {
  id: string;
  title: string;
  venue: string;
  status: 'draft' | 'published' | 'cancelled' | 'completed';
  timeZone: string;
  startsAt: string;
  endsAt: string;
  createdAt: string;
  updatedAt: string;
}
export type MailBooking = Pick<BookingRow, 'id' | 'status' | 'currency' | 'seats'> & { totalCents: number };
/** What became of an offer to somebody who waits. */
export type OfferState = 'live' | 'accepted' | 'declined' | 'expired' | 'revoked';
export interface MailRow {
  name: string;
  time_zone: string;
  alerts: MailAlerts;
  is_disabled: boolean;
  event: MailEvent | null;
  booking: MailBooking | null;
  offer_state: OfferState | null;
}
/** Of the preferences of a reader, as far as they are about mail; what is not there was never said. */
export interface MailAlerts {
  channels?: { email?: boolean };
  notifications?: Partial<Record<string, { email?: boolean }>>;
}
export const readMail = statement<
  [userId: string, eventId: string | null, bookingId: string | null, holdId: string | null],
  MailRow
>('read-mail');
export const readMailSecret = statement<[], { secret: string }>('read-mail-secret');
export const switchMailOff = statement<[userId: string, kind: string], { id: string }>('switch-mail-off');

/** What an endpoint is called with. */
export interface WebhookKeysRow {
  url: string;
  secret: string;
  /** The one before, while it is still signed with. */
  old_secret: string | null;
}
export const readWebhookKeys = statement<[webhookId: string, eventId: string | null], WebhookKeysRow>(
  'read-webhook-keys',
);
/** A browser, and what else decides whether it is told. */
export interface PushKeysRow {
  endpoint: string;
  p256dh: string;
  auth: string;
  is_disabled: boolean;
  is_wanted: boolean;
  event: Pick<MailEvent, 'status' | 'startsAt'> | null;
  offer_state: OfferState | null;
}
export const readPushKeys = statement<
  [subscriptionId: string, eventId: string | null, kind: string, holdId: string | null],
  PushKeysRow
>('read-push-keys');
export const forgetPushSubscription = statement<[subscriptionId: string, reason: string], never>(
  'forget-push-subscription',
);
