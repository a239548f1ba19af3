/** Events with a waitlist straight in the real Redis. */
import { createHash } from 'node:crypto';
import { acceptOffer } from '../../src/redis/scripts/accept-offer.ts';
import { declineOffer } from '../../src/redis/scripts/decline-offer.ts';
import { leaveWaitlist } from '../../src/redis/scripts/leave-waitlist.ts';
import type { LoadEventArgs } from '../../src/redis/scripts/load-event.ts';
import { lookForSeats, type Wish } from '../../src/redis/scripts/look-for-seats.ts';
import { promoteEntry } from '../../src/redis/scripts/promote-entry.ts';
import { queueEntry } from '../../src/redis/scripts/queue-entry.ts';
import { readWaitlist } from '../../src/redis/scripts/read-waitlist.ts';
import type { Answer, Script } from '../../src/redis/scripts/script.ts';
import { setLayout } from '../../src/redis/scripts/set-layout.ts';
import type { WaitlistStep } from '../../src/redis/waitlist-steps.ts';
import { EventInRedis, fresh, redis } from './event.ts';

type Decoders = Record<string, (fields: string[]) => object>;

export const normalOrder = 9e14;
/** Two rows of ten: the first is of category 0, the second of category 1. */
export const twoRows = new Map([
  ['*', '0-19:0-9,10-19'],
  ['0', '0-9:0-9'],
  ['1', '10-19:10-19'],
]);

export interface Offered {
  entryId: string;
  owner: string;
  holdId: string;
  seats: number[];
}

let entries = 0;
let lastOrder = 1_700_000_000_000;

export class WaitingEvent extends EventInRedis {
  /** All that happened to those who wait, in order. */
  readonly steps: WaitlistStep[] = [];
  /** How far `steps` were looked at by `offered`. */
  #seen = 0;

  /** Changes the scripts from here on. */
  plant: ((source: string) => string) | undefined;

  override async ask<Args, D extends Decoders>(script: Script<Args, D>, args: Args): Promise<Answer<D>> {
    const source = this.plant?.(script.source) ?? script.source;
    const sha = source === script.source ? script.sha : createHash('sha1').update(source).digest('hex');
    const answer = await super.ask({ ...script, source, sha }, args);
    const known = new Set(this.steps.map(({ key }) => key));
    this.steps.push(...(this.effects?.steps ?? []).filter(({ key }) => !known.has(key)));
    return answer;
  }

  look(owner: string, wish: Partial<Wish> = {}) {
    return this.ask(lookForSeats, {
      owner,
      wish: { category: undefined, quantity: 1, together: false, ...wish },
    });
  }

  /** Puts somebody into the queue behind all others. @returns the entry's id */
  async join(owner: string, wish: Partial<Wish> = {}, order = normalOrder + ++lastOrder): Promise<string> {
    const entryId = `00000000-0000-7000-8000-${String(++entries).padStart(12, '0')}`;
    const all = { category: undefined, quantity: 1, together: false, ...wish };
    const answer = await this.ask(queueEntry, { entryId, owner, wish: all, order });
    if (answer.status !== 'queued') throw new Error(`not queued but ${answer.status}`);
    return entryId;
  }

  accept(owner: string, holdId: string, requestId = fresh('request')) {
    return this.ask(acceptOffer, {
      owner,
      holdId,
      requestId,
      fingerprint: `accept ${holdId}`,
      actor: `${owner},,`,
    });
  }

  decline(owner: string, holdId: string, requestId = fresh('request')) {
    return this.ask(declineOffer, {
      owner,
      holdId,
      requestId,
      fingerprint: `decline ${holdId}`,
      actor: `${owner},,`,
    });
  }

  leave(owner: string, entryId: string) {
    return this.ask(leaveWaitlist, { owner, entryId, actor: `${owner},,` });
  }

  promote(entryId: string) {
    return this.ask(promoteEntry, { entryId, actor: 'organizer,,' });
  }

  standings(...entryIds: string[]) {
    return this.ask(readWaitlist, { entryIds });
  }

  /** The offers that were made since this was asked last. */
  offered(): Offered[] {
    const steps = this.steps.slice(this.#seen);
    this.#seen = this.steps.length;
    return steps
      .filter(({ kind }) => kind === 'offered')
      .map(({ entryId, owner, holdId = '', seats }) => ({ entryId, owner, holdId, seats }));
  }

  /** Kinds of steps of an entry. */
  kindsOf(entryId: string): string[] {
    return this.steps.filter((step) => step.entryId === entryId).map(({ kind }) => kind);
  }

  /** The ids of those in the queue, in order. */
  queue(): Promise<string[]> {
    return redis.zrange(this.keys[9] as string, '0', '-1');
  }

  entry(entryId: string): Promise<string | null> {
    return redis.hget(this.keys[11] as string, entryId);
  }
}

/** An event whose seats all are held by `holder`, a hold for each, with a layout. @returns ids of the holds by seat */
export async function fullEvent(
  args: Partial<LoadEventArgs> = {},
): Promise<{ event: WaitingEvent; holds: string[] }> {
  const event = new WaitingEvent();
  await event.load({ seatsPerBuyer: 100, tickMs: 1, ...args });
  await event.ask(setLayout, { layout: twoRows });
  const count = args.seats?.length ?? 20;
  const holds: string[] = [];
  for (let seat = 0; seat < count; seat++) {
    const isFree = (args.seats?.charAt(seat) ?? 'f') === 'f';
    holds.push(isFree ? await event.held('holder', [seat]) : '');
  }
  return { event, holds };
}
