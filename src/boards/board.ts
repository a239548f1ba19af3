/**
 * The board of one venue on this node: computed once, however many screens show it. What stands on it is read from
 * PostgreSQL when somebody changed something, when its next moment has come, and now and then; how many seats are free
 * is counted in this node's own copies of the maps, which follow the ticks.
 */
import type { Clock } from '../clock.ts';
import type { Announcement, Board as BoardWire, BoardSeats, TellName, Tells } from '../contracts.gen.ts';
import { type BoardRow, readBoard } from '../database/board-statements.ts';
import type { Database } from '../database/database.ts';
import { RequestError } from '../errors.ts';
import type { EventCard, Events } from '../events/events.ts';
import { newEpoch } from '../ids.ts';
import type { Logger } from '../log.ts';
import type { LiveMaps } from '../seats/live-maps.ts';
import { announcementOf, type BoardLine, isCounted, lineOf, nextMoment, shownOf } from './board-rows.ts';
import { pageAt, pagesOf } from './paging.ts';
import { countSeats } from './seat-counts.ts';

/** Six pages of six. */
const maxEvents = 36;
const perPage = 6;
/** After PostgreSQL or a map could not be read. */
const againMs = 2000;
const lateMs = 10;

export interface BoardTimings {
  /** Counts are told at most this often. */
  changedMs: number;
  pageMs: number;
  /** A notice between nodes may get lost: so often the board is read anyway. */
  rereadMs: number;
}

export const boardTimings: BoardTimings = { changedMs: 1000, pageMs: 12_000, rereadMs: 30_000 };

export interface BoardParts {
  db: Database;
  events: Events;
  maps: LiveMaps;
  clock: Clock;
  timings: BoardTimings;
  log: Logger;
  /** Has this node follow the map of an event, for this board. Rejects while it cannot be read. */
  follow(board: Board, eventId: string): Promise<void>;
  unfollow(board: Board, eventId: string): void;
  isWatched(venueId: string): boolean;
  /** Nobody watches it any more. */
  abandoned(board: Board): void;
  tell<T extends TellName>(venueId: string, name: T, data: Tells[T]): void;
}

interface Content {
  venue: BoardRow['venue'];
  lines: BoardLine[];
  announcements: Announcement[];
  /** Events whose seats are counted. */
  counted: Set<string>;
  /** Of those. They are kept here, because what a count needs never changes once an event is published. */
  cards: Map<string, EventCard>;
}

const nothing: Content = {
  venue: { name: '', city: '', timeZone: 'UTC' },
  lines: [],
  announcements: [],
  counted: new Set(),
  cards: new Map(),
};

export class Board {
  readonly venueId: string;
  readonly epoch = newEpoch();
  /** Raised by every tell, so a screen that misses one notices. */
  position = 0;
  readonly #parts: BoardParts;
  #content = nothing;
  /** As they were told. */
  readonly #seats = new Map<string, BoardSeats>();
  readonly #moved = new Set<string>();
  /** Whether it has been read at all. */
  #isReady = false;
  #isClosed = false;
  #reading: Promise<void> | undefined;
  /** Something changed while it was being read. */
  #isOutdated = false;
  #toldAt = Number.NEGATIVE_INFINITY;
  #cancelTell: (() => void) | undefined;
  #cancelRead: (() => void) | undefined;

  constructor(venueId: string, parts: BoardParts) {
    this.venueId = venueId;
    this.#parts = parts;
  }

