/**
 * The waitlist of events: who waits for seats that are not free. PostgreSQL has the entries, Redis the order; seats that
 * become free are offered to the first who can have them inside the script that frees them (`matching.lua`). Whatever
 * happens to an entry happens in Redis first and is written down afterwards (`step-recorder.ts`), but for joining, which
 * is written first and put into the queue by this node or, if it dies, by the outbox.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { inBites } from '../database/in-bites.ts';
import {
  closeWaitlists,
  forgetWaitlistSteps,
  type EntryRow,
  joinWaitlist,
  liveOffers,
  readEntries,
  waitingEntries,
  type WaitlistNews,
} from '../database/waitlist-statements.ts';
import { RequestError } from '../errors.ts';
import type { EventCard, Events } from '../events/events.ts';
import { faultPoint } from '../fault-points.ts';
import { newId } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { LoadedWaitlist } from '../redis/scripts/load-event.ts';
import { leaveWaitlist } from '../redis/scripts/leave-waitlist.ts';
import { lookForSeats, type Wish } from '../redis/scripts/look-for-seats.ts';
import { queueEntry } from '../redis/scripts/queue-entry.ts';
import { readWaitlist, type Standing } from '../redis/scripts/read-waitlist.ts';
import { setLayout } from '../redis/scripts/set-layout.ts';
import type { Inventory } from '../seats/inventory.ts';
import { layoutOf } from './layout.ts';
import { StepRecorder } from './step-recorder.ts';

const closeEveryMs = 15_000;
/** An hour. */
const roundsToForget = 240;
const forgetAtMost = 2000;
const closeAtMost = 500;

/** Who asks, for the audit log. */
export interface Joining {
  userId: string;
  sessionId: string | null;
  requestId: string | null;
}

export const actorText = ({ userId, sessionId, requestId }: Joining): string =>
  [userId, sessionId ?? '', requestId ?? ''].join(',');

export class Waitlist {
  readonly recorder: StepRecorder;
  readonly #db: Database;
  readonly #inventory: Inventory;
  readonly #events: Events;
  readonly #log: Logger;
  readonly #clock: Clock;
  #cancel: (() => void) | undefined;
  #stopped = false;
  #rounds = 0;
  readonly counts = { joined: 0 };
  /** Marks that an entry is in the queue; without it the outbox puts it there. */
  done: (outboxId: string) => void = () => undefined;
  tell: (news: WaitlistNews) => Promise<void> = async () => undefined;

  constructor(parts: { db: Database; inventory: Inventory; events: Events; log: Logger; clock?: Clock }) {
    this.#db = parts.db;
    this.#inventory = parts.inventory;
    this.#events = parts.events;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
    this.recorder = new StepRecorder(parts);
  }

