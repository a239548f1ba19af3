/** Events straight in the real Redis, each with keys of its own, which are removed at the end of the test. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { inject, onTestFinished } from 'vitest';
import { makeKeys } from '../../src/redis/keys.ts';
import { beginConfirm } from '../../src/redis/scripts/begin-confirm.ts';
import { extendHold } from '../../src/redis/scripts/extend-hold.ts';
import { finishConfirm } from '../../src/redis/scripts/finish-confirm.ts';
import { freeSeats } from '../../src/redis/scripts/free-seats.ts';
import { holdSeats } from '../../src/redis/scripts/hold-seats.ts';
import { type LoadEventArgs, loadEvent } from '../../src/redis/scripts/load-event.ts';
import { releaseSeats } from '../../src/redis/scripts/release-seats.ts';
import { type Answer, type Effects, runScript, type Script } from '../../src/redis/scripts/script.ts';
import { sweepEvent } from '../../src/redis/scripts/sweep-event.ts';

type Decoders = Record<string, (fields: string[]) => object>;

/** One for all files that a worker runs; it ends with the worker. */
export const redis = new Redis(inject('redisUrl'));
const keys = makeKeys(`test-scripts-${randomBytes(6).toString('hex')}`);
let last = 0;

/** A name no other test has. */
export const fresh = (what: string): string => `${what}-own-${++last}`;

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

/** The clock the scripts read. */
export async function redisNow(): Promise<number> {
  const [seconds, micros] = await redis.time();
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

export interface HoldOptions {
  into?: string;
  holdId?: string;
  requestId?: string;
  fingerprint?: string;
}

export class EventInRedis {
  readonly keys = keys.event(fresh('event'));
  readonly seatsKey = this.keys[0] as string;
  readonly holdsKey = this.keys[1] as string;
  readonly expiryKey = this.keys[2] as string;
  readonly metaKey = this.keys[3] as string;
  readonly dirtyKey = this.keys[4] as string;
  readonly logKey = this.keys[5] as string;
  readonly repliesKey = this.keys[6] as string;
  readonly earlierKey = this.keys[7] as string;
  readonly buyersKey = this.keys[8] as string;
  run = 'run-1';
  effects: Effects | undefined;

  constructor() {
    onTestFinished(async () => {
      await redis.unlink(this.keys);
    });
  }

  load(args: Partial<LoadEventArgs> = {}): Promise<{ status: 'loaded' | 'current'; epoch: string }> {
    return loadEvent(redis, this.keys, this.run, {
      epoch: 'epoch001',
      seats: 'f'.repeat(20),
      closesAt: Date.now() + dayMs,
      holdMs: 600_000,
      seatsPerHold: 8,
      seatsPerBuyer: 12,
      extensions: 2,
      tickMs: 40,
      offerMs: 600_000,
      booked: [],
      ...args,
    });
  }

  /** Runs a script, whose effects are in `effects` afterwards. */
  async ask<Args, D extends Decoders>(script: Script<Args, D>, args: Args): Promise<Answer<D>> {
    const outcome = await runScript(redis, script, this.keys, this.run, args);
    if (!outcome.loaded) throw new Error('the event is not loaded');
    this.effects = outcome.effects;
    return outcome.answer;
  }

  hold(owner: string, seats: number[], options: HoldOptions = {}) {
    return this.ask(holdSeats, {
      owner,
      seats,
      requestId: options.requestId ?? fresh('request'),
      fingerprint: options.fingerprint ?? `hold ${seats}`,
      holdId: options.holdId ?? fresh('hold'),
      into: options.into,
    });
  }

  /** Holds seats that must be free, and answers the hold's id. */
  async held(owner: string, seats: number[]): Promise<string> {
    const answer = await this.hold(owner, seats);
    if (answer.status !== 'held') throw new Error(`seats ${seats} were not held but ${answer.status}`);
    return answer.holdId;
  }

  extend(owner: string, holdId: string, requestId = fresh('request')) {
    return this.ask(extendHold, { owner, holdId, requestId, fingerprint: `extend ${holdId}` });
  }

  release(owner: string, holdId: string, seats: number[] = [], requestId = fresh('request')) {
    return this.ask(releaseSeats, { owner, holdId, seats, requestId, fingerprint: `release ${seats}` });
  }

  begin(owner: string, holdId: string, graceMs = 12_000) {
    return this.ask(beginConfirm, { owner, holdId, graceMs });
  }

  finish(owner: string, holdId: string, seats: number[]) {
    return this.ask(finishConfirm, { owner, holdId, bookingId: `booking-${holdId}`, seats });
  }

  /** A booking was cancelled. */
  free(owner: string, seats: number[], bookingId = fresh('booking'), holdId = 'long gone') {
    return this.ask(freeSeats, { owner, seats, bookingId, holdId });
  }

  sweep() {
    return this.ask(sweepEvent, undefined);
  }

  /** Holds seats for a buyer and books them. */
  async booked(owner: string, seats: number[]): Promise<void> {
    const holdId = await this.held(owner, seats);
    await this.begin(owner, holdId);
    await this.finish(owner, holdId, seats);
  }

  /** As if their time had passed: `ms` ago these holds ran out, or their grace was over. */
  async makeDue(holdIds: string[], ms = 1): Promise<void> {
    const due = (await redisNow()) - ms;
    for (const id of holdIds) {
      const [state, owner, till, ...rest] = ((await redis.hget(this.holdsKey, id)) ?? '').split('|');
      const text = [state, owner, state === 'h' || state === 'o' || state === 'g' ? due : till, ...rest].join(
        '|',
      );
      await redis.hset(this.holdsKey, id, text);
      await redis.zadd(this.expiryKey, due, id);
    }
  }

  seats(): Promise<string | null> {
    return redis.get(this.seatsKey);
  }

  async meta(field: string): Promise<number> {
    return Number(await redis.hget(this.metaKey, field));
  }

  setMeta(fields: Record<string, number>): Promise<number> {
    return redis.hset(this.metaKey, fields);
  }

  /** As if the last tick had been cut `ms` earlier. */
  async age(ms: number): Promise<void> {
    await redis.hincrby(this.metaKey, 'cutAt', -ms);
  }
}

export async function loadedEvent(args: Partial<LoadEventArgs> = {}): Promise<EventInRedis> {
  const event = new EventInRedis();
  await event.load(args);
  return event;
}
