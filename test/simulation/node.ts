/**
 * One node of the hub: the real parts, on simulated services. What is written anew here is only what meets the
 * network: sockets, and the rooms of `Publisher`.
 */
import cancel from '../../channels/bookings/cancel.ts';
import confirm from '../../channels/bookings/confirm.ts';
import extend from '../../channels/seats/extend.ts';
import hold from '../../channels/seats/hold.ts';
import release from '../../channels/seats/release.ts';
import watch from '../../channels/seats/watch.ts';
import accept from '../../channels/waitlist/accept.ts';
import decline from '../../channels/waitlist/decline.ts';
import join from '../../channels/waitlist/join.ts';
import leave from '../../channels/waitlist/leave.ts';
import position from '../../channels/waitlist/position.ts';
import type { AuditLog } from '../../src/audit/audit-log.ts';
import { Cancellations } from '../../src/bookings/cancellations.ts';
import { Confirms } from '../../src/bookings/confirms.ts';
import { BookingRecords } from '../../src/bookings/records.ts';
import { failWith, type Message } from '../../src/channel.ts';
import type { Clock } from '../../src/clock.ts';
import type { SeatsChanged } from '../../src/contracts.gen.ts';
import { type Database, isOutage } from '../../src/database/database.ts';
import { cancelEvent } from '../../src/database/statements.ts';
import type { WaitlistNews } from '../../src/database/waitlist-statements.ts';
import { errors, RequestError } from '../../src/errors.ts';
import type { EventCard, Events } from '../../src/events/events.ts';
import type { Engine } from '../../src/hub.ts';
import { makeLogger } from '../../src/log.ts';
import { Outbox } from '../../src/outbox.ts';
import { makeKeys } from '../../src/redis/keys.ts';
import { Requests } from '../../src/requests.ts';
import { Inventory } from '../../src/seats/inventory.ts';
import { LiveMaps } from '../../src/seats/live-maps.ts';
import { makeMapSource } from '../../src/seats/map-source.ts';
import { Reconciler } from '../../src/seats/reconciler.ts';
import { Sweeper } from '../../src/seats/sweeper.ts';
import { eventRoom, userRoom } from '../../src/socket/frame.ts';
import type { Publisher } from '../../src/socket/publish.ts';
import { tellWaiter } from '../../src/waitlist/tell-waiter.ts';
import { Waitlist } from '../../src/waitlist/waitlist.ts';
import type { Connection, Reply } from './connection.ts';
import type { Process } from './kernel.ts';
import { SqlError } from './postgres-tables.ts';
import { SimLinks } from './redis-links.ts';
import type { World } from './world.ts';

const log = makeLogger('silent', false, 'simulation');
const keys = makeKeys('sim');
const tickMs = 40;
/** As in `hub.ts`. */
const unwindMs = 4000;
const messages: Record<string, Message> = {};
const all = [hold, extend, release, watch, confirm, cancel, join, leave, accept, decline, position];
for (const each of all) messages[each.name] = each;
/** As their contracts say. */
const onceOnly = new Set(['bookings:cancel', 'waitlist:join', 'waitlist:leave']);

export class SimNode {
  readonly process: Process;
  readonly connections = new Set<Connection>();
  /** What it does not tell anybody, if a test wants it so. */
  readonly muted = new Set<string>();
  readonly clock: Clock;
  readonly db: Database;
  readonly links: SimLinks;
  readonly inventory: Inventory;
  readonly records: BookingRecords;
  readonly confirms: Confirms;
  readonly cancellations: Cancellations;
  readonly outbox: Outbox;
  readonly requests: Requests;
  readonly maps: LiveMaps;
  readonly sweeper: Sweeper;
  readonly reconciler: Reconciler;
  readonly waitlist: Waitlist;
  readonly #world: World;
  readonly #cards: Events;
  readonly #engine: Engine;

