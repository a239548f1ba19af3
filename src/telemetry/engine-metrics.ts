/** What the parts of a node count, under the names of Prometheus. */
import type { Dispatcher } from '../dispatch.ts';
import type { Health } from '../health/health.ts';
import type { Engine } from '../hub.ts';
import type { HttpLimits } from '../limits/http-limits.ts';
import type { UserBudget } from '../limits/user-budget.ts';
import type { RedisLinks } from '../redis/links.ts';
import type { SocketServer } from '../socket/server.ts';
import type { Metrics } from './metrics.ts';

export interface CountedParts {
  engine: Engine;
  dispatcher: Dispatcher;
  sockets: SocketServer;
  links: RedisLinks;
  health: Health;
  httpLimits: HttpLimits;
  userBudget: UserBudget;
}

export function countEngine(metrics: Metrics, parts: CountedParts): void {
  countSockets(metrics, parts);
  countSeats(metrics, parts);
  countAftermath(metrics, parts);
  countServices(metrics, parts);
}

function countSockets(
  metrics: Metrics,
  { engine, dispatcher, sockets, httpLimits, userBudget }: CountedParts,
) {
  const { guardCounts, readers, counts, cluster } = sockets;
  const { publisher } = engine;
  metrics.gauge('sockets', 'Open sockets.', () => guardCounts.connections);
  metrics.gauge('rooms', 'Rooms with somebody in them.', () => sockets.io.of('/').adapter.rooms.size);
  metrics.gauge('viewers', 'Sockets that watch an event.', () => readers.viewers);
  metrics.gauge('slow_readers', 'Sockets whose ticks are held back.', () => readers.lagging);
  metrics.counter(
    'slow_readers_total',
    'Sockets that fell behind, and that caught up.',
    () => readers.counts,
    'step',
  );
  metrics.counter(
    'frames_published_total',
    'Tells that were encoded and given to their room.',
    () => publisher.counts.frames,
  );
  metrics.counter(
    'frames_sent_total',
    'Frames given to sockets: tells to everybody in the room, and answers.',
    () => ({
      tell: publisher.counts.deliveries,
      answer: counts.answers,
    }),
    'kind',
  );
  metrics.counter(
    'sent_bytes_total',
    'Bytes of those frames.',
    () => ({
      tell: publisher.counts.bytes,
      answer: counts.answerBytes,
    }),
    'kind',
  );
  metrics.counter(
    'requests_total',
    'Messages that were asked, on sockets and over HTTP.',
    () => dispatcher.counts.requests,
  );
  metrics.gauge('requests_under_way', 'Messages that wait for their answer.', () => dispatcher.inFlight);
  metrics.counter(
    'refusals_total',
    'Messages that were refused, by code.',
    () => dispatcher.refusals,
    'code',
  );
  metrics.counter('failures_total', 'Messages that failed on our side.', () => dispatcher.counts.internal);
  metrics.counter(
    'rate_limited_total',
    'What was refused because somebody asked too often, by whose limit it was.',
    () => ({
      message: dispatcher.refusals['rate-limited'] ?? 0,
      http: httpLimits.counts.refused,
      'user-on-all-nodes': userBudget.counts.refused,
      connections: guardCounts.refusedAddresses,
    }),
    'limit',
  );
  metrics.counter(
    'guard_total',
    'What the guard kept out.',
    () => ({
      'foreign-origin': counts.foreignOrigins,
      'without-ack': counts.withoutAck,
      'beyond-backlog': guardCounts.dropped,
      'between-nodes': cluster.counts.garbage,
    }),
    'what',
  );
  metrics.counter(
    'disconnects_total',
    'Sockets that were closed by us, by code.',
    () => ({ ...guardCounts.disconnects }) as Record<string, number>,
    'code',
  );
}

function countSeats(metrics: Metrics, { engine }: CountedParts) {
  const { inventory, maps, confirms } = engine;
  const answered =
    (script: string, ...statuses: string[]) =>
    () => {
      const of = inventory.answers.get(script) ?? {};
      return statuses.reduce((sum, status) => sum + (of[status] ?? 0), 0);
    };
  metrics.counter('holds_total', 'Holds that were made or grew.', answered('hold-seats', 'held'));
  metrics.counter(
    'hold_conflicts_total',
    'Holds that were refused because a seat was not free.',
    answered('hold-seats', 'taken'),
  );
  metrics.counter('releases_total', 'Holds that gave seats back.', answered('release-seats', 'released'));
  metrics.counter('confirms_total', 'Confirms that were begun.', answered('begin-confirm', 'confirming'));
  metrics.counter(
    'holds_expired_total',
    'Holds that ran out, as this node saw it first.',
    () => inventory.counts.expired,
  );
  metrics.counter(
    'script_answers_total',
    'Answers of Redis scripts.',
    () => {
      const flat: Record<string, number> = {};
      for (const [script, statuses] of inventory.answers) {
        for (const [status, count] of Object.entries(statuses)) flat[`${script} ${status}`] = count;
      }
      return flat;
    },
    'answer',
  );
  metrics.gauge('maps', 'Seat maps this node follows.', () => [...maps.watched()].length);
  metrics.counter(
    'map_events_total',
    'Ticks, gaps in them, and maps that were read anew.',
    () => maps.counts,
    'what',
  );
  metrics.gauge('confirm_queue', 'Holds that wait to be booked.', () => confirms.queue.length);
  metrics.counter(
    'confirm_batches_total',
    'Statements that booked holds.',
    () => confirms.queue.counts.batches,
  );
  metrics.counter(
    'confirm_batch_holds_total',
    'Holds in those statements: divided by them, the size of a batch.',
    () => confirms.queue.counts.holds,
  );
  metrics.counter(
    'confirms_alone_total',
    'Holds that were tried again by themselves, because their batch was undone.',
    () => confirms.queue.counts.alone,
  );
  metrics.counter('bookings_total', 'Bookings that were made.', () => confirms.queue.counts.booked);
}