  /** Resolves once there is something to show. */
  async ready(): Promise<void> {
    if (!this.#isReady) await (this.#reading ?? this.refresh());
  }

  /** Reads it anew. Whoever asks while it is being read gets what was read after that. Rejects only the first time. */
  refresh(): Promise<void> {
    if (this.#reading) {
      this.#isOutdated = true;
      return this.#reading;
    }
    this.#reading = this.#readAll().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** As every screen of this node has been told. */
  now(): BoardWire {
    const { venue, lines, announcements } = this.#content;
    const { clock, timings } = this.#parts;
    return {
      venueId: this.venueId,
      ...venue,
      epoch: this.epoch,
      position: this.position,
      events: lines.map((line) => ({ ...line, seats: this.#seats.get(line.id) ?? null })),
      announcements,
      perPage,
      pages: this.#pages,
      pageMs: timings.pageMs,
      now: clock.now(),
    };
  }

  shows(eventId: string): boolean {
    return this.#content.lines.some(({ id }) => id === eventId);
  }

  /** The map of an event of this board is another one. */
  moved(eventId: string): void {
    if (!this.#content.counted.has(eventId)) return;
    this.#moved.add(eventId);
    if (this.#cancelTell || !this.#isReady || this.#isClosed) return;
    const { clock, timings } = this.#parts;
    const waitMs = Math.max(0, this.#toldAt + timings.changedMs - clock.monotonic());
    this.#cancelTell = clock.after(waitMs, () => {
      this.#cancelTell = undefined;
      this.#tellChanges();
    });
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelTell?.();
    this.#cancelRead?.();
    for (const eventId of this.#content.counted) this.#parts.unfollow(this, eventId);
    this.#content = nothing;
    this.#seats.clear();
    this.#moved.clear();
  }

  get #pages(): number {
    return pagesOf(this.#content.lines.length, perPage);
  }

  async #readAll(): Promise<void> {
    const { log, clock, timings } = this.#parts;
    this.#cancelRead?.();
    let next = againMs;
    try {
      do {
        this.#isOutdated = false;
        next = await this.#read();
      } while (this.#isOutdated && !this.#isClosed);
    } catch (error) {
      if (!this.#isReady) throw error;
      next = againMs;
      log.debug({ err: error, venueId: this.venueId }, 'could not read a board; it is tried again');
    }
    if (this.#isClosed) return;
    this.#cancelRead = clock.after(Math.min(next, timings.rereadMs), () => {
      if (this.#parts.isWatched(this.venueId)) void this.refresh();
      else this.#parts.abandoned(this);
    });
  }

  /** @returns in how many ms it is to be read again */
  async #read(): Promise<number> {
    const { db, clock } = this.#parts;
    const at = clock.now();
    const [row] = await db.run(readBoard, this.venueId, new Date(at), maxEvents);
    // A venue that was deleted while its board is shown leaves an empty one.
    if (!row && !this.#isReady) throw new RequestError('venue-not-found');
    if (this.#isClosed) return 0;
    const { venue, events, announcements } = row ?? { ...this.#content, events: [], announcements: [] };
    const shown = shownOf(events, at, perPage);
    const lines = shown.map((each) => lineOf(each, at));
    const content: Content = {
      venue,
      lines,
      announcements: announcements.map(announcementOf),
      counted: new Set(shown.filter((each) => isCounted(each, at)).map(({ id }) => id)),
      cards: new Map(),
    };
    const isComplete = await this.#followAll(content);
    if (this.#isClosed) {
      for (const eventId of content.counted) this.#parts.unfollow(this, eventId);
      return 0;
    }
    this.#replace(content, at);
    const waitMs = nextMoment({ venue, events, announcements }, at) - clock.now();
    // A timer may be a little early.
    return isComplete ? Math.max(waitMs, 0) + lateMs : againMs;
  }

  /** @returns false if a map could not be read, so that its seats are not counted yet */
  async #followAll({ counted, cards }: Content): Promise<boolean> {
    const { events, log, follow } = this.#parts;
    const one = async (eventId: string): Promise<boolean> => {
      try {
        const card = await events.agedCard(eventId);
        if (card) cards.set(eventId, card);
        await follow(this, eventId);
        return card !== undefined;
      } catch (error) {
        log.debug({ err: error, eventId }, 'a board cannot count the seats of an event yet');
        return false;
      }
    };
    return (await Promise.all(Array.from(counted, one))).every(Boolean);
  }

  /** From one content to another in one turn of the event loop, with whatever screens have to be told. */
  #replace(content: Content, at: number): void {
    const before = { ...this.#content, pages: this.#pages };
    this.#content = content;
    for (const eventId of before.counted) {
      if (content.counted.has(eventId)) continue;
      this.#parts.unfollow(this, eventId);
      this.#seats.delete(eventId);
      this.#moved.delete(eventId);
    }
    if (!this.#isReady) {
      this.#isReady = true;
      for (const eventId of content.counted) this.#count(eventId);
      return;
    }
    const isSame = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
    if (!isSame([before.venue, before.lines], [content.venue, content.lines])) {
      for (const eventId of content.counted) this.#count(eventId);
      this.position++;
      this.#parts.tell(this.venueId, 'kiosk:board', this.now());
    } else for (const eventId of content.counted) this.moved(eventId);
    this.#tellAnnouncements(before.announcements, content.announcements, at);
    if (this.#pages !== before.pages) this.#tellPages();
  }

  #tellAnnouncements(before: readonly Announcement[], after: readonly Announcement[], at: number): void {
    const ids = (list: readonly Announcement[]) => new Set(list.map(({ id }) => id));
    const [known, left] = [ids(before), ids(after)];
    for (const { id: announcementId, until } of before) {
      if (left.has(announcementId)) continue;
      const reason = Date.parse(until) <= at ? 'ended' : 'withdrawn';
      this.#tell('kiosk:withdrawn', { announcementId, reason });
    }
    // The oldest first, so that the newest comes to stand on top.
    for (const announcement of after.toReversed()) {
      if (!known.has(announcement.id)) this.#tell('kiosk:announced', { announcement });
    }
  }

  #tellPages(): void {
    const { clock, timings } = this.#parts;
    const [now, pages, { pageMs }] = [clock.now(), this.#pages, timings];
    this.#tell('kiosk:page', { page: pageAt(now, pageMs, pages), pages, perPage, pageMs, now });
  }

  #tellChanges(): void {
    const changed = Array.from(this.#moved).filter((eventId) => this.#count(eventId));
    this.#moved.clear();
    if (changed.length === 0) return;
    this.#toldAt = this.#parts.clock.monotonic();
    const events = changed.map((eventId) => ({ eventId, seats: this.#seats.get(eventId) ?? null }));
    this.#tell('kiosk:changed', { events });
  }

  #tell<T extends 'kiosk:changed' | 'kiosk:page' | 'kiosk:announced' | 'kiosk:withdrawn'>(
    name: T,
    data: Omit<Tells[T], 'venueId' | 'epoch' | 'position'>,
  ): void {
    this.position++;
    const { venueId, epoch, position } = this;
    this.#parts.tell(venueId, name, { venueId, epoch, position, ...data } as Tells[T]);
  }

  /** Counts the seats of an event as they are now. @returns whether they are others than before */
  #count(eventId: string): boolean {
    const [map, card] = [this.#parts.maps.now(eventId), this.#content.cards.get(eventId)];
    if (!map || !card) return false;
    const [before, seats] = [this.#seats.get(eventId), countSeats(card, map)];
    this.#seats.set(eventId, seats);
    return JSON.stringify(before) !== JSON.stringify(seats);
  }
}
