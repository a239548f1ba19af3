import type { Check, Finding } from './evidence.ts';

/** A row of `alerts` when all is quiet. Times here and below are ms of the harness' clock. */
export interface AlertFact {
  eventId: string;
  leadMinutes: number;
  /** The start it is about: an event that moved has alerts for each of its starts. */
  startsAt: string;
  dueAt: number;
  state: string;
}

/** A row of `notifications`. */
export interface NotificationFact {
  id: string;
  userId: string;
  eventId: string;
  leadMinutes: number;
  startsAt: string;
  madeAt: number;
}

export interface WantedFact {
  eventId: string;
  leadMinutes: number;
  startsAt: string;
  dueAt: number;
  /** Since when it starts then. */
  since: number;
}

export interface AlertEvidence {
  /** What there must be, by when events start now. */
  wanted: WantedFact[];
  alerts: AlertFact[];
  /** Who has a ticket, by event, and wants to be told. */
  holders: ReadonlyMap<string, readonly string[]>;
  notifications: NotificationFact[];
  /** What the hub answers each holder at rest: ids, the newest first. */
  listed: ReadonlyMap<string, readonly string[]>;
  /** What holders were told without having asked. */
  told: { userId: string; notificationId: string }[];
}

/** What is due is sent within 2 s; a busy machine takes longer. */
const sentWithinMs = 10_000;
/** Somebody who moves an event may wait for whoever is just sending its alerts. */
const movedWithinMs = 1000;
/** Times of PostgreSQL are in whole ms here. */
const roundingMs = 1;

/**
 * C8: whoever has a ticket is told once of each alert, and of none that there was not to be: what is due is sent, what was
 * dropped with its start is not, and the list that a reader sees has each once.
 */
export const checkAlerts: Check = ({ alerts: evidence, excuse }) => {
  if (!evidence) return [];
  const { wanted, alerts, holders, notifications, listed, told } = evidence;
  const found: Finding[] = [];
  const say = (sentence: string) => void found.push({ check: 'C8', sentence, ops: [] });
  const made = Map.groupBy(notifications, (each) => `${keyOf(each)} ${each.userId}`);
  const planned = new Map(alerts.map((alert) => [keyOf(alert), alert]));

  for (const each of wanted) {
    // Moved so late that its time had passed, there is none.
    const isAhead = each.dueAt > each.since + movedWithinMs;
    if (isAhead && !planned.has(keyOf(each))) say(`alert ${keyOf(each)} was never planned`);
  }
  for (const alert of alerts) {
    const key = keyOf(alert);
    if (alert.state === 'waiting' && alert.dueAt < excuse.restAt - sentWithinMs)
      say(`alert ${key} was due for ${Math.round(excuse.restAt - alert.dueAt)} ms, and is not sent`);
    const isOver = alert.state === 'sent' || alert.state === 'missed';
    for (const userId of holders.get(alert.eventId) ?? []) {
      const count = made.get(`${key} ${userId}`)?.length ?? 0;
      if (count > 1) say(`${userId} was notified ${count} times of alert ${key}`);
      if (isOver && count === 0) say(`${userId} was never notified of alert ${key}, which is ${alert.state}`);
      if (!isOver && count > 0) say(`${userId} was notified of alert ${key}, which is ${alert.state}`);
    }
  }
  const starts = Map.groupBy(wanted, ({ eventId }) => eventId);
  for (const each of notifications) {
    const [now] = starts.get(each.eventId) ?? [];
    if (now && each.startsAt !== now.startsAt && each.madeAt > now.since + movedWithinMs)
      say(`${each.userId} was notified of alert ${keyOf(each)} after the event had moved`);
    const alert = planned.get(keyOf(each));
    if (!alert || !holders.get(each.eventId)?.includes(each.userId))
      say(`${each.userId} was notified of alert ${keyOf(each)}, which is none of theirs`);
    else if (each.madeAt < alert.dueAt - roundingMs)
      say(`${each.userId} was notified of alert ${keyOf(each)} before it was due`);
  }
  const own = Map.groupBy(notifications, ({ userId }) => userId);
  for (const [userId, ids] of listed) {
    const rows = new Set(own.get(userId)?.map(({ id }) => id));
    if (new Set(ids).size !== ids.length) say(`the list of ${userId} has something twice`);
    for (const id of rows) if (!ids.includes(id)) say(`the list of ${userId} misses notification ${id}`);
    for (const id of ids) if (!rows.has(id)) say(`the list of ${userId} has ${id}, which there is not`);
  }
  const known = new Map(notifications.map(({ id, userId }) => [id, userId]));
  const seen = new Set<string>();
  for (const { userId, notificationId: id } of told) {
    if (known.get(id) !== userId) say(`${userId} was told of notification ${id}, which is none of theirs`);
    // The outbox tells again what a node that died may have told: clients drop it by its id.
    if (excuse.isCalm && seen.has(id)) say(`${userId} was told twice of notification ${id}`);
    seen.add(id);
  }
  return found;
};

const keyOf = ({ eventId, leadMinutes, startsAt }: Pick<AlertFact, 'eventId' | 'leadMinutes' | 'startsAt'>) =>
  `${eventId.slice(-6)}:${leadMinutes}:${startsAt}`;
