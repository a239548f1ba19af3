/**
 * Events that are about to start, and people with tickets for them: each event has one alert that is due while the fault
 * strikes, some are moved to another time before or after it was sent. Made past the nodes.
 */
import type { QueryResultRow } from 'pg';
import type { AlertEvidence } from '../checks/alerts.ts';
import type { Random } from '../random.ts';
import { became, pause } from '../stage/wait.ts';
import { Connection } from './connection.ts';

/** Long enough that no outage here makes an alert too late for it. */
const leadMinutes = 10;
const ms = (at: Date) => at.getTime() - performance.timeOrigin;
const dueOf = (startsAt: string, minutes: number) => ms(new Date(startsAt)) - minutes * 60_000;

export interface AlertHallOptions {
  query<Row extends QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  /** Of the nodes. */
  urls: string[];
  /** Who has a ticket for each of the events. */
  holders: readonly { id: string; token: string }[];
  random: Random;
  /** When alerts are due, from now, and by how much events are moved. */
  pace?: { dueAtLeastMs: number; dueAtMostMs: number; movedByMs: number };
}

interface Holder {
  userId: string;
  connection: Connection;
}

export class AlertHall {
  readonly #options: AlertHallOptions;
  readonly #pace: NonNullable<AlertHallOptions['pace']>;
  readonly #told: AlertEvidence['told'] = [];
  readonly #holders: Holder[];
  #eventIds: readonly string[] = [];

