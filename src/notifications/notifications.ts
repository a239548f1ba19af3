/**
 * What people were told, kept in PostgreSQL, and telling it to their sockets. Notifications are made by the statements
 * that make the change they tell of (`make_notifications`), so here they are only told, listed, marked as read and,
 * after half a year, forgotten.
 *
 * The node that made a notification tells it at once, and marks the row of the outbox that would have another node tell
 * it after three seconds. So each is told once, and a second time only if a node died in between; it carries an id by
 * which a client knows it.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Notification } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { inBites } from '../database/in-bites.ts';
import {
  countUnread,
  forgetNotifications,
  listNotifications,
  type MadeRow,
  markRead,
  type NotificationRow,
  readNotifications,
  settleOutbox,
} from '../database/notification-statements.ts';
import { firstIdAt } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Publisher } from '../socket/publish.ts';
import { startingSoon } from './starting-soon.ts';

const keptMs = 180 * 86_400_000;
const forgetEveryMs = 60_000;
const forgetAtMost = 1000;

export class Notifications {
  readonly #db: Database;
  readonly #publisher: Publisher;
  readonly #log: Logger;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  #forgetting: Promise<unknown> | undefined;
  #stopped = false;
  /** Marks a row of the outbox: what it asks for is done. */
  done: (outboxId: string) => void = () => undefined;
  /** By kind. */
  readonly counts: Record<string, number> = {};

  constructor(parts: { db: Database; publisher: Publisher; log: Logger; clock?: Clock }) {
    this.#db = parts.db;
    this.#publisher = parts.publisher;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
  }

  start(): void {
    this.#cancel = this.#clock.after(forgetEveryMs, () => {
      this.#forgetting = this.forget(new Date(this.#clock.now() - keptMs))
        .catch((error) => this.#log.debug({ err: error }, 'could not forget notifications'))
        .finally(() => this.#stopped || this.start());
    });
  }

  /** Ends after what is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#forgetting;
  }

  /** Marks rows of the outbox as done, and makes the notifications of those that are about bookings. */
  async settle(outboxIds: string[]): Promise<void> {
    this.made(await this.#db.run(settleOutbox, outboxIds));
  }

  /** Tells what was made a moment ago by a statement of this node. */
  made(rows: readonly MadeRow[]): void {
    for (const row of rows) {
      this.#tell(row);
      this.counts[row.kind] = (this.counts[row.kind] ?? 0) + 1;
    }
    for (const outboxId of new Set(rows.map((row) => row.outbox_id))) if (outboxId) this.done(outboxId);
  }

  /** Tells what another node made and had no time to tell. */
  async tellAgain(ids: string[]): Promise<void> {
    for (const row of await this.#db.run(readNotifications, ids)) this.#tell(row);
  }

  #tell(row: MadeRow): void {
    const { user_id: userId, kind } = row;
    const notification = viewOf({ ...row, read_at: null });
    if (kind === 'starting-soon') {
      // It is listed all the same.
      if (row.is_socket === false) return;
      const alert = startingSoon(notification, row.time_zone ?? notification.payload.timeZone ?? 'UTC');
      if (alert) this.#publisher.toUser(userId, 'alerts:starting-soon', alert);
    }
    if (kind === 'event-rescheduled' && notification.eventId) {
      const { title = '', before = '', after = '' } = notification.payload;
      const moved = { eventId: notification.eventId, title, before, after };
      this.#publisher.toUser(userId, 'events:rescheduled', moved);
    }
    this.#publisher.toUser(userId, 'notifications:made', { notification });
  }

  async list(
    userId: string,
    { onlyUnread, after, limit }: { onlyUnread: boolean; after: string | undefined; limit: number },
  ): Promise<Notification[]> {
    const rows = await this.#db.run(listNotifications, userId, onlyUnread, after ?? null, limit);
    return rows.map(viewOf);
  }

  /** How many somebody has not read; it ends at 1,000. */
  async unread(userId: string): Promise<number> {
    return (await this.#db.run(countUnread, userId))[0]?.unread ?? 0;
  }

  /**
   * Marks those with `ids`, or all that were made up to `until`, a moment as PostgreSQL takes it.
   * @returns how many became read, and how many are left
   */
  async markRead(
    userId: string,
    which: { ids?: string[] | undefined; until?: string | undefined },
    by: { sessionId: string | null; requestId: string | null },
  ): Promise<{ marked: number; unread: number }> {
    const [changed] = await this.#db.run(
      markRead,
      userId,
      which.ids ?? null,
      which.until ?? null,
      by.sessionId,
      by.requestId,
    );
    const unread = await this.unread(userId);
    const marked = changed?.marked ?? 0;
    if (marked > 0) this.#publisher.toUser(userId, 'notifications:marked', { unread });
    return { marked, unread };
  }

  /** Forgets what was made before. */
  forget(before: Date): Promise<void> {
    const first = firstIdAt(before.getTime());
    const bite = async () =>
      (await this.#db.run(forgetNotifications, first, forgetAtMost))[0]?.forgotten ?? 0;
    return inBites(forgetAtMost, bite, () => this.#stopped);
  }
}

const viewOf = (row: NotificationRow): Notification => ({
  id: row.id,
  kind: row.kind,
  eventId: row.event_id,
  payload: row.payload,
  createdAt: row.created_at,
  readAt: row.read_at,
});