  constructor(world: World, process: Process) {
    this.#world = world;
    this.process = process;
    const { kernel } = world;
    this.clock = kernel.clockOf(process, world.settings.skewMs[process.name] ?? 0);
    const { clock } = this;
    const point = (answerInMs: number) => world.nemesis.point(this, answerInMs);
    this.db = world.postgres.database(process, point);
    this.links = new SimLinks(world.redis, process, point);
    const { db } = this;
    const links = this.links.asLinks();
    const events = this.#events();
    this.#cards = events;
    this.inventory = new Inventory({ links, keys, db, events, tickMs, log, clock });
    const { inventory } = this;
    this.records = new BookingRecords(db, log);
    const { records } = this;
    this.confirms = new Confirms({ db, records, events, inventory, log, clock });
    this.cancellations = new Cancellations({ records, inventory, log });
    this.outbox = new Outbox({ db, log, clock });
    this.requests = new Requests({ db, log, clock });
    const publisher = { local: this.#local } as unknown as Publisher;
    const isWatched = (eventId: string) => this.#watching(eventId).length > 0;
    this.maps = new LiveMaps(makeMapSource({ inventory, events, publisher, isWatched }), log, clock);
    this.sweeper = new Sweeper(inventory, this.maps, log, clock);
    this.waitlist = new Waitlist({ db, inventory, events, log, clock });
    const audit = { note: () => undefined } as unknown as AuditLog;
    this.reconciler = new Reconciler({
      inventory,
      confirms: this.confirms,
      db,
      audit,
      log,
      clock,
      // Nothing changes until when these events are sold.
      followSale: async () => false,
    });
    this.#engine = {
      db,
      events,
      inventory,
      maps: this.maps,
      bookings: records,
      confirms: this.confirms,
      cancellations: this.cancellations,
      requests: this.requests,
      waitlist: this.waitlist,
      // Places in the queue are told by what looks, not by what changes: nothing rests on it.
      waiters: { remember: () => undefined },
    } as unknown as Engine;
    this.#listen();
    this.#relay();
    world.bus.join(process, (room, name, data) => {
      if (name === 'event-changed') this.#cards.forget(String(data));
      else if (name === 'seats:changed') this.maps.receive(data as SeatsChanged);
      else this.#local(room, name, data);
    });
  }