  constructor(options: AlertHallOptions) {
    const { urls, holders } = options;
    this.#options = options;
    this.#pace = options.pace ?? { dueAtLeastMs: 1500, dueAtMostMs: 6000, movedByMs: 4000 };
    this.#holders = holders.map(({ id: userId, token }, i) => {
      const hear = (name: string, data: unknown) => this.#hear(userId, name, data);
      return { userId, connection: new Connection(urls, token, i % urls.length, hear) };
    });
  }

  /** @param eventIds of drafts, which are published */
  async open(eventIds: readonly string[]): Promise<void> {
    const { query, random } = this.#options;
    const { dueAtLeastMs, dueAtMostMs } = this.#pace;
    this.#eventIds = eventIds;
    const userIds = this.#holders.map(({ userId }) => userId);
    await query(
      `update users set alerts = jsonb_set(alerts, '{leadMinutes}', $2::jsonb) where id = any ($1)`,
      [userIds, JSON.stringify([leadMinutes])],
    );
    await query(
      `insert into bookings (id, event_id, user_id, hold_id, status, total_cents, currency, created_at)
       select new_id(), event_id, user_id, 'ticket-' || event_id || user_id, 'confirmed', 0, 'EUR', now() - interval '1 hour'
       from unnest($1::uuid[]) as event_id, unnest($2::uuid[]) as user_id`,
      [eventIds, userIds],
    );
    // Planned as they are published.
    await query(
      `update events set status = 'published', published_at = now(), alert_leads = $2::jsonb,
         starts_at = due.at + $3 * interval '1 minute', ends_at = due.at + ($3 + 60) * interval '1 minute'
       from (
         select id, now() + milliseconds * interval '1 millisecond' as at
         from unnest($1::uuid[], $4::integer[]) as due (id, milliseconds)
       ) as due
       where events.id = due.id`,
      [
        eventIds,
        JSON.stringify([leadMinutes]),
        leadMinutes,
        eventIds.map(() => random.whole(dueAtLeastMs, dueAtMostMs)),
      ],
    );
  }

  /** Every other event is moved, at some moment: before its alert is due, or after it was sent. */
  async moveSome(): Promise<void> {
    const { query, random } = this.#options;
    const { dueAtMostMs, movedByMs } = this.#pace;
    const moved = this.#eventIds.filter((_, i) => i % 2 === 0);
    await Promise.all(
      moved.map(async (eventId) => {
        await pause(random.whole(0, dueAtMostMs));
        // PostgreSQL may be away just now: then it is not moved.
        await query(
          `update events set updated_at = now(), starts_at = starts_at + $2 * interval '1 millisecond',
             ends_at = ends_at + $2 * interval '1 millisecond' where id = $1`,
          [eventId, movedByMs],
        ).catch(() => undefined);
      }),
    );
  }

  /** Resolves once nothing is due any more, or it is in vain to wait: what is missing is found then. */
  async settle(withinMs = 25_000): Promise<void> {
    const isSettled = async () => {
      const [row] = await this.#options.query<{ open: number }>(
        `select count(*)::integer as open from alerts where event_id = any ($1) and state = 'waiting'`,
        [this.#eventIds],
      );
      return row?.open === 0;
    };
    await became(isSettled, withinMs);
  }

  async read(): Promise<AlertEvidence> {
    const { query } = this.#options;
    const starts = await query<{ id: string; starts_at: string; updated_at: Date }>(
      'select id, wire_instant(starts_at) as starts_at, updated_at from events where id = any ($1)',
      [this.#eventIds],
    );
    const alerts = await query<{
      event_id: string;
      lead_minutes: number;
      starts_at: string;
      state: string;
    }>(
      `select event_id, lead_minutes, wire_instant(starts_at) as starts_at, state from alerts
       where event_id = any ($1)`,
      [this.#eventIds],
    );
    const notifications = await query<{
      id: string;
      user_id: string;
      event_id: string;
      payload: { leadMinutes: number; startsAt: string };
      created_at: Date;
    }>(
      `select id, user_id, event_id, payload, created_at from notifications
       where kind = 'starting-soon' and event_id = any ($1)`,
      [this.#eventIds],
    );
    const userIds = this.#holders.map(({ userId }) => userId);
    return {
      wanted: starts.map((row) => ({
        eventId: row.id,
        leadMinutes,
        startsAt: row.starts_at,
        dueAt: dueOf(row.starts_at, leadMinutes),
        since: ms(row.updated_at),
      })),
      alerts: alerts.map((row) => ({
        eventId: row.event_id,
        leadMinutes: row.lead_minutes,
        startsAt: row.starts_at,
        // By its start: what the row says may be wrong.
        dueAt: dueOf(row.starts_at, row.lead_minutes),
        state: row.state,
      })),
      holders: new Map(this.#eventIds.map((eventId) => [eventId, userIds])),
      notifications: notifications.map((row) => ({
        id: row.id,
        userId: row.user_id,
        eventId: row.event_id,
        leadMinutes: row.payload.leadMinutes,
        startsAt: row.payload.startsAt,
        madeAt: ms(row.created_at),
      })),
      listed: new Map(
        await Promise.all(
          this.#holders.map(async (holder) => [holder.userId, await this.#listOf(holder)] as const),
        ),
      ),
      told: [...this.#told],
    };
  }

  close(): void {
    for (const { connection } of this.#holders) connection.close();
  }

  #hear(userId: string, name: string, data: unknown): void {
    if (name !== 'alerts:starting-soon') return;
    const { notificationId, to, eventId } = data as { notificationId: string; to: string; eventId: string };
    if (to === 'holder' && this.#eventIds.includes(eventId)) this.#told.push({ userId, notificationId });
  }

  /** Of this round's events: the newest there are. */
  async #listOf({ connection, userId }: Holder): Promise<string[]> {
    let ids: string[] | undefined;
    await became(async () => {
      if (!(await connection.ready(1000))) return false;
      const answer = await connection.ask('notifications:list', { limit: 100 });
      if (answer.type !== 'ok') return false;
      ids = answer.data.notifications
        .filter(({ kind, eventId }) => kind === 'starting-soon' && this.#eventIds.includes(eventId ?? ''))
        .map(({ id }) => id);
      return true;
    }, 30_000);
    if (!ids) throw new Error(`${userId} could not list their notifications`);
    return ids;
  }
}
