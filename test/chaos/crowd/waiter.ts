/**
 * Somebody who waits for seats of a sold-out event: joins, and takes, declines or ignores what is offered, until they have
 * seats or their entry has ended. What is asked, answered and told goes into the history.
 */
import type { MessageName, Messages, WaitlistOffer } from '../../../src/contracts.gen.ts';
import type { Told } from '../checks/waitlist-record.ts';
import type { Act, History } from '../history.ts';
import type { Random } from '../random.ts';
import { pause } from '../stage/wait.ts';
import { askOnce, type Known } from './ask-once.ts';
import { Connection } from './connection.ts';

export interface Wish {
  quantity: number;
  category?: string;
  together: boolean;
}

export interface WaiterOptions {
  name: string;
  userId: string;
  token: string;
  urls: string[];
  node: number;
  eventId: string;
  history: History;
  random: Random;
  told: Told[];
  /** Leaves once this says so. */
  isOver: () => boolean;
  giveUpAt: () => number;
}

/** How often somebody looks whether they missed something while they were away. */
const lookEveryMs = 4000;

export class Waiter {
  readonly connection: Connection;
  readonly #options: WaiterOptions;
  readonly #random: Random;
  readonly #offers: { entryId: string; offer: Pick<WaitlistOffer, 'holdId'> }[] = [];
  readonly #seen = new Set<string>();
  /** Live entries, as far as this one knows. */
  readonly entries = new Set<string>();
  booked = 0;
  #requests = 0;

  constructor(options: WaiterOptions) {
    this.#options = options;
    this.#random = options.random;
    const { urls, token, node } = options;
    this.connection = new Connection(urls, token, node, (name, data) => this.#hear(name, data));
  }

  /** @returns whether they wait now */
  async join(wish: Wish): Promise<boolean> {
    const { eventId } = this.#options;
    const reply = await this.#ask('join', 'waitlist:join', { eventId, ...wish }, {});
    if (reply) this.entries.add(reply.entry.id);
    return reply !== undefined;
  }

  /** Answers offers until nothing is left to wait for. */
  async wait(): Promise<void> {
    const { isOver, giveUpAt } = this.#options;
    let lookAt = performance.now() + this.#random.whole(0, lookEveryMs);
    while (this.entries.size > 0 && performance.now() < giveUpAt()) {
      const next = this.#offers.shift();
      if (next) await this.#answer(next.entryId, next.offer.holdId);
      else if (isOver()) await this.#leave();
      else if (performance.now() > lookAt) {
        await this.#look();
        lookAt = performance.now() + lookEveryMs;
      } else await pause(20);
    }
  }

  async #answer(entryId: string, holdId: string): Promise<void> {
    const { eventId } = this.#options;
    await pause(this.#random.whole(10, 600));
    const mood = this.#random.next();
    if (mood < 0.33) return;
    const known = { holdId, entryId };
    if (mood < 0.43) return void (await this.#ask('decline', 'waitlist:decline', { eventId, holdId }, known));
    const reply = await this.#ask('accept', 'waitlist:accept', { eventId, holdId }, known);
    if (!reply) return;
    this.entries.delete(entryId);
    const { seats } = reply.hold;
    if (await this.#ask('confirm', 'bookings:confirm', { eventId, holdId }, { holdId, seats })) this.booked++;
  }

  async #leave(): Promise<void> {
    const { eventId } = this.#options;
    for (const entryId of [...this.entries]) {
      await this.#ask('leave', 'waitlist:leave', { eventId, entryId }, { entryId });
      this.entries.delete(entryId);
    }
  }

  /** Tells may be lost with a node: who comes back asks. */
  async #look(): Promise<void> {
    const { eventId } = this.#options;
    if (!(await this.connection.ready(1000))) return;
    const answer = await this.connection.ask('waitlist:position', { eventId });
    if (answer.type !== 'ok') return;
    const live = answer.data.entries;
    for (const { id, offer } of live) if (offer) this.#notice(id, offer);
    for (const id of this.entries) if (!live.some((entry) => entry.id === id)) this.entries.delete(id);
  }

  #hear(name: string, data: unknown): void {
    if (!name.startsWith('waitlist:')) return;
    const { entryId, offer, holdId } = data as { entryId: string; offer?: WaitlistOffer; holdId?: string };
    const { userId, told } = this.#options;
    const seats = offer?.seats.map(({ seat }) => seat) ?? [];
    told.push({ userId, name, at: performance.now(), entryId, holdId: offer?.holdId ?? holdId ?? '', seats });
    if (name === 'waitlist:closed') this.entries.delete(entryId);
    if (offer) this.#notice(entryId, offer);
  }

  #notice(entryId: string, offer: WaitlistOffer): void {
    if (this.#seen.has(offer.holdId)) return;
    this.#seen.add(offer.holdId);
    this.#offers.push({ entryId, offer });
  }

  /** Asks until there is an answer that decides; `undefined` if it was a no, or nobody knows. */
  async #ask<M extends MessageName>(
    f: Act,
    message: M,
    payload: Omit<Messages[M]['request'], 'requestId'>,
    known: Known,
  ): Promise<Messages[M]['reply'] | undefined> {
    const { name, eventId, history, giveUpAt } = this.#options;
    const requestId = `${eventId.slice(-12)}-${name}-${++this.#requests}`;
    const request = { ...payload, requestId } as Messages[M]['request'];
    while (performance.now() < giveUpAt()) {
      if (!(await this.connection.ready(1000))) continue;
      const answer = await askOnce(
        this.connection,
        history,
        { proc: name, f, requestId, ...known },
        message,
        request,
      );
      if (answer.decided) return answer.data;
      if (answer.error === 'timeout' || this.#random.chance(0.2)) this.connection.move();
      await pause(this.#random.whole(50, 400));
    }
    return undefined;
  }
}
