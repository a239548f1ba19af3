/**
 * One buyer who holds, extends, adds, releases, confirms, cancels and lists, one thing at a time, and asks
 * again under the same ids when an answer did not come. What is asked and answered goes into the history.
 */
import type { Booking, Hold, MessageName, Messages } from '../../../src/contracts.gen.ts';
import type { Act, History } from '../history.ts';
import type { Random } from '../random.ts';
import { pause } from '../stage/wait.ts';
import { askOnce, type Known } from './ask-once.ts';
import { Connection } from './connection.ts';

export interface BuyerOptions {
  name: string;
  token: string;
  urls: string[];
  node: number;
  eventId: string;
  seats: number;
  history: History;
  random: Random;
  /** Seats must be paid for. */
  isPaid: boolean;
  /** No new hold is begun once this says so. */
  isOver: () => boolean;
  /** Unanswered questions are asked again until this time of the harness' clock. */
  giveUpAt: () => number;
}

/** How long a buyer goes on asking for what they could do without. */
const patienceMs = 4000;
export const goodCard = '4242424242424242';
const badCard = '4000000000000002';
const slowCard = '4000000000020006:500';

export class Buyer {
  readonly connection: Connection;
  readonly #options: BuyerOptions;
  readonly #random: Random;
  /** Confirms under way: a fault may strike just then. */
  confirming = false;
  #requests = 0;

  constructor(options: BuyerOptions) {
    this.#options = options;
    this.#random = options.random;
    this.connection = new Connection(options.urls, options.token, options.node);
  }

  /** Buys until it is over and every question has its answer. */
  async run(): Promise<void> {
    const { isOver } = this.#options;
    await pause(this.#random.whole(0, 300));
    while (!isOver()) {
      await this.#visit();
      await pause(this.#random.whole(50, 350));
    }
  }

  async #visit(): Promise<void> {
    const random = this.#random;
    const hold = await this.#hold(this.#choose());
    if (!hold) return;
    await pause(random.whole(0, 150));
    const mood = random.next();
    if (mood < 0.15) return void (await this.#release(hold, random.chance(0.5)));
    if (mood < 0.22) return;
    let kept: Hold = hold;
    if (mood < 0.3) kept = (await this.#extend(hold)) ?? hold;
    else if (mood < 0.38) kept = (await this.#hold(this.#choose().slice(0, 1), hold)) ?? hold;
    if (this.#options.isPaid && !(await this.#pay(kept))) return;
    const booking = await this.#confirm(kept);
    if (random.chance(0.1)) await this.#list();
    if (booking && random.chance(0.75)) {
      await pause(random.whole(0, 400));
      await this.#cancel(booking);
    }
  }

  /** One to four neighbours, more often near the front, as everybody wants. */
  #choose(): number[] {
    const size = this.#random.whole(1, 4);
    const first = Math.floor(this.#random.next() ** 1.3 * (this.#options.seats - size));
    return Array.from({ length: size }, (_, i) => first + i);
  }

  async #hold(seats: number[], into?: Hold): Promise<Hold | undefined> {
    const { eventId } = this.#options;
    const more = into ? { holdId: into.holdId } : {};
    const reply = await this.#ask(
      'hold',
      'seats:hold',
      { eventId, seats, ...more },
      { seats, ...more },
      patienceMs,
    );
    return reply?.hold;
  }

  async #extend(hold: Hold): Promise<Hold | undefined> {
    const { eventId } = this.#options;
    const { holdId, seats } = hold;
    return (await this.#ask('extend', 'seats:extend', { eventId, holdId }, { holdId, seats }, patienceMs))
      ?.hold;
  }

  async #release({ holdId, seats }: Hold, some: boolean): Promise<void> {
    const { eventId } = this.#options;
    const part = some && seats.length > 1 ? { seats: seats.slice(0, 1) } : {};
    await this.#ask(
      'release',
      'seats:release',
      { eventId, holdId, ...part },
      { holdId, seats, ...part },
      patienceMs,
    );
  }

  /** @returns whether it is worth confirming */
  async #pay({ holdId, seats }: Hold): Promise<boolean> {
    const { eventId } = this.#options;
    const method = this.#random.chance(0.85) ? goodCard : this.#random.pick([slowCard, badCard]);
    const known = { holdId, seats };
    const reply = await this.#ask(
      'checkout',
      'bookings:checkout',
      { eventId, holdId, method },
      known,
      patienceMs,
    );
    // Some leave once they have paid: the hub books for them.
    return reply?.payment.state === 'authorised' && this.#random.chance(0.9);
  }

  async #confirm({ holdId, seats }: Hold): Promise<Booking | undefined> {
    const { eventId } = this.#options;
    this.confirming = true;
    const reply = await this.#ask('confirm', 'bookings:confirm', { eventId, holdId }, { holdId, seats });
    this.confirming = false;
    return reply?.booking;
  }

  async #cancel({ id, seats }: Booking): Promise<void> {
    const all = seats.map(({ seat }) => seat);
    const part = all.length > 1 && this.#random.chance(0.3) ? { seats: all.slice(1) } : {};
    const known = { bookingId: id, seats: all, ...part };
    await this.#ask('cancel', 'bookings:cancel', { bookingId: id, ...part }, known);
  }

  async #list(): Promise<void> {
    const { eventId } = this.#options;
    await this.#ask('list', 'bookings:list', { eventId, limit: 100 }, {}, patienceMs, false);
  }

  /** Asks until there is an answer that decides; `undefined` if it was a no, or nobody knows. */
  async #ask<M extends MessageName>(
    f: Act,
    message: M,
    payload: Omit<Messages[M]['request'], 'requestId'>,
    known: Known,
    forMs = Number.POSITIVE_INFINITY,
    identified = true,
  ): Promise<Messages[M]['reply'] | undefined> {
    const { name, eventId, history, giveUpAt } = this.#options;
    const requestId = `${eventId.slice(-12)}-${name}-${++this.#requests}`;
    const request = (identified ? { ...payload, requestId } : payload) as Messages[M]['request'];
    const end = performance.now() + forMs;
    while (performance.now() < Math.min(end, giveUpAt())) {
      if (!(await this.connection.ready(1000))) continue;
      const asked = { proc: name, f, requestId, ...known };
      const answer = await askOnce(this.connection, history, asked, message, request);
      if (answer.decided) return answer.data;
      // A node that does not answer at all is left; one that says "later" often is, too.
      if (answer.error === 'timeout' || this.#random.chance(0.2)) this.connection.move();
      await pause(this.#random.whole(50, 400));
    }
    return undefined;
  }
}
