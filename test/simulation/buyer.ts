/** Somebody who buys: holds, changes their mind, confirms until there is an answer, cancels, comes too late. */
import type { Booking, Hold, WaitlistEntry } from '../../src/contracts.gen.ts';
import { Connection, type Reply } from './connection.ts';
import { Process } from './kernel.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/** A request is repeated for so long, as by the typed client. */
const repeatMs = 30_000;

export class SimBuyer {
  readonly process: Process;
  readonly userId: string;
  readonly #world: World;
  readonly #random: Random;
  #connection: Connection | undefined;
  #requests = 0;

  constructor(world: World, name: string) {
    this.#world = world;
    this.userId = name;
    this.process = new Process(name);
    this.#random = world.kernel.random(name);
    world.kernel.after(this.#random.between(0, 1500), this.process, () => void this.#live());
  }

  #pause(low: number, high: number): Promise<void> {
    return this.#world.kernel.pause(this.#random.between(low, high), this.process);
  }

  get #isOver(): boolean {
    return this.#world.kernel.elapsed > this.#world.settings.activeMs;
  }

  async #live(): Promise<void> {
    while (!this.#isOver) {
      const hold = await this.#hold();
      if (hold) await this.#decide(hold);
      else if (this.#world.settings.waits && this.#random.chance(0.4)) await this.#wait();
      await this.#pause(50, 1500);
    }
  }

  async #hold(into?: string): Promise<Hold | undefined> {
    const { eventId, seatCount } = this.#world;
    const all = Array.from({ length: seatCount }, (_, seat) => seat);
    // Everybody wants the same ones.
    const wanted = this.#random.chance(0.5) ? all.slice(0, 5) : all;
    const seats = this.#random.some(wanted, this.#random.whole(1, into ? 1 : 3));
    const reply = await this.#repeat('seats:hold', { eventId, seats, ...(into ? { holdId: into } : {}) });
    return reply.ok ? (reply.data as { hold: Hold }).hold : undefined;
  }

  async #decide(held: Hold): Promise<void> {
    const { eventId } = this.#world;
    let hold = held;
    await this.#pause(20, 2500);
    if (this.#random.chance(0.1)) hold = (await this.#hold(hold.holdId)) ?? hold;
    if (this.#random.chance(0.1)) {
      const reply = await this.#repeat('seats:extend', { eventId, holdId: hold.holdId });
      if (reply.ok) hold = (reply.data as { hold: Hold }).hold;
    }
    // Some come when their time is over, or nearly.
    const left = hold.expiresAt - this.#world.redis.now;
    if (this.#random.chance(0.2)) await this.#pause(left - 400, left + 3000);
    if (this.#random.chance(0.25)) {
      const some = this.#random.chance(0.5) ? { seats: hold.seats.slice(0, 1) } : { seats: hold.seats };
      await this.#repeat('seats:release', { eventId, holdId: hold.holdId, ...some });
      if (this.#random.chance(0.5)) return;
    }
    if (this.#random.chance(0.1)) return;
    const booking = await this.#confirm(hold);
    if (booking && this.#random.chance(0.6)) await this.#cancel(booking);
  }

  /** Until it is decided: a hold without an answer is worse than either. */
  async #confirm(hold: Hold): Promise<Booking | undefined> {
    const { eventId, monitors } = this.#world;
    const { holdId } = hold;
    monitors.confirming(holdId, this.userId);
    const ask = { eventId, holdId, requestId: this.#newRequest() };
    // An impatient one asks twice at once.
    if (this.#random.chance(0.15)) {
      void this.#once('bookings:confirm', ask).then((reply) => monitors.confirmed(holdId, reply));
    }
    for (let attempt = 1; ; attempt++) {
      const reply = await this.#once('bookings:confirm', ask);
      monitors.confirmed(holdId, reply);
      if (reply.ok) return (reply.data as { booking: Booking }).booking;
      if (reply.retry !== 'later') return undefined;
      // Some go away without an answer; nothing may stay behind.
      if (this.#random.chance(0.04)) return monitors.gaveUp(holdId);
      await this.#pause(50, Math.min(2000, 100 * 2 ** attempt));
      if (this.#random.chance(0.3)) this.#connection = undefined;
    }
  }

  async #cancel(booking: Booking): Promise<void> {
    await this.#pause(0, 4000);
    const bookingId = booking.id;
    const seats = booking.seats.map((line) => line.seat);
    if (seats.length > 1 && this.#random.chance(0.4)) {
      // Seat by seat, and not always one after the other.
      const both = [seats.slice(0, 1), seats.slice(1)].map((some) =>
        this.#repeat('bookings:cancel', { bookingId, seats: some }),
      );
      await Promise.all(both);
    } else await this.#repeat('bookings:cancel', { bookingId });
  }

  /** Waits for a while, and takes, declines or ignores what is offered. */
  async #wait(): Promise<void> {
    const { eventId } = this.#world;
    const quantity = this.#random.whole(1, 3);
    const wish = { quantity, together: this.#random.chance(0.4) };
    const category = this.#random.chance(0.3) ? { category: 'Stalls' } : {};
    const reply = await this.#repeat('waitlist:join', { eventId, ...wish, ...category });
    if (!reply.ok) return;
    const entryId = (reply.data as { entry: WaitlistEntry }).entry.id;
    const ignored = new Set<string>();
    for (let looks = this.#random.whole(2, 15); looks > 0 && !this.#isOver; looks--) {
      await this.#pause(100, 1500);
      const found = await this.#once('waitlist:position', { eventId });
      if (!found.ok) continue;
      const entry = (found.data as { entries: WaitlistEntry[] }).entries.find(({ id }) => id === entryId);
      if (!entry) return;
      if (!entry.offer || ignored.has(entry.offer.holdId)) continue;
      const { holdId } = entry.offer;
      const mood = this.#random.between(0, 1);
      if (mood < 0.3) ignored.add(holdId);
      else if (mood < 0.45) await this.#repeat('waitlist:decline', { eventId, holdId });
      else {
        const accepted = await this.#repeat('waitlist:accept', { eventId, holdId });
        if (accepted.ok) return this.#decide((accepted.data as { hold: Hold }).hold);
      }
    }
    await this.#repeat('waitlist:leave', { eventId, entryId });
  }

  #newRequest(): string {
    return `${this.userId}-request-${++this.#requests}`;
  }

  async #repeat(message: string, payload: Record<string, unknown>): Promise<Reply> {
    const until = this.#world.kernel.elapsed + repeatMs;
    const request = { ...payload, requestId: this.#newRequest() };
    for (let attempt = 1; ; attempt++) {
      const reply = await this.#once(message, request);
      if (reply.ok || reply.retry !== 'later' || this.#world.kernel.elapsed > until) return reply;
      await this.#pause(50, Math.min(2000, 100 * 2 ** attempt));
      if (this.#random.chance(0.3)) this.#connection = undefined;
    }
  }

  async #once(message: string, request: Record<string, unknown>): Promise<Reply> {
    const { kernel, nodes } = this.#world;
    while (!this.#connection?.open) {
      const node = this.#random.pick(nodes);
      await this.#pause(5, 200);
      if (node.process.alive) {
        this.#connection = new Connection(kernel, this.#random, node, this.process, this.userId);
      }
    }
    const { name } = this.#connection.node.process;
    kernel.tell?.(`${this.userId} asks ${name}: ${message} ${JSON.stringify(request)}`);
    const reply = await this.#connection.ask(message, request);
    kernel.note(
      () => `${this.userId} hears: ${JSON.stringify(reply).slice(0, 200)}`,
      reply.ok ? 'ok' : reply.code,
    );
    return reply;
  }
}
