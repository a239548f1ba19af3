/** Events that are about to start, their ticket holders, and what those were told. */
import type { AlertsStartingSoon, NotificationKind } from '../../src/contracts.gen.ts';
import type { TestClient } from '../support/client.ts';
import { until } from '../support/client.ts';
import type { TestHubs, TestUser } from '../support/hub.ts';
import { book } from '../channels/support.ts';

const minuteMs = 60_000;

/** A published event whose alert of `leadMinutes`, the only one, is due in `dueInMs`. */
export async function eventDueIn(hubs: TestHubs, dueInMs: number, leadMinutes = 1): Promise<string> {
  const eventId = await hubs.event({ startsInMs: leadMinutes * minuteMs + dueInMs });
  await setLeads(hubs, eventId, [leadMinutes]);
  return eventId;
}

/** As its organizer would, but for as many events as one likes. */
export async function setLeads(hubs: TestHubs, eventId: string, leads: number[]): Promise<void> {
  await hubs.sql('update events set alert_leads = $2::jsonb where id = $1', [eventId, JSON.stringify(leads)]);
}

export interface Holder extends TestUser {
  client: TestClient;
}

/** Somebody with a seat, and with these leads. */
export async function holderOf(
  hubs: TestHubs,
  eventId: string,
  options: { seat?: number; leads?: number[]; node?: number; timeZone?: string } = {},
): Promise<Holder> {
  const { seat = 0, leads = [1], node = 0, timeZone = 'Europe/Brussels' } = options;
  const user = await hubs.user();
  await hubs.sql(
    `update users set time_zone = $3, alerts = jsonb_set(alerts, '{leadMinutes}', $2::jsonb) where id = $1`,
    [user.id, JSON.stringify(leads), timeZone],
  );
  const client = await hubs.connect(user, node);
  await book(client, eventId, [seat]);
  return { ...user, client };
}

/** Resolves once the alerts of an event are in these states, by lead, the earliest first. */
export async function untilStates(
  hubs: TestHubs,
  eventId: string,
  states: [leadMinutes: number, state: string][],
  withinMs?: number,
): Promise<void> {
  await until(
    async () => JSON.stringify(await statesOf(hubs, eventId)) === JSON.stringify(states),
    `the alerts to be ${JSON.stringify(states)}`,
    withinMs,
  );
}

/** Of those for the start the event has now that somebody wants. */
export async function statesOf(hubs: TestHubs, eventId: string): Promise<[number, string][]> {
  const rows = await hubs.sql<{ lead_minutes: number; state: string }>(
    `select lead_minutes, state from alerts join events on events.id = event_id and events.starts_at = alerts.starts_at
     where event_id = $1 and state <> 'dropped' order by lead_minutes desc`,
    [eventId],
  );
  return rows.map(({ lead_minutes, state }) => [lead_minutes, state]);
}

/** What somebody finds among their notifications, the oldest first. */
export async function found(
  hubs: TestHubs,
  userId: string,
  kind: NotificationKind = 'starting-soon',
): Promise<{ event_id: string; key: string; payload: Record<string, unknown> }[]> {
  return hubs.sql(
    'select event_id, key, payload from notifications where user_id = $1 and kind = $2 order by id',
    [userId, kind],
  );
}

/** The alerts a client was told of. */
export const alertsOf = (client: TestClient): AlertsStartingSoon[] =>
  client.told.flatMap(({ name, data }) =>
    name === 'alerts:starting-soon' ? [data as AlertsStartingSoon] : [],
  );

/** Resolves once nothing is left in the outbox: everything that was to be told was told. */
export async function untilTold(hubs: TestHubs): Promise<void> {
  await until(
    async () => (await hubs.sql('select from outbox where sent_at is null limit 1')).length === 0,
    'the outbox to be worked off',
  );
}

/** Lets an alert have been due for so long, as if no node had lived since. */
export async function overdue(
  hubs: TestHubs,
  eventId: string,
  leadMinutes: number,
  byMs: number,
): Promise<void> {
  await hubs.sql(
    `update alerts set due_at = now() - $3::float8 * interval '1 millisecond'
     where event_id = $1 and lead_minutes = $2 and state = 'waiting'`,
    [eventId, leadMinutes, byMs],
  );
}
