/**
 * What the hub must know of an event to hold and price its seats. Cards are kept in memory: the way of a
 * hold never waits for PostgreSQL once the event is known here.
 */
import type { Database } from '../database/database.ts';
import {
  EventEntity,
  type EventRow,
  type EventStatus,
  type HoldRules,
  PlanEntity,
  type SellMode,
} from '../database/entities.ts';
import { eventIsPublic } from '../database/statements.ts';
import { Gate } from '../gate.ts';
import type { PlanSeat, SeatingPlan } from '../seating/plan.ts';
import { type PlanWire, planFromWire } from '../seating/plan-wire.ts';

/** What an event has whose organizer has said nothing. */
export const defaultRules: HoldRules = {
  holdMs: 600_000,
  seatsPerHold: 10,
  seatsPerBuyer: 20,
  extensions: 1,
  payment: 'none',
  payingMs: 900_000,
  cancelBeforeMs: 0,
  offerMs: 600_000,
};

export interface EventCard {
  id: string;
  organizerId: string;
  planId: string;
  status: EventStatus;
  /** Whether it was ever published, and is not deleted. */
  isPublic: boolean;
  /** ms since 1970 */
  startsAt: number;
  sellMode: SellMode;
  /** ms since 1970; 0: as soon as it is published */
  salesStartAt: number;
  /** ms since 1970; the start comes first if it is earlier */
  salesEndAt: number;
  currency: string;
  prices: Readonly<Record<string, number>>;
  rules: HoldRules;
  plan: SeatingPlan;
}

/** A card older than this is read again; until then changes reach it by `forget`. */
const freshMs = 30_000;
const maxCards = 2000;
const unknownMs = 5000;
const maxUnknown = 20_000;
/** Reads under way: the rest of the pool is for confirms. */
const readsAtOnce = 4;
const readQueue = 500;

export class Events {
  readonly #db: Database;
  readonly #cards = new Map<string, { card: EventCard; readAt: number }>();
  readonly #reading = new Map<string, Promise<EventCard | undefined>>();
  /** Plans never change, so one copy serves all events that use it. */
  readonly #plans = new Map<string, SeatingPlan>();
  readonly #unknown = new Map<string, number>();
  readonly #reads = new Gate(readsAtOnce, readQueue);

  constructor(db: Database) {
    this.#db = db;
  }

  /**
   * undefined: there is no such event. Drafts have a card as well. A known one is answered at once, and
   * read again in the background when it is old: nobody who holds seats waits for PostgreSQL.
   */
  async card(eventId: string): Promise<EventCard | undefined> {
    const known = this.#cards.get(eventId);
    if (known && Date.now() - known.readAt > freshMs) this.#refresh(eventId).catch(() => undefined);
    return this.agedCard(eventId);
  }

  /** The same for what cannot change any more, such as the prices of a public event: however old it is. */
  async agedCard(eventId: string): Promise<EventCard | undefined> {
    const known = this.#cards.get(eventId);
    if (known) return known.card;
    if ((this.#unknown.get(eventId) ?? 0) > Date.now()) return undefined;
    return this.#refresh(eventId);
  }

  /**
   * Whether everybody may see it: a card that says so is believed, and nothing is kept of what is read. Who asks for one
   * event after the other has no seating plan made of each, and pushes out no card.
   */
  async isPublic(eventId: string): Promise<boolean> {
    if (this.#cards.get(eventId)?.card.isPublic) return true;
    const [row] = await this.#db.run(eventIsPublic, eventId);
    return row?.is_public ?? false;
  }

  /** Reads a card, once at a time. Whoever forgets it meanwhile gets one that was read afterwards. */
  #refresh(eventId: string): Promise<EventCard | undefined> {
    let reading = this.#reading.get(eventId);
    if (!reading) {
      reading = this.#reads
        .run(() => this.#read(eventId))
        .then((card) => {
          if (this.#reading.get(eventId) === reading) this.#keep(eventId, card);
          return card;
        })
        .finally(() => this.#reading.get(eventId) === reading && this.#reading.delete(eventId));
      this.#reading.set(eventId, reading);
    }
    return reading;
  }

  /** Ids that are none must not push out the cards of real events, nor ask PostgreSQL again and again. */
  #keep(eventId: string, card: EventCard | undefined): void {
    this.#cards.delete(eventId);
    if (!card) {
      if (this.#unknown.size >= maxUnknown) this.#unknown.clear();
      this.#unknown.set(eventId, Date.now() + unknownMs);
      return;
    }
    this.#cards.set(eventId, { card, readAt: Date.now() });
    if (this.#cards.size > maxCards) this.#cards.delete(this.#cards.keys().next().value as string);
  }

  /** The event was changed: read it again next time. */
  forget(eventId: string): void {
    this.#cards.delete(eventId);
    this.#unknown.delete(eventId);
    this.#reading.delete(eventId);
  }

  async #read(eventId: string): Promise<EventCard | undefined> {
    const em = this.#db.em();
    const row: EventRow | null = await em.findOne(EventEntity, { id: eventId });
    if (!row) return undefined;
    let plan = this.#plans.get(row.planId);
    if (!plan) {
      const found = await em.findOneOrFail(PlanEntity, { id: row.planId }, { populate: ['plan'] });
      plan = planFromWire(found.plan as PlanWire);
      this.#plans.set(row.planId, plan);
      if (this.#plans.size > 200) this.#plans.delete(this.#plans.keys().next().value as string);
    }
    const { id, organizerId, planId, status, currency, prices, rules } = row;
    return {
      id,
      organizerId,
      planId,
      status,
      isPublic: row.publishedAt !== null && row.deletedAt === null,
      startsAt: row.startsAt.getTime(),
      sellMode: row.sellMode,
      salesStartAt: row.salesStartAt?.getTime() ?? 0,
      salesEndAt: row.salesEndAt?.getTime() ?? Number.POSITIVE_INFINITY,
      currency,
      prices,
      rules: { ...defaultRules, ...rules },
      plan,
    };
  }
}

/** ms since 1970 until when seats can be held; 0: not at all. */
export const closesAt = (card: Pick<EventCard, 'status' | 'sellMode' | 'startsAt' | 'salesEndAt'>): number =>
  card.status === 'published' && card.sellMode === 'online' ? Math.min(card.startsAt, card.salesEndAt) : 0;

export const categoryOf = (card: EventCard, seat: PlanSeat): string =>
  card.plan.categories[seat.category]?.name ?? '';

/** Minor units. Prices cannot change once the event is published, so a hold's price is its booking's. */
export function priceOf(card: EventCard, seat: number): number {
  const found = card.plan.seats[seat];
  if (!found) throw new RangeError(`event ${card.id} has no seat ${seat}`);
  return card.prices[categoryOf(card, found)] ?? 0;
}
