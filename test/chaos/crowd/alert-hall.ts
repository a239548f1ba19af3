/**
 * Events that are about to start, and people with tickets for them: each event has one alert that is due while the fault
 * strikes, some are moved to another time before or after it was sent. Made past the nodes.
 */
import type { AlertEvidence } from '../checks/alerts.ts';
import type { Random } from '../random.ts';
import type { Stage } from '../stage/stage.ts';
import { became, pause } from '../stage/wait.ts';
import { Connection } from './connection.ts';
import type { Scene } from './scene.ts';

export const ticketHolders = 5;
const events = 6;
/** Long enough that no outage here makes an alert too late for it. */
const leadMinutes = 10;
const dueAtLeastMs = 1500;
const dueAtMostMs = 6000;
const movedByMs = 4000;
const ms = (at: Date) => at.getTime() - performance.timeOrigin;

interface Holder {
  userId: string;
  connection: Connection;
}

export class AlertHall {
  readonly #stage: Stage;
  readonly #random: Random;
  readonly #told: AlertEvidence['told'] = [];
  readonly #holders: Holder[];
  #eventIds: readonly string[] = [];

  constructor(stage: Stage, scene: Scene, random: Random) {
    this.#stage = stage;
    this.#random = random;
    const urls = stage.nodes.map(({ url }) => url);
    this.#holders = scene.userIds.slice(-ticketHolders).map((userId, i) => {
      const hear = (name: string, data: unknown) => this.#hear(userId, name, data);
      const token = scene.tokens.at(i - ticketHolders) as string;
      return { userId, connection: new Connection(urls, token, i % urls.length, hear) };
    });
  }

  async open(scene: Scene): Promise<void> {
    const { postgres } = this.#stage;
    const userIds = this.#holders.map(({ userId }) => userId);
    this.#eventIds = await scene.drafts(events);
    await postgres.query(
      `update users set alerts = jsonb_set(alerts, '{leadMinutes}', $2::jsonb) where id = any ($1)`,
      [userIds, JSON.stringify([leadMinutes])],
    );
    await postgres.query(
      `insert into bookings (id, event_id, user_id, hold_id, status, total_cents, currency, created_at)
       select new_id(), event_id, user_id, 'ticket-' || event_id || user_id, 'confirmed', 0, 'EUR', now() - interval '1 hour'
       from unnest($1::uuid[]) as event_id, unnest($2::uuid[]) as user_id`,
      [this.#eventIds, userIds],
    );
    // Planned as they are published.
    await postgres.query(
      `update events set status = 'published', published_at = now(), alert_leads = $2::jsonb, starts_at = due.at + $3 * interval '1 minute',
         ends_at = due.at + ($3 + 60) * interval '1 minute'
       from (
         select id, now() + milliseconds * interval '1 millisecond' as at
         from unnest($1::uuid[], $4::integer[]) as due (id, milliseconds)
       ) as due
       where events.id = due.id`,
      [
        this.#eventIds,
        JSON.stringify([leadMinutes]),
        leadMinutes,
        this.#eventIds.map(() => this.#random.whole(dueAtLeastMs, dueAtMostMs)),
      ],
    );
  }

  /** Every other event is moved, at some moment: before its alert is due, or after it was sent. */
  async moveSome(): Promise<void> {
    const moved = this.#eventIds.filter((_, i) => i % 2 === 0);
    await Promise.all(
      moved.map(async (eventId) => {
        await pause(this.#random.whole(0, dueAtMostMs));
        // PostgreSQL may be away just now: then it is not moved.
        await this.#stage.postgres
          .query(
            `update events set starts_at = starts_at + $2 * interval '1 millisecond',
               ends_at = ends_at + $2 * interval '1 millisecond' where id = $1`,
            [eventId, movedByMs],
          )
          .catch(() => undefined);
      }),
    );
  }

  /** Resolves once nothing is due any more, or it is in vain to wait: what is missing is found then. */
  async settle(): Promise<void> {
    const isSettled = async () => {
      const [row] = await this.#stage.postgres.query<{ open: number }>(
        `select count(*)::integer as open from alerts where event_id = any ($1) and state = 'waiting'`,
        [this.#eventIds],
      );
      return row?.open === 0;
    };
    await became(isSettled, 25_000);
  }

  async read(): Promise<AlertEvidence> {
    const { postgres } = this.#stage;
    const starts = await postgres.query<{ id: string; starts_at: string }>(
      'select id, wire_instant(starts_at) as starts_at from events where id = any ($1)',
      [this.#eventIds],
    );
    const alerts = await postgres.query<{
      event_id: string;
      lead_minutes: number;
      starts_at: string;
      due_at: Date;
      state: string;
    }>(
      `select event_id, lead_minutes, wire_instant(starts_at) as starts_at, due_at, state from alerts
       where event_id = any ($1)`,
      [this.#eventIds],
    );
    const notifications = await postgres.query<{
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
      wanted: starts.map((row) => ({ eventId: row.id, leadMinutes, startsAt: row.starts_at })),
      alerts: alerts.map((row) => ({
        eventId: row.event_id,
        leadMinutes: row.lead_minutes,
        startsAt: row.starts_at,
        dueAt: ms(row.due_at),
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
