/**
 * Seats as documents, for whoever asks instead of watching: counts, a list, and the line of text that the socket's
 * snapshot is. Each is made once a position of the map, however many ask; whoever asks again within a fifth of
 * a second is given the same without a look at the map, so that pollers cost no more than viewers.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { SeatsCapacityReply } from '../contracts.gen.ts';
import { RequestError } from '../errors.ts';
import { categoryOf, type EventCard } from '../events/events.ts';
import { sweepEvent } from '../redis/scripts/sweep-event.ts';
import { encodeSnapshot, states } from './codec.ts';
import type { Inventory } from './inventory.ts';
import type { LiveMaps, MapNow, MapSource } from './live-maps.ts';

const freshMs = 200;
/** Without Redis every look reads what is sold from PostgreSQL. */
const staleFreshMs = 1000;
/** Of all events that are kept together: about 100 MB. */
const seatsKept = 200_000;
const statusNames = Object.keys(states) as (keyof typeof states)[];

export interface SeatDocument {
  text: Uint8Array<ArrayBuffer>;
  etag: string;
}

/** A map at one position, with what was made of it. */
interface Kept extends MapNow {
  /** Monotonic. */
  lookedAt: number;
  capacity?: SeatsCapacityReply;
  list?: SeatDocument;
  compact?: SeatDocument;
  /** JSON of each seat but for its status. They never change once an event is published. */
  beginnings?: readonly string[] | undefined;
}

export class SeatDocuments {
  readonly #maps: LiveMaps;
  readonly #inventory: Inventory;
  readonly #source: MapSource;
  readonly #clock: Clock;
  readonly #kept = new Map<string, Kept>();
  readonly #looking = new Map<string, Promise<Kept>>();
  readonly counts = { made: 0 };

  constructor(parts: { maps: LiveMaps; inventory: Inventory; source: MapSource; clock?: Clock }) {
    this.#maps = parts.maps;
    this.#inventory = parts.inventory;
    this.#source = parts.source;
    this.#clock = parts.clock ?? systemClock;
  }

  async capacity(card: EventCard): Promise<SeatsCapacityReply> {
    const kept = await this.#current(card);
    kept.capacity ??= this.#make(() => count(card, kept));
    return kept.capacity;
  }

  /** JSON, as the contract of `seats:read` says. */
  async list(card: EventCard): Promise<SeatDocument> {
    const kept = await this.#current(card);
    kept.beginnings ??= beginnings(card);
    const parts = kept.beginnings;
    kept.list ??= this.#make(() => document(kept, 'json', listText(card, kept, parts)));
    return kept.list;
  }

  /** One line: epoch, position, fresh or stale, encoding, count, seats. */
  async compact(card: EventCard): Promise<SeatDocument> {
    const kept = await this.#current(card);
    kept.compact ??= this.#make(() => {
      const { encoding, count, seats } = encodeSnapshot(kept.seats);
      const words = [kept.epoch, kept.position, kept.stale ? 'stale' : 'fresh', encoding, count, seats];
      return document(kept, 'compact', words.join(' '));
    });
    return kept.compact;
  }

  #make<T>(work: () => T): T {
    this.counts.made++;
    return work();
  }

  async #current(card: EventCard): Promise<Kept> {
    const known = this.#kept.get(card.id);
    const maxAgeMs = known?.stale ? staleFreshMs : freshMs;
    if (known && this.#clock.monotonic() - known.lookedAt < maxAgeMs) return known;
    let looking = this.#looking.get(card.id);
    if (!looking) {
      looking = this.#look(card.id, known).finally(() => this.#looking.delete(card.id));
      this.#looking.set(card.id, looking);
    }
    return looking;
  }

  async #look(eventId: string, known: Kept | undefined): Promise<Kept> {
    // Before the look: what happens meanwhile may be missed by it.
    const lookedAt = this.#clock.monotonic();
    const followed = this.#maps.now(eventId);
    const standing = followed ?? (known && !known.stale ? await this.#standing(eventId) : undefined);
    if (known && standing && isSame(known, standing)) {
      known.lookedAt = lookedAt;
      return known;
    }
    const map = followed ?? (await this.#source.read(eventId));
    // The seats of a map that is followed change in place.
    const kept: Kept = { ...map, seats: map.seats.slice(), lookedAt, beginnings: known?.beginnings };
    this.#keep(eventId, kept);
    return kept;
  }

  /** Where the map in Redis stands; undefined while it is away. */
  async #standing(eventId: string): Promise<Pick<MapNow, 'epoch' | 'position' | 'stale'> | undefined> {
    if (!this.#inventory.available) return undefined;
    try {
      const { epoch, position } = await this.#inventory.run(sweepEvent, eventId, undefined);
      return { epoch, position, stale: false };
    } catch (error) {
      if (error instanceof RequestError && error.code === 'try-later') return undefined;
      throw error;
    }
  }

  /** The one that was made longest ago goes first. */
  #keep(eventId: string, kept: Kept): void {
    this.#kept.delete(eventId);
    this.#kept.set(eventId, kept);
    let total = 0;
    for (const { seats } of this.#kept.values()) total += seats.length;
    for (const [oldest, { seats }] of this.#kept) {
      if (total <= seatsKept || oldest === eventId) break;
      this.#kept.delete(oldest);
      total -= seats.length;
    }
  }
}

const isSame = (a: Kept, b: Pick<MapNow, 'epoch' | 'position' | 'stale'>): boolean =>
  a.epoch === b.epoch && a.position === b.position && a.stale === b.stale;

function document(map: MapNow, format: string, text: string): SeatDocument {
  const etag = `${map.epoch}-${map.position}-${format}${map.stale ? '-stale' : ''}`;
  return { text: new TextEncoder().encode(text), etag };
}

const noSeats = () => ({ seats: 0, free: 0, held: 0, sold: 0, blocked: 0 });

function count(card: EventCard, map: MapNow): SeatsCapacityReply {
  const byCategory = card.plan.categories.map(noSeats);
  card.plan.seats.forEach((seat) => {
    const counts = byCategory[seat.category];
    if (!counts) return;
    counts.seats++;
    counts[statusOf(map, seat.index)]++;
  });
  const all = noSeats();
  for (const counts of byCategory) {
    for (const name of ['seats', ...statusNames] as const) all[name] += counts[name];
  }
  const { epoch, position, stale } = map;
  const categories = card.plan.categories.map(({ name }, i) => ({
    category: name,
    priceCents: card.prices[name] ?? 0,
    ...(byCategory[i] ?? noSeats()),
  }));
  return { eventId: card.id, epoch, position, stale, ...all, currency: card.currency, categories };
}

const statusOf = (map: MapNow, seat: number): keyof typeof states =>
  statusNames[map.seats[seat] ?? states.blocked] ?? 'blocked';

const beginnings = (card: EventCard): string[] =>
  card.plan.seats.map((seat) => {
    const category = categoryOf(card, seat);
    const priceCents = card.prices[category] ?? 0;
    return `${JSON.stringify({ seat: seat.index, label: seat.label, category, priceCents }).slice(0, -1)},"status":"`;
  });

function listText(card: EventCard, map: MapNow, parts: readonly string[]): string {
  const { epoch, position, stale } = map;
  const head = JSON.stringify({ eventId: card.id, epoch, position, stale, currency: card.currency });
  const seats = parts.map((part, seat) => `${part}${statusOf(map, seat)}"}`).join(',');
  return `${head.slice(0, -1)},"seats":[${seats}]}`;
}