  start(): void {
    this.sweeper.start();
    this.outbox.start();
    if (this.#world.settings.reconciles) this.reconciler.start();
    if (this.#world.settings.waits) this.waitlist.start();
  }

  /** The same steps as `dispatch.ts`, with a session that may do it. */
  async answer(connection: Connection, message: string, request: Record<string, unknown>): Promise<Reply> {
    const { userId } = connection;
    const session = { id: `session-${userId}`, userId, role: 'user', expiresAt: Number.MAX_SAFE_INTEGER };
    const requestId = String(request.requestId ?? '');
    const viewer = {
      watching: connection.rooms.size,
      isWatching: (eventId: string) => connection.rooms.has(eventRoom(eventId)),
      watch: async (eventId: string) => void connection.rooms.add(eventRoom(eventId)),
      unwatch: (eventId: string) => void connection.rooms.delete(eventRoom(eventId)),
    };
    const context = {
      engine: this.#engine,
      session,
      request,
      requestId: requestId || null,
      by: { userId, sessionId: session.id, requestId: requestId || null },
      address: '',
      viewer,
      fail: failWith,
    };
    const handle = () => (messages[message] as Message).handle(context as never);
    const answered = this.#world.monitors.asked(this, message);
    try {
      const once = onceOnly.has(message);
      const data = once
        ? await this.requests.once(userId, requestId, message, request, handle)
        : await handle();
      return { ok: true, data };
    } catch (error) {
      const told = error instanceof RequestError ? error.code : isOutage(error) ? 'try-later' : 'internal';
      if (told === 'internal' && !(error instanceof SqlError)) this.#world.monitors.internal(error);
      return { ok: false, code: told, retry: errors[told].retry };
    } finally {
      answered();
    }
  }

  toUser(userId: string, name: string, data: unknown): void {
    this.#everywhere(userRoom(userId), name, data);
  }

  /** The steps of `channels/events/cancel.ts`, but for the event's own row. */
  cancelEvent(): void {
    const { id } = this.#world.card;
    const by = { userId: 'organizer', sessionId: null, requestId: null, reason: '' };
    const cancel = async () => {
      const [follows] = await this.db.run(cancelEvent, id, by.userId, null, null, '');
      this.#eventChanged(id);
      if ((await this.cancellations.unwind(id, by, unwindMs)) && follows?.outbox_id) {
        this.outbox.done(follows.outbox_id);
      }
    };
    // Cut short, it is the outbox that goes on.
    cancel().catch(() => undefined);
  }

  #tellWaiter(news: WaitlistNews): Promise<void> {
    const toUser = (userId: string, name: string, data: unknown) => this.toUser(userId, name, data);
    return tellWaiter({ events: this.#cards, publisher: { toUser } as unknown as Publisher }, news);
  }

  #eventChanged(eventId: string): void {
    this.#cards.forget(eventId);
    this.#world.bus.publish(this.process, '', 'event-changed', eventId);
  }

  /** As in `hub.ts`. */
  #listen(): void {
    const { inventory, confirms, cancellations, outbox, waitlist } = this;
    inventory.listener = {
      ticked: (eventId, epoch, tick) => {
        const message = this.maps.cut(eventId, epoch, tick);
        this.#world.bus.publish(this.process, eventRoom(eventId), 'seats:changed', message);
      },
      lapsed: (eventId, { holdId, owner, seats }) =>
        this.toUser(owner, 'seats:hold-expired', { eventId, holdId, seats }),
      unsettled: (eventId, holdId) => {
        confirms.settle(eventId, holdId).catch(() => undefined);
      },
      stepped: (eventId, steps) => waitlist.recorder.take(eventId, steps),
    };
    if (this.#world.settings.waits) inventory.waiting = (card) => waitlist.loaded(card);
    for (const part of [waitlist, waitlist.recorder]) {
      part.tell = (news) => this.#tellWaiter(news);
      part.done = (id) => outbox.done(id);
    }
    confirms.listener = {
      booked: (booking, userId) => this.toUser(userId, 'bookings:confirmed', { booking }),
      paymentDue: () => undefined,
      ended: (eventId, { holdId, owner, seats }) =>
        this.toUser(owner, 'seats:hold-expired', { eventId, holdId, seats }),
    };
    cancellations.listener = {
      cancelled: (booking, userId) => this.toUser(userId, 'bookings:cancelled', { booking }),
      unwound: () => undefined,
      paymentDue: () => undefined,
    };
    for (const part of [confirms, cancellations]) part.done = (id) => outbox.done(id);
  }

  /** As in `hub.ts`. */
  #relay(): void {
    const { outbox, records, confirms, cancellations, waitlist } = this;
    outbox.on('booking-confirmed', async ({ bookingId = '' }) => {
      const found = await records.find(bookingId);
      if (found) await confirms.show(found);
      return 'done';
    });
    outbox.on('booking-cancelled', async ({ bookingId = '' }, { payload }) => {
      await cancellations.showAgain(bookingId, payload.seats as number[]);
      return 'done';
    });
    outbox.on('waitlist-joined', async ({ entryId = '' }) => {
      await waitlist.queueLate(entryId);
      return 'done';
    });
    outbox.on('waitlist-told', async (_, { payload }) => {
      await this.#tellWaiter(payload as unknown as WaitlistNews);
      return 'done';
    });
    outbox.on('event-cancelled', async ({ eventId = '', actorId = '', reason = '' }) => {
      this.#eventChanged(eventId);
      const by = { userId: actorId, sessionId: null, requestId: null, reason };
      return (await cancellations.unwind(eventId, by, unwindMs)) ? 'done' : 'again';
    });
  }

  /** A card is read in PostgreSQL when it is not known, or was forgotten. */
  #events(): Events {
    let known = false;
    const { card, postgres } = this.#world;
    const now = (): EventCard => ({
      ...card,
      status: postgres.tables.events.get(card.id)?.status ?? card.status,
    });
    let cached: EventCard | undefined;
    const read = async () => {
      if (known && cached) return cached;
      await this.db.run({ name: 'read-booking', text: '' }, 'none');
      cached = now();
      known = true;
      return cached;
    };
    return {
      card: read,
      agedCard: read,
      forget: () => {
        known = false;
      },
    } as unknown as Events;
  }

  #watching(eventId: string): Connection[] {
    return [...this.connections].filter((each) => each.rooms.has(eventRoom(eventId)));
  }

  /** To the members of a room on this node. */
  readonly #local = (room: string, name: string, data: unknown): void => {
    if (this.muted.has(name)) return;
    for (const connection of this.connections) {
      if (connection.rooms.has(room)) connection.tell(name, data);
    }
  };

  #everywhere(room: string, name: string, data: unknown): void {
    this.#world.monitors.told(name, data);
    this.#local(room, name, data);
    this.#world.bus.publish(this.process, room, name, data);
  }
}
