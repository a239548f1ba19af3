/** The SQL files that make, list and forget notifications and send alerts, with the types of their parameters and rows. */
import type { NotificationKind } from '../contracts.gen.ts';
import { statement } from './database.ts';

/** A notification that its reader has still to be told of. */
export interface MadeRow {
  id: string;
  user_id: string;
  kind: NotificationKind;
  event_id: string | null;
  payload: Record<string, unknown>;
  created_at: string;
  /** The row of the outbox by which it is told again; not there when that is what happens. */
  outbox_id?: string;
  /** Of its reader; only where it matters. */
  time_zone?: string;
  /** Whether its reader wants alerts on sockets. */
  is_socket?: boolean;
}

export const settleOutbox = statement<[ids: string[]], MadeRow>('settle-outbox');
export const noteHolders = statement<
  [
    eventId: string,
    kind: 'event-rescheduled' | 'event-cancelled',
    key: string,
    before: string | null,
    after: string | null,
    at: string,
    atMost: number,
  ],
  MadeRow
>('note-holders');
export const readNotifications = statement<[ids: string[]], MadeRow>('read-notifications');

export interface NotificationRow {
  id: string;
  kind: NotificationKind;
  event_id: string | null;
  payload: Record<string, unknown>;
  created_at: string;
  read_at: string | null;
}
export const listNotifications = statement<
  [userId: string, onlyUnread: boolean, after: string | null, limit: number],
  NotificationRow
>('list-notifications');
export const countUnread = statement<[userId: string], { unread: number }>('count-unread');
export const markRead = statement<
  [
    userId: string,
    ids: string[] | null,
    until: string | null,
    sessionId: string | null,
    requestId: string | null,
  ],
  { marked: number }
>('mark-read');
export const forgetNotifications = statement<[before: string, atMost: number], { forgotten: number }>(
  'forget-notifications',
);

/** What is told to the rooms of an event and its venue. */
export interface RoomAlert {
  eventId: string;
  title: string;
  startsAt: string;
  leadMinutes: number;
  timeZone: string;
  venueId: string | null;
}
export interface ClaimedRow {
  taken: number;
  sent: number;
  missed: number;
  rooms: RoomAlert[];
  outbox_id: string | null;
  made: MadeRow[];
}
export const claimAlerts = statement<[dueSinceMs: number], ClaimedRow>('claim-alerts');
/** What one call of it takes at most. */
export const claimedAtMost = { alerts: 200, holders: 5000 } as const;
export const timeAlerts = statement<[aheadMs: number], { in_ms: number; due_ms: number; alerts: number }>(
  'time-alerts',
);
export const timedAtMost = 1000;
