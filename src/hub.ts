/**
 * One node of the hub: the only place where its parts meet.
 */

import { App, us_listen_socket_close, us_socket_local_port } from 'uWebSockets.js';
import { readFileSync } from 'node:fs';
import { Redis } from 'ioredis';
import { channels } from '../channels/index.ts';
import { EndedSessions } from './accounts/ended-sessions.ts';
import { KioskPresence } from './accounts/kiosk-presence.ts';
import { Kiosks } from './accounts/kiosks.ts';
import { Limits } from './accounts/limits.ts';
import { Sessions } from './accounts/sessions.ts';
import { Accounts } from './accounts.ts';
import { Alerts } from './alerts/alerts.ts';
import { SalesFold } from './analytics/sales-fold.ts';
import { Attachments } from './attachments/attachments.ts';
import { openFileStore } from './attachments/file-store.ts';
import { AuditLog } from './audit/audit-log.ts';
import { HoldJournal } from './audit/hold-journal.ts';
import { Boards } from './boards/boards.ts';
import { Cancellations } from './bookings/cancellations.ts';
import { Confirms } from './bookings/confirms.ts';
import { BookingRecords } from './bookings/records.ts';
import { Cache } from './cache.ts';
import { CalendarFeeds } from './calendar/feeds.ts';
import { type Config, ConfigError } from './config.ts';
import { type Database, isOutage, openDatabase } from './database/database.ts';
import type { Deliveries } from './deliveries/deliveries.ts';
import { openDeliveries } from './deliveries/open-deliveries.ts';
import { Dispatcher } from './dispatch.ts';
import { EventStream } from './domain-events/event-stream.ts';
import { checkDatabase, checkKind, checkRedis } from './durability.ts';
import { Completions } from './events/completions.ts';
import { groupsOf } from './events/cached-events.ts';
import { Events } from './events/events.ts';
import { compareSale } from './events/follow-change.ts';
import { connectFollowUps } from './follow-ups.ts';
import { Health } from './health/health.ts';
import { bodyLimit } from './http/api.ts';
import { serveHttp } from './http/bridge.ts';
import { bearerOf } from './http/read-request.ts';
import { Face } from './http/face.ts';
import { makeSite } from './http/site.ts';
import { HttpLimits } from './limits/http-limits.ts';
import { UserBudget } from './limits/user-budget.ts';
import { Jobs } from './jobs/jobs.ts';
import type { Logger } from './log.ts';
import { Notifications } from './notifications/notifications.ts';
import type { MailLinks } from './mail/mail-links.ts';
import { Outbox } from './outbox.ts';
import { openPayments } from './payments/open-payments.ts';
import { Sagas } from './payments/sagas.ts';
import { ProviderFeed } from './provider/provider-feed.ts';
import type { PushDesk } from './push/push-desk.ts';
import { type Keys, makeKeys } from './redis/keys.ts';
import { RedisLinks } from './redis/links.ts';
import { Requests } from './requests.ts';
import { Inventory } from './seats/inventory.ts';
import { LiveMaps } from './seats/live-maps.ts';
import { makeMapSource } from './seats/map-source.ts';
import { PastEvents } from './seats/past-events.ts';
import { Reconciler } from './seats/reconciler.ts';
import { SeatDocuments } from './seats/seat-documents.ts';
import { Sweeper } from './seats/sweeper.ts';
import { Tokens } from './session.ts';
import { eventRoom, userRoom, venueRoom } from './socket/frame.ts';
import { TokenBuckets } from './socket/limits.ts';
import { Publisher } from './socket/publish.ts';
import { SocketServer } from './socket/server.ts';
import { countEngine } from './telemetry/engine-metrics.ts';
import { Metrics } from './telemetry/metrics.ts';
import { openTracing } from './telemetry/tracing.ts';
import { Waiters } from './waitlist/waiters.ts';
import { Waitlist } from './waitlist/waitlist.ts';
import type { WebhookDesk } from './webhooks/webhook-desk.ts';

