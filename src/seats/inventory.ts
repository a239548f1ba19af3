/**
 * The seats of all events, in Redis. Runs the scripts, loads a map from PostgreSQL when Redis does not
 * have it (or had it before it restarted), and hands on what a script did beside its answer: ticks to
 * publish, holds that ran out, confirms to settle.
 */

import type { Actor } from '../audit/audit-log.ts';
import { type Clock, systemClock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { bookedSeats } from '../database/statements.ts';
import { RequestError } from '../errors.ts';
import { closesAt, type EventCard, type Events } from '../events/events.ts';
import { newEpoch } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { Keys } from '../redis/keys.ts';
import { isMoved, type RedisLinks } from '../redis/links.ts';
import { closeEvent } from '../redis/scripts/close-event.ts';
import { cutTick } from '../redis/scripts/cut-tick.ts';
import { type LoadedWaitlist, loadEvent } from '../redis/scripts/load-event.ts';
import { type Answer, type Effects, runScript, type Script } from '../redis/scripts/script.ts';
import { letters, states } from './codec.ts';

type Decoders = Record<string, (fields: string[]) => object>;

/** What the rest of the hub does with a script's effects. */
export interface InventoryListener {
  ticked(eventId: string, epoch: string, tick: NonNullable<Effects['tick']>): void;
  lapsed(eventId: string, hold: Effects['lapsed'][number]): void;
  unsettled(eventId: string, holdId: string): void;
  /** Something happened to those who wait. */
  stepped?(eventId: string, steps: Effects['steps']): void;
}

/** Keeps what scripts did, for the audit log. */
export interface Journal {
  ran(
    script: string,
    eventId: string,
    args: unknown,
    answer: Answer<Decoders>,
    effects: Effects,
    by: Actor | undefined,
  ): void;
}

export interface Located<A> {
  answer: A;
  epoch: string;
  position: number;
}

export class Inventory {
  readonly #links: RedisLinks;
  readonly #keys: Keys;
  readonly #db: Database;
  readonly #events: Events;
  readonly #tickMs: number;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #loading = new Map<string, Promise<void>>();
  /** What cancels the cuts that are promised. */
  readonly #cuts = new Set<() => void>();
  /** How often each script gave each answer; first answers to repeats count as `repeat`. */
  readonly answers = new Map<string, Record<string, number>>();
  readonly counts = { expired: 0, failed: 0 };
  listener: InventoryListener | undefined;
  journal: Journal | undefined;
  /** Who waits for an event, as PostgreSQL has them. */
  waiting: (card: EventCard) => Promise<LoadedWaitlist | undefined> = async () => undefined;

  constructor(parts: {
    links: RedisLinks;
    keys: Keys;
    db: Database;
    events: Events;
    tickMs: number;
    log: Logger;
    clock?: Clock;
  }) {
    this.#links = parts.links;
    this.#keys = parts.keys;
    this.#db = parts.db;
    this.#events = parts.events;
    this.#tickMs = parts.tickMs;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
  }

  /**
   * Runs a script on an event, for somebody (the audit log knows them then). Throws `try-later` while Redis
   * is away, `event-not-found` when there is no such event.
   */
  async run<Args, D extends Decoders>(
    script: Script<Args, D>,
    eventId: string,
    args: Args,
    by?: Actor,
  ): Promise<Located<Answer<D>>> {
    // Between loading and running, Redis may be emptied once more.
    for (let attempt = 0; attempt < 3; attempt++) {
      const located = await this.runIfLoaded(script, eventId, args, by);
      if (located) return located;
      await this.load(eventId);
    }
    throw new RequestError('try-later');
  }

  /** `run` for what a map that is loaded later knows by itself. undefined: Redis has no map of the event. */
  async runIfLoaded<Args, D extends Decoders>(
    script: Script<Args, D>,
    eventId: string,
    args: Args,
    by?: Actor,
  ): Promise<Located<Answer<D>> | undefined> {
    const outcome = await this.#guard(() => this.#runAtHome(script, eventId, args));
    if (!outcome.loaded) return undefined;
    const { epoch, position, isRepeat } = outcome.effects;
    this.#count(script.name, isRepeat ? 'repeat' : outcome.answer.status);
    this.journal?.ran(script.name, eventId, args, outcome.answer, outcome.effects, by);
    this.#act(eventId, outcome.effects);
    return { answer: outcome.answer, epoch, position };
  }

  /** Until when Redis sells the event (ms since 1970). undefined: it has no map of it. */
  async soldUntil(eventId: string): Promise<number | undefined> {
    const [, , , meta = ''] = this.#keys.event(eventId);
    const found = await this.#guard(() => this.#links.commands.hget(meta, 'closesAt'));
    return found === null ? undefined : Number(found);
  }

  /** Once more where the server has handed the event to another one of its cluster. */
  async #runAtHome<Args, D extends Decoders>(script: Script<Args, D>, eventId: string, args: Args) {
    const keys = this.#keys.event(eventId);
    const { redis, run } = this.#links.home(keys);
    try {
      return await runScript(redis, script, keys, run, args);
    } catch (error) {
      if (!isMoved(error)) throw error;
      await this.#links.findAgain();
      const home = this.#links.home(keys);
      return await runScript(home.redis, script, keys, home.run, args);
    }
  }

  /** Installs the map of an event, once at a time on this node; across nodes the first one wins. */
  load(eventId: string): Promise<void> {
    let loading = this.#loading.get(eventId);
    if (!loading) {
      loading = this.#load(eventId).finally(() => this.#loading.delete(eventId));
      this.#loading.set(eventId, loading);
    }
    return loading;
  }

  async #load(eventId: string): Promise<void> {
    const keys = this.#keys.event(eventId);
    this.#events.forget(eventId);
    const card = await this.#events.card(eventId);
    if (!card) throw new RequestError('event-not-found');
    // Before PostgreSQL is read: a server that takes over meanwhile is another one, and refuses.
    const { redis, run } = this.#links.home(keys);
    const { seats, booked } = await this.truth(card);
    const waitlist = await this.waiting(card);
    const result = await this.#guard(async () => {
      // First, or a node that dies in between leaves a map that no sweeper knows.
      await this.#links.commands.sadd(this.#keys.loadedEvents, eventId);
      return loadEvent(redis, keys, run, {
        epoch: newEpoch(),
        seats,
        booked,
        waitlist,
        closesAt: closesAt(card),
        tickMs: this.#tickMs,
        ...card.rules,
      });
    });
    if (result.status === 'loaded') this.#log.info({ eventId, epoch: result.epoch }, 'map loaded');
  }

  /** The map as PostgreSQL knows it: what is sold, and how much each buyer has. */
  async truth(card: EventCard): Promise<{ seats: string; booked: { owner: string; seats: number }[] }> {
    const seats = new Array<string>(card.plan.seats.length).fill(letters.charAt(states.free));
    const byBuyer = new Map<string, number>();
    for (const row of await this.#db.run(bookedSeats, card.id)) {
      seats[row.seat] = letters.charAt(states.sold);
      byBuyer.set(row.user_id, (byBuyer.get(row.user_id) ?? 0) + 1);
    }
    const booked = Array.from(byBuyer, ([owner, count]) => ({ owner, seats: count }));
    return { seats: seats.join(''), booked };
  }

  /** Ends the sale of an event and frees its holds. */
  async close(eventId: string): Promise<void> {
    while ((await this.run(closeEvent, eventId, undefined)).answer.status === 'more');
  }

  /** Has the map loaded anew from PostgreSQL by whoever needs it next, under a new epoch. */
  async rebuild(eventId: string): Promise<void> {
    const [, , , meta = ''] = this.#keys.event(eventId);
    await this.#guard(() => this.#links.commands.hdel(meta, 'run'));
  }

  /** Events whose map is in Redis. */
  loadedEvents(): Promise<string[]> {
    return this.#guard(() => this.#links.commands.smembers(this.#keys.loadedEvents));
  }

  get available(): boolean {
    return this.#links.available;
  }

  /** Whether the Redis that has the event can be asked; of a cluster it may be one of several. */
  canReach(eventId: string): boolean {
    return this.#links.canReach(this.#keys.event(eventId));
  }

  stop(): void {
    for (const cancel of this.#cuts) cancel();
    this.listener = undefined;
  }

  #count(script: string, status: string): void {
    let statuses = this.answers.get(script);
    if (!statuses) {
      statuses = {};
      this.answers.set(script, statuses);
    }
    statuses[status] = (statuses[status] ?? 0) + 1;
  }

  #act(eventId: string, effects: Effects): void {
    this.counts.expired += effects.lapsed.length;
    const { tick, dueMs, epoch } = effects;
    if (tick) this.listener?.ticked(eventId, epoch, tick);
    if (dueMs !== undefined) this.#cutIn(eventId, dueMs);
    for (const hold of effects.lapsed) this.listener?.lapsed(eventId, hold);
    for (const holdId of effects.unsettled) this.listener?.unsettled(eventId, holdId);
    if (effects.steps.length > 0) this.listener?.stepped?.(eventId, effects.steps);
  }

  /** Node's timers may fire a millisecond early, which would be a millisecond too early. */
  #cutIn(eventId: string, dueMs: number): void {
    const cancel = this.#clock.after(dueMs + 1, () => {
      this.#cuts.delete(cancel);
      // If it fails the sweeper cuts the tick.
      this.run(cutTick, eventId, undefined).catch((error) => {
        this.#log.debug({ err: error, eventId }, 'could not cut the tick');
      });
    });
    this.#cuts.add(cancel);
  }

  /** Redis that is away or slow is one refusal: `try-later`. */
  async #guard<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (error instanceof RequestError || isOurFault(error)) throw error;
      this.counts.failed++;
      this.#log.warn({ err: error }, 'Redis failed a command');
      throw new RequestError('try-later');
    }
  }
}

/** A script that does not run is no outage. Away, loading, busy, out of memory and the like are. */
const isOurFault = (error: unknown): boolean =>
  error instanceof Error && error.name === 'ReplyError' && error.message.startsWith('ERR ');