function countAftermath(metrics: Metrics, { engine, health }: CountedParts) {
  const { outbox, sagas, audit, reconciler, eventStream, notifications, alerts, deliveries, waitlist } =
    engine;
  metrics.counter(
    'waitlist_total',
    'What became of those who wait, as this node wrote it down first, and how often it could not.',
    () => ({ ...waitlist.counts, ...waitlist.recorder.counts }),
    'what',
  );
  metrics.counter(
    'notifications_total',
    'Notifications this node has made, by kind.',
    () => notifications.counts,
    'kind',
  );
  metrics.counter(
    'alerts_total',
    'Alerts before a start: claimed by this node in time, too late, left over by others, told to rooms, given a job.',
    () => alerts.counts,
    'what',
  );
  metrics.gauge(
    'outbox_length',
    'Rows of the outbox that wait, in the whole cluster.',
    async () => (await health.backlog())?.outbox,
  );
  metrics.gauge('outbox_lag_seconds', 'How late the latest of them is.', async () => {
    const backlog = await health.backlog();
    return backlog && backlog.outbox_late_ms / 1000;
  });
  metrics.counter('outbox_total', 'Rows this node has worked on.', () => outbox.counts, 'end');
  metrics.counter(
    'domain_events_total',
    'Domain events this node has recorded and appended to the stream, and how often Redis had lost some.',
    () => eventStream.counts,
    'step',
  );
  metrics.gauge(
    'stream_lag_seconds',
    'For how long there have been domain events that are not on the stream.',
    () => eventStream.lateMs / 1000,
  );
  metrics.gauge(
    'saga_steps',
    'Steps of payments that are due, or were put aside, in the whole cluster.',
    async () => {
      const backlog = await health.backlog();
      return backlog && { due: backlog.sagas_due, dead: backlog.sagas_dead };
    },
    'state',
  );
  metrics.counter(
    'saga_steps_total',
    'Steps this node has taken, and how many of them failed or were put aside.',
    () => sagas.runner.counts,
    'end',
  );
  metrics.counter(
    'deliveries_total',
    'Attempts of this node to deliver something, by how they ended: failed ones are tried again, dead ones are not.',
    () => deliveries.counts,
    'channel',
    'state',
  );
  metrics.gauge(
    'deliveries',
    'Deliveries that wait, or are dead, in the whole cluster.',
    () => deliveries.backlog(),
    'channel',
    'state',
  );
  metrics.gauge('audit_backlog', 'Rows of the audit log that wait to be written.', () => audit.waiting);
  metrics.counter('audit_rows_total', 'Rows of the audit log.', () => audit.counts, 'end');
  metrics.counter(
    'reconciler_looks_total',
    'Events that were compared with PostgreSQL.',
    () => reconciler.counts.looks,
  );
  metrics.counter(
    'reconciler_mends_total',
    'What differed and was mended.',
    () => {
      const { seats, buyers, holds, sales } = reconciler.counts;
      return { seats, buyers, holds, sales };
    },
    'what',
  );
}

function countServices(metrics: Metrics, { engine, links, health }: CountedParts) {
  const { db, inventory } = engine;
  metrics.gauge('redis_up', 'Whether Redis answers.', () => (links.available ? 1 : 0));
  metrics.gauge('redis_connections', 'Connections to Redis that are ready.', () => links.ready);
  metrics.counter(
    'redis_errors_total',
    'Connections that failed, outages, and commands that got no answer.',
    () => ({
      connection: links.counts.errors,
      outage: links.counts.outages,
      command: inventory.counts.failed,
    }),
    'what',
  );
  metrics.gauge(
    'postgresql_connections',
    'Connections of the pool.',
    () => {
      const { connections, idle } = db.load;
      return { idle, busy: connections - idle };
    },
    'state',
  );
  metrics.gauge('postgresql_waiting', 'Statements that wait for a connection.', () => db.load.waiting);
  metrics.counter(
    'postgresql_statements_total',
    'Statements beside those of the ORM.',
    () => db.load.statements,
  );
  metrics.counter('postgresql_errors_total', 'Statements that got no answer.', () => db.load.errors);
  metrics.gauge('event_loop_late_seconds', 'How late timers are.', () => health.lag.ms / 1000);
}