/** What handlers work with. */
export interface Engine {
  readonly db: Database;
  readonly events: Events;
  readonly cache: Cache;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly kiosks: Kiosks;
  readonly kioskPresence: KioskPresence;
  readonly boards: Boards;
  readonly inventory: Inventory;
  readonly maps: LiveMaps;
  readonly seatDocuments: SeatDocuments;
  readonly bookings: BookingRecords;
  readonly confirms: Confirms;
  readonly cancellations: Cancellations;
  readonly sagas: Sagas;
  readonly outbox: Outbox;
  readonly notifications: Notifications;
  readonly alerts: Alerts;
  readonly requests: Requests;
  readonly audit: AuditLog;
  readonly reconciler: Reconciler;
  readonly jobs: Jobs;
  readonly providerFeed: ProviderFeed;
  readonly attachments: Attachments;
  readonly calendarFeeds: CalendarFeeds;
  readonly salesFold: SalesFold;
  readonly eventStream: EventStream;
  readonly waitlist: Waitlist;
  readonly waiters: Waiters;
  readonly deliveries: Deliveries;
  readonly webhooks: WebhookDesk;
  readonly push: PushDesk;
  readonly mailLinks: MailLinks;
  readonly publisher: Publisher;
  readonly health: Health;
  readonly log: Logger;
  /** Where clients reach the hub. */
  publicUrl(): string;
  /** Tells this and every other node that an event was changed. @returns whether nothing older is in the cache any more */
  eventChanged(eventId: string): Promise<boolean>;
  /** Tells every node that the board of a venue is to be read again. */
  venueChanged(venueId: string): void;
  /** Disconnects every socket of a session, on every node. */
  endSession(sessionId: string): void;
}

export interface Hub {
  readonly port: number;
  readonly url: string;
  readonly engine: Engine;
  readonly sockets: SocketServer;
  readonly keys: Keys;
  readonly links: RedisLinks;
  /** Lets pages of one more origin open sockets. */
  allowOrigin(origin: string): void;
  /** Lets what is in flight finish, sends clients to other nodes, closes everything. */
  stop(): Promise<void>;
}

export interface HubOptions {
  config: Config;
  databaseUrl: string;
  redisUrl: string;
  jwtKeys: string;
  log: Logger;
  /** What this node is called in answers and traces. */
  node?: string;
}

const version: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;

/** LIBUS_LISTEN_EXCLUSIVE_PORT of uSockets; the types know it only without a host. */
const exclusivePort = 1;
const partEndsMs = 5000;
const bodyMs = 8000;

