/**
 * Keeps the stream in Redis that other services read: a copy of the latest domain events in PostgreSQL, in the same order
 * and with their positions as ids. Every node looks twice a second whether there is something to record, and whether the
 * stream ends where the record does; the script appends only to a stream that ends where this node believes it does. So
 * no event is missing or twice on it, however many nodes are at it and whichever of them dies, and what a Redis has lost
 * is appended again, under the same ids.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import {
  type DomainEventRow,
  domainEventsAfter,
  forgetDomainEvents,
  recordDomainEvents,
} from '../database/domain-event-statements.ts';
import { faultPoint } from '../fault-points.ts';
import type { Logger } from '../log.ts';
import type { Keys } from '../redis/keys.ts';
import { isMoved, type RedisLinks } from '../redis/links.ts';
import { appendDomainEvents } from '../redis/scripts/append-domain-events.ts';
import { cloudEventOf } from './cloud-event.ts';

const everyMs = 250;
/** The stream is looked at so often even if nothing happens: Redis may have lost its end. */
const lookEveryMs = 1000;
const recordedAtMost = 1000;
/** So few that the script does not keep Redis from anybody for long. */
const appendedAtMost = 200;
/** In one round, so that a backlog does not keep the node busy for ever. */
const roundsAtMost = 50;
const forgetEveryMs = 60_000;
const forgottenAtMost = 5000;
const nowhere = '0-0';

export interface StreamLimits {
  /** ms for which events are kept, on the stream and in PostgreSQL. */
  keptMs: number;
  /** How many are kept on the stream, about. */
  length: number;
}

export class EventStream {
  readonly #db: Database;
  readonly #links: Pick<RedisLinks, 'home' | 'findAgain'>;
  readonly #key: string[];
  readonly #limits: StreamLimits;
  readonly #hubUrl: () => string;
  readonly #log: Logger;
  readonly #clock: Clock;
  /** Where the stream ends, as far as this node knows; undefined: it has not looked yet. */
  #last: string | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #forgotAt: number;
  /** Since when this node knows of events that are not on the stream. */
  #behindSince: number | undefined;
  #cancel: (() => void) | undefined;
  #round: Promise<void> | undefined;
  #stopped = false;
  /** `repeated`: appended again, because Redis had lost them. */
  readonly counts = { recorded: 0, appended: 0, repeated: 0, failed: 0 };

  constructor(parts: {
    db: Database;
    links: Pick<RedisLinks, 'home' | 'findAgain'>;
    keys: Keys;
    limits: StreamLimits;
    /** Where the schemas of the events are to be had. */
    hubUrl: () => string;
    log: Logger;
    clock?: Clock;
  }) {
    this.#db = parts.db;
    this.#links = parts.links;
    this.#key = parts.keys.stream;
    this.#limits = parts.limits;
    this.#hubUrl = parts.hubUrl;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
    this.#forgotAt = this.#clock.now();
  }

  /** For how long there have been events that the stream does not have, as far as this node knows. */
  get lateMs(): number {
    return this.#behindSince === undefined ? 0 : this.#clock.now() - this.#behindSince;
  }

  start(): void {
    this.#cancel = this.#clock.after(everyMs, () => {
      this.#round = this.round()
        .catch((error) => {
          this.counts.failed++;
          this.#log.debug({ err: error }, 'could not bring the stream up to date');
          if (isMoved(error)) return this.#links.findAgain();
        })
        .finally(() => this.#stopped || this.start());
    });
  }

  /** Ends after what is under way. What is left is done by the other nodes, or by the next one to start. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancel?.();
    await this.#round;
  }

  /** Records what was noted, and appends what the stream does not have. */
  async round(): Promise<void> {
    const { head, isOurs } = await this.#record();
    const now = this.#clock.now();
    if (head !== this.#last || now - this.#lookedAt >= lookEveryMs) {
      if (head !== this.#last) this.#behindSince ??= now;
      await this.#append(head, isOurs);
      this.#lookedAt = now;
      this.#behindSince = undefined;
    }
    if (now - this.#forgotAt < forgetEveryMs) return;
    this.#forgotAt = now;
    for (let i = 0; i < roundsAtMost && !this.#stopped; i++) {
      const [{ forgotten } = { forgotten: 0 }] = await this.#db.run(
        forgetDomainEvents,
        now - this.#limits.keptMs,
        forgottenAtMost,
      );
      if (forgotten < forgottenAtMost) return;
    }
  }

  /** @returns the position of the last event there is, and whether this node has recorded it just now */
  async #record(): Promise<{ head: string; isOurs: boolean }> {
    let head = nowhere;
    let isOurs = false;
    for (let i = 0; i < roundsAtMost && !this.#stopped; i++) {
      const [row] = await this.#db.run(recordDomainEvents, recordedAtMost);
      head = row?.position ?? head;
      const recorded = row?.recorded ?? 0;
      this.counts.recorded += recorded;
      if (recorded > 0) {
        isOurs = true;
        faultPoint('stream.recorded');
      }
      if (recorded < recordedAtMost) break;
    }
    return { head, isOurs };
  }

  async #append(head: string, isOurs: boolean): Promise<void> {
    const { keptMs, length } = this.#limits;
    const sinceMs = this.#clock.now() - keptMs;
    for (let i = 0; i < roundsAtMost && !this.#stopped; i++) {
      // What another node has recorded is on the stream already, unless that node died over it: look first.
      const onlyLooks = this.#last === undefined || this.#last === head || (i === 0 && !isOurs);
      const [ms = '0', seq = '0'] = (this.#last ?? nowhere).split('-');
      const rows = onlyLooks ? [] : await this.#db.run(domainEventsAfter, ms, seq, sinceMs, appendedAtMost);
      const { redis } = this.#links.home(this.#key);
      const { status, last } = await appendDomainEvents(redis, this.#key, {
        // No stream ends so: the answer is where it does.
        last: this.#last ?? '',
        sinceMs,
        length,
        events: rows.map((row) => this.#entryOf(row)),
      });
      if (rows.length > 0) faultPoint('stream.appended');
      const had = this.#last;
      this.#last = last;
      if (status === 'moved' && had !== undefined && isBefore(last, had)) {
        this.counts.repeated++;
        this.#log.warn({ had, has: last }, 'the stream has lost events: they are appended again');
      }
      if (status === 'appended') this.counts.appended += rows.length;
      if (last === head) return;
      // What is left is too old to be kept.
      if (status === 'appended' && !onlyLooks && rows.length < appendedAtMost) return;
    }
  }

  #entryOf(row: DomainEventRow) {
    const event = cloudEventOf(row, this.#hubUrl());
    return { position: row.position, type: event.type, json: JSON.stringify(event) };
  }
}

function isBefore(position: string, other: string): boolean {
  const [ms, seq] = position.split('-').map(BigInt) as [bigint, bigint];
  const [otherMs, otherSeq] = other.split('-').map(BigInt) as [bigint, bigint];
  return ms < otherMs || (ms === otherMs && seq < otherSeq);
}