  /**
   * Makes an entry and puts it into the queue. Throws `event-not-on-sale`, `seats-available`, `already-waiting`,
   * `seats-per-buyer`.
   */
  async join(card: EventCard, by: Joining, wish: Wish): Promise<EntryRow> {
    const category = wish.category === undefined ? null : (card.plan.categories[wish.category]?.name ?? '');
    const before = await this.#live(card.id, by.userId, category);
    // This very request, if the node that was asked first died over it.
    if (before && before.request_id === by.requestId) return this.queue(card, before);
    if (before) throw new RequestError('already-waiting', { entryId: before.id });
    await this.#expectTaken(card, by.userId, wish);
    const { quantity, together } = wish;
    const id = newId(this.#clock.now());
    const asked = [card.id, by.userId, category, quantity, together, by.sessionId, by.requestId] as const;
    const [made] = await this.#db.run(joinWaitlist, id, ...asked);
    faultPoint('waitlist.joined');
    if (!made) {
      const other = await this.#live(card.id, by.userId, category);
      throw new RequestError('already-waiting', other && { entryId: other.id });
    }
    this.counts.joined++;
    await this.queue(card, made);
    this.done(made.outbox_id);
    return made;
  }

  /** Puts an entry that PostgreSQL has into the queue, if it is not there. */
  async queue(card: EventCard, row: EntryRow): Promise<EntryRow> {
    const wish = {
      category: categoryIndex(card, row.category),
      quantity: row.quantity,
      together: row.together,
    };
    const args = { entryId: row.id, owner: row.user_id, wish, order: Number(row.queue_order) };
    const { answer } = await this.#inventory.run(queueEntry, card.id, args);
    if (answer.status !== 'no-layout') return row;
    await this.#setLayout(card);
    await this.#inventory.run(queueEntry, card.id, args);
    return row;
  }

  /** What the outbox asks for when the node that made an entry has not done it. */
  async queueLate(entryId: string): Promise<void> {
    const row = await this.find(entryId);
    const card = row && (await this.#events.agedCard(row.event_id));
    // Once it had a step Redis has had it.
    if (row?.state === 'waiting' && row.version === '0' && card) await this.queue(card, row);
  }

  /** Ends an entry, with its offer. @returns whether it was this owner's, and waited */
  async leave(card: EventCard, entryId: string, owner: string, by?: Joining): Promise<boolean> {
    const args = { owner, entryId, actor: by ? actorText(by) : '' };
    const leave = () => this.#inventory.run(leaveWaitlist, card.id, args);
    if ((await leave()).answer.status === 'left') return true;
    const row = await this.find(entryId);
    if (row?.user_id !== owner || row.event_id !== card.id) return false;
    // The node that made it has not put it into the queue yet.
    if (row.state === 'waiting') {
      await this.queue(card, row);
      await leave();
    }
    return row.state === 'waiting' || row.state === 'left';
  }

  /** Ends whatever somebody waits for who cannot come back: nothing is kept for them. */
  async leaveAll(userId: string): Promise<void> {
    const rows = await this.#db.run(readEntries, null, userId, null, ['waiting', 'offered'], null, 1000);
    for (const row of rows) {
      const card = await this.#events.agedCard(row.event_id);
      if (card) await this.leave(card, row.id, userId);
    }
  }

  async find(entryId: string): Promise<EntryRow | undefined> {
    return (await this.#db.run(readEntries, [entryId], null, null, null, null, 1))[0];
  }

  async #live(eventId: string, userId: string, category: string | null): Promise<EntryRow | undefined> {
    const rows = await this.#db.run(readEntries, null, userId, eventId, ['waiting', 'offered'], null, 1000);
    return rows.find((row) => row.category === category);
  }

  async #expectTaken(card: EventCard, owner: string, wish: Wish): Promise<void> {
    const args = { owner, wish };
    let { answer } = await this.#inventory.run(lookForSeats, card.id, args);
    if (answer.status === 'no-layout') {
      await this.#setLayout(card);
      ({ answer } = await this.#inventory.run(lookForSeats, card.id, args));
    }
    switch (answer.status) {
      case 'taken':
        return;
      case 'available':
        throw new RequestError('seats-available', { seats: answer.seats });
      case 'closed':
        throw new RequestError('event-not-on-sale');
      case 'seats-per-buyer':
        throw new RequestError('seats-per-buyer', { allowed: card.rules.seatsPerBuyer, left: answer.left });
      case 'no-layout':
        throw new RequestError('try-later');
      default:
        return answer satisfies never;
    }
  }

  async #setLayout(card: EventCard): Promise<void> {
    await this.#inventory.run(setLayout, card.id, { layout: layoutOf(card.plan) });
  }

  /** How many wait for an event, and where these entries stand. */
  async standings(
    eventId: string,
    entryIds: readonly string[],
  ): Promise<{ length: number; of: Map<string, Standing> }> {
    const { answer } = await this.#inventory.run(readWaitlist, eventId, { entryIds });
    return { length: answer.length, of: new Map(answer.standings.map((each) => [each.entryId, each])) };
  }

  /** What a map is loaded with; undefined: nobody waits. */
  async loaded(card: EventCard): Promise<LoadedWaitlist | undefined> {
    const rows = await this.#db.run(waitingEntries, card.id);
    if (rows.length === 0) return undefined;
    const offers = await this.#db.run(liveOffers, card.id);
    return {
      waiting: rows.map((row) => [
        row.id,
        row.user_id,
        row.quantity,
        categoryIndex(card, row.category) ?? '*',
        row.together ? 't' : 'a',
        row.passes,
        row.skipped,
        row.queue_order,
        row.version,
      ]),
      offers: offers.map((each) => [
        each.hold_id,
        each.entry_id,
        each.since,
        each.until,
        each.seats.join(','),
      ]),
      layout: layoutOf(card.plan),
    };
  }

  /** Ends what waits for events that are over and that Redis knows nothing of any more. */
  async closeOver(): Promise<number> {
    let closed = 0;
    for (let found = closeAtMost; found === closeAtMost && !this.#stopped; closed += found) {
      const rows = await this.#db.run(closeWaitlists, closeAtMost);
      for (const { outbox_id: outboxId, payload } of rows) {
        await this.tell(payload);
        this.done(outboxId);
      }
      found = rows.length;
    }
    return closed;
  }

  forgetSteps(): Promise<void> {
    const bite = async () => (await this.#db.run(forgetWaitlistSteps, forgetAtMost))[0]?.forgotten ?? 0;
    return inBites(forgetAtMost, bite, () => this.#stopped);
  }

  start(): void {
    this.#cancel = this.#clock.after(closeEveryMs, () => {
      this.closeOver()
        .then(() => (++this.#rounds % roundsToForget === 0 ? this.forgetSteps() : undefined))
        .catch((error) => this.#log.debug({ err: error }, 'could not close waitlists'))
        .finally(() => this.#stopped || this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }
}

const categoryIndex = (card: EventCard, category: string | null): number | undefined =>
  category === null ? undefined : card.plan.categories.findIndex(({ name }) => name === category);