/** Starts a node. Waits for PostgreSQL and Redis, and resolves once it listens. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const { config, log, node = 'node-1' } = options;
  const tracing = config.traces && (await openTracing({ ...config.traces, node, version }));
  const db = await openDatabase(options.databaseUrl, log);
  // Also a node that was started again: somebody may have changed the database meanwhile.
  await checkDatabase(db).catch((error) => {
    if (!isOutage(error)) throw error;
  });
  const links = new RedisLinks(options.redisUrl, log, config.redisTimeoutMs);
  await links.connect();
  const isCluster = !(links.commands instanceof Redis);
  if (!isCluster) for (const redis of links.masters) await checkKind(redis);
  for (const redis of links.masters) await checkRedis(redis, { mode: config.mode, isCluster }, log);
  const keys = makeKeys(config.redisPrefix);
  const tokens = new Tokens(options.jwtKeys, config.tokenTtlMs);
  const events = new Events(db);
  const cache = new Cache({ links, keys, log, isOff: !config.cached });
  const inventory = new Inventory({ links, keys, db, events, tickMs: config.tickMs, log });
  const audit = new AuditLog({ db, log });
  inventory.journal = new HoldJournal(audit);
  const bookings = new BookingRecords(db, log);
  const confirms = new Confirms({ db, records: bookings, events, inventory, log });
  const cancellations = new Cancellations({ records: bookings, inventory, log });
  const outbox = new Outbox({ db, log });
  const requests = new Requests({ db, log });
  const payments = await openPayments(config, {
    db,
    log,
    notify: (notice) => void sagas.hasten(notice).catch(() => undefined),
    ...(config.patience.guard ? { guard: config.patience.guard } : {}),
  });
  const { provider } = payments;
  const sagas = new Sagas({ provider, events, inventory, confirms, db, log, timings: config.patience.sagas });
  const limits = new Limits(links, keys);
  const endedSessions = new EndedSessions({ db, links, keys, log });
  const sessions = new Sessions({
    db,
    tokens,
    ended: endedSessions,
    tokenMs: config.tokenTtlMs,
    refreshMs: config.refreshTtlMs,
  });
  const { attemptsPerAddress, passwordQueue } = config;
  const accounts = new Accounts({ db, sessions, limits, attemptsPerAddress, passwordQueue });
  const kiosks = new Kiosks({ db, tokens, sessions, limits });
  const kioskPresence = new KioskPresence(db, log);

  const app = App();
  const publisher = new Publisher(app);
  const mapSource = makeMapSource({
    inventory,
    events,
    publisher,
    isWatched: (eventId) => sockets.isWatched(eventId),
    moved: (eventId) => boards.moved(eventId),
  });
  const maps = new LiveMaps(mapSource, log);
  const boards = new Boards({
    db,
    events,
    maps,
    log,
    tell: (venueId, name, data) => publisher.local(venueRoom(venueId), name, data),
    rooms: () => sockets,
    timings: config.patience.boards,
  });
  const seatDocuments = new SeatDocuments({ maps, inventory, source: mapSource });
  const sweeper = new Sweeper(inventory, maps, log);
  const reconciler = new Reconciler({
    inventory,
    confirms,
    db,
    audit,
    log,
    followSale: (eventId) => compareSale({ db, inventory, events }, eventId),
  });
  const pastEvents = new PastEvents({ links, keys, db, log });
  const completions = new Completions({ db, log, completed: (eventId) => engine.eventChanged(eventId) });
  let draining = false;
  const health = new Health({ version, node, config, db, links, keys, draining: () => draining });
  const jobs = new Jobs({
    redisUrl: options.redisUrl,
    prefix: keys.jobsPrefix,
    commandTimeoutMs: config.redisTimeoutMs,
    log,
  });
  const providerFeed = new ProviderFeed({
    settings: config.provider,
    limits: config.patience.feed,
    db,
    jobs,
    log,
  });
  const notifications = new Notifications({ db, publisher, log });
  const alerts = new Alerts({ db, jobs, notifications, publisher, log });
  const salesFold = new SalesFold({ db, log });
  const waitlist = new Waitlist({ db, inventory, events, log });
  const waiters = new Waiters({ inventory, log });
  const origins = new Set(config.allowedOrigins);
  const publicUrl = () => [...origins][0] ?? 'http://localhost';
  const eventStream = new EventStream({ db, links, keys, limits: config.stream, hubUrl: publicUrl, log });
  const engine: Engine = {
    db,
    events,
    cache,
    accounts,
    sessions,
    kiosks,
    kioskPresence,
    boards,
    inventory,
    maps,
    seatDocuments,
    bookings,
    confirms,
    cancellations,
    sagas,
    outbox,
    notifications,
    alerts,
    requests,
    audit,
    reconciler,
    jobs,
    providerFeed,
    attachments: new Attachments({ db, store: openFileStore(config), log }),
    calendarFeeds: new CalendarFeeds(db, publicUrl),
    salesFold,
    eventStream,
    waitlist,
    waiters,
    ...openDeliveries({ config, db, jobs, publicUrl, log }),
    publisher,
    health,
    log,
    publicUrl,
    eventChanged(eventId) {
      events.forget(eventId);
      boards.eventChanged(eventId);
      sockets.notify('event-changed', eventId);
      return cache.changed(...groupsOf(eventId));
    },
    venueChanged(venueId) {
      boards.venueChanged(venueId);
      sockets.notify('venue-changed', venueId);
    },
    endSession(sessionId) {
      sockets.sessions.end(sessionId);
      sockets.notify('session-revoked', sessionId);
    },
  };
  const redis = links.commands;
  const userBudget = new UserBudget({ redis, keys, perSecond: config.userMessagesPerSecond });
  const httpLimits = new HttpLimits({
    redis,
    keys,
    perSecond: config.httpRequestsPerSecond,
    burst: config.httpBurst,
  });
  const buckets = { ...makeBuckets(config), users: userBudget };
  const metrics = new Metrics();
  const dispatcher = new Dispatcher(engine, channels, buckets, log);
  dispatcher.observe = (message, seconds) => metrics.message(message, seconds);
  dispatcher.tracing = tracing;
  const sockets = new SocketServer({
    app,
    guard: config,
    links,
    channelPrefix: keys.channelPrefix,
    tokens,
    allowedOrigins: () => origins,
    isRevoked: endedSessions.has,
    publisher,
    log,
    onNotice(notice, id) {
      if (notice === 'session-revoked') return sockets.sessions.end(id);
      if (notice === 'venue-changed') return boards.venueChanged(id);
      if (notice === 'waitlist-changed') return waiters.changed(id);
      events.forget(id);
      boards.eventChanged(id);
    },
  });
  sockets.dispatcher = dispatcher;
  sessions.onEnd = (sessionId) => engine.endSession(sessionId);
  endedSessions.onEnded = (sessionId) => {
    if (sockets.sessions.has(sessionId)) sockets.sessions.end(sessionId);
  };
  publisher.cluster = sockets.cluster;
  publisher.maps = maps;
  connectFollowUps(engine);
  waiters.isHere = (userId) => publisher.isHere(userId);
  waiters.tell = (userId, data) => publisher.toUserHere(userId, 'waitlist:moved', data);
  waiters.announce = (eventId) => sockets.notify('waitlist-changed', eventId);
  sockets.io.of('/').adapter.on('delete-room', (room: string) => {
    if (room.startsWith(eventRoom(''))) maps.drop(room.slice(eventRoom('').length));
    if (room.startsWith(venueRoom(''))) boards.close(room.slice(venueRoom('').length));
    if (room.startsWith(userRoom(''))) kioskPresence.gone(room.slice(userRoom('').length));
  });

  countEngine(metrics, { engine, dispatcher, sockets, links, health, httpLimits, userBudget });

  /** A part that does not end must not keep the others, or the process. */
  const ends = async (part: string, end: Promise<void>) => {
    const isOver = end.then(
      () => true,
      (error) => {
        log.warn({ err: error, part }, 'a part did not end well');
        return true;
      },
    );
    const late = pause(partEndsMs).then(() => false);
    if (!(await Promise.race([isOver, late]))) log.warn({ part }, 'a part does not end: going on without it');
  };
  const site = makeSite({
    version,
    publicUrl,
    dispatcher,
    tokens,
    isRevoked: endedSessions.has,
    draining: () => draining,
    limits: httpLimits,
    health,
    metrics,
    metricsFor: config.metricsToken
      ? { token: config.metricsToken }
      : config.mode === 'production'
        ? 'nobody'
        : 'anyone',
    payments: provider.name,
    events,
    webhook: payments.readWebhook && {
      read: payments.readWebhook,
      tell: async (notice) => void (await sagas.hasten(notice)),
    },
    log,
  });
  const face = new Face({
    site,
    origins: () => origins,
    trustProxy: config.trustProxy,
    log,
    observe: (request) => metrics.http(request),
    tracing,
  });
  serveHttp(app, face, {
    limit: (address) => buckets.addresses.take(address, 1),
    bodyLimit,
    isKnown: (headers) =>
      tokens.verify(bearerOf(headers.get('authorization'))).then(
        () => true,
        () => false,
      ),
    trustProxy: config.trustProxy,
    bodyMs: config.patience.bodyMs ?? bodyMs,
  });
  // Without the option a second hub could listen on the same port, and sell from another database.
  const listenAlone = app.listen as unknown as (
    this: typeof app,
    host: string,
    port: number,
    options: number,
    done: (made: object | false) => void,
  ) => void;
  const socket = await new Promise<object>((resolve, reject) => {
    listenAlone.call(app, config.host, config.port, exclusivePort, (made) => {
      if (made) resolve(made);
      else
        reject(new ConfigError(`PORT ${config.port} on HOST ${config.host} is in use, or not ours to have.`));
    });
  });
  const port = us_socket_local_port(socket as never);
  if (!config.allowedOrigins) for (const origin of ownOrigins(port)) origins.add(origin);
  for (const part of [
    sweeper,
    reconciler,
    pastEvents,
    completions,
    audit,
    endedSessions,
    salesFold,
    waitlist,
  ])
    part.start();
  eventStream.start();
  notifications.start();
  alerts.start();
  kioskPresence.start();
  engine.deliveries.start();
  outbox.start();
  sagas.runner.run();
  providerFeed.start();
  jobs.start();

  async function stopAll(): Promise<void> {
    draining = true;
    us_listen_socket_close(socket as never);
    sockets.refuseNew();
    const until = Date.now() + config.drainMs;
    while (dispatcher.inFlight > 0 && Date.now() < until) await pause(20);
    await Promise.race([confirms.idle(), pause(Math.max(0, until - Date.now()))]);
    await sockets.drain(Math.min(1000, config.drainMs));
    for (const part of [sweeper, reconciler, pastEvents, completions, endedSessions, waitlist, waiters])
      part.stop();
    await Promise.race([
      Promise.all([
        sagas.runner.stop(),
        // The last alerts are followed by rows of the outbox.
        Promise.all([alerts.stop(), notifications.stop()]).finally(() => outbox.stop()),
        salesFold.stop(),
        eventStream.stop(),
        waitlist.recorder.idle(),
        engine.deliveries.stop(),
      ]),
      pause(Math.max(1000, until - Date.now())),
    ]);
    await ends('jobs', jobs.stop());
    payments.close();
    health.stop();
    inventory.stop();
    boards.stop();
    await ends('sockets', sockets.close());
    app.close();
    await ends('kiosks', kioskPresence.stop());
    // After the last script: what it did is in the log, if PostgreSQL answers.
    await ends('audit log', audit.stop());
    if (tracing) await ends('traces', tracing.close());
    await ends('Redis', links.close());
    await ends('PostgreSQL', db.close());
  }
  // A second time would close what is closed, which uWebSockets.js does not survive.
  let stopped: Promise<void> | undefined;

  return {
    port,
    url: `http://${config.host === '0.0.0.0' ? '127.0.0.1' : config.host}:${port}`,
    engine,
    sockets,
    keys,
    links,
    allowOrigin: (origin) => void origins.add(origin),
    stop: () => (stopped ??= stopAll()),
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const makeBuckets = (config: Config) => ({
  connections: new TokenBuckets(config.messagesPerSecond),
  addresses: new TokenBuckets(config.addressMessagesPerSecond),
});

/** In development pages of ours come from localhost, under any of its names. */
const ownOrigins = (port: number): string[] =>
  ['localhost', '127.0.0.1', '[::1]'].map((host) => `http://${host}:${port}`);
