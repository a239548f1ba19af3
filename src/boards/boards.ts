/**
 * The boards that are shown on this node, one a venue. A board is opened by its first screen and closed with its last;
 * the node itself joins the rooms of its events, so that their ticks reach it whichever node cut them.
 */
import { type Clock, systemClock } from '../clock.ts';
import { venuesOfEvents } from '../database/board-statements.ts';
import type { Database } from '../database/database.ts';
import type { Events } from '../events/events.ts';
import type { Logger } from '../log.ts';
import type { LiveMaps } from '../seats/live-maps.ts';
import { Board, type BoardParts, type BoardTimings, boardTimings } from './board.ts';

/** Many events may change at once: their venues are looked up together. */
const gatherMs = 50;

export interface BoardRooms {
  /** Whether anybody on this node is in the room of the venue. */
  isBoardWatched(venueId: string): boolean;
  /** Makes this node itself a viewer of an event. */
  follow(eventId: string): void;
  unfollow(eventId: string): void;
}

export class Boards {
  readonly #parts: BoardParts;
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #log: Logger;
  readonly #rooms: () => BoardRooms;
  readonly #boards = new Map<string, Board>();
  /** Which board counts the seats of an event. */
  readonly #owners = new Map<string, Board>();
  readonly #changed = new Set<string>();
  #cancelLookUp: (() => void) | undefined;
  readonly counts = { tells: 0 };

  constructor(parts: {
    db: Database;
    events: Events;
    maps: LiveMaps;
    log: Logger;
    /** To the screens of this node. */
    tell: BoardParts['tell'];
    rooms: () => BoardRooms;
    clock?: Clock;
    timings?: Partial<BoardTimings> | undefined;
  }) {
    const { db, events, maps, log, rooms, clock = systemClock } = parts;
    this.#db = db;
    this.#clock = clock;
    this.#log = log;
    this.#rooms = rooms;
    this.#parts = {
      db,
      events,
      maps,
      clock,
      log,
      timings: { ...boardTimings, ...parts.timings },
      follow: async (board, eventId) => {
        this.#owners.set(eventId, board);
        this.#rooms().follow(eventId);
        await maps.open(eventId);
      },
      unfollow: (board, eventId) => {
        // It may stand on another board by now.
        if (this.#owners.get(eventId) !== board) return;
        this.#owners.delete(eventId);
        this.#rooms().unfollow(eventId);
      },
      isWatched: (venueId) => this.#rooms().isBoardWatched(venueId),
      abandoned: (board) => this.close(board.venueId),
      tell: (venueId, name, data) => {
        this.counts.tells++;
        parts.tell(venueId, name, data);
      },
    };
  }

  /** Boards that are kept on this node. */
  get size(): number {
    return this.#boards.size;
  }

  /** Events whose maps are followed for boards. */
  get following(): number {
    return this.#owners.size;
  }

  /** For a connection that has joined the room of the venue. Throws `venue-not-found`. */
  async open(venueId: string): Promise<Board> {
    let board = this.#boards.get(venueId);
    if (!board) {
      board = new Board(venueId, this.#parts);
      this.#boards.set(venueId, board);
    }
    try {
      await board.ready();
    } catch (error) {
      if (this.#boards.get(venueId) === board) this.close(venueId);
      throw error;
    }
    // Whoever opened it may be gone.
    if (!this.#rooms().isBoardWatched(venueId) && this.#boards.get(venueId) === board) this.close(venueId);
    return board;
  }

  get(venueId: string): Board | undefined {
    return this.#boards.get(venueId);
  }

  /** The last screen of the venue on this node has gone. */
  close(venueId: string): void {
    this.#boards.get(venueId)?.close();
    this.#boards.delete(venueId);
  }

  /** This node's copy of the event's map has changed. */
  moved(eventId: string): void {
    this.#owners.get(eventId)?.moved(eventId);
  }

  /** The venue itself, or what is announced there, is another. */
  venueChanged(venueId: string): void {
    this.#refresh(this.#boards.get(venueId));
  }

  /** An event was written. It may have come to a venue, left it, or moved in time. */
  eventChanged(eventId: string): void {
    if (this.#boards.size === 0) return;
    this.#changed.add(eventId);
    this.#cancelLookUp ??= this.#clock.after(gatherMs, () => {
      this.#cancelLookUp = undefined;
      this.#lookUp().catch((error) => this.#log.debug({ err: error }, 'could not look up venues'));
    });
  }

  stop(): void {
    this.#cancelLookUp?.();
    for (const venueId of [...this.#boards.keys()]) this.close(venueId);
  }

  async #lookUp(): Promise<void> {
    const changed = [...this.#changed];
    this.#changed.clear();
    const boards = new Set<Board>();
    for (const board of this.#boards.values()) if (changed.some((id) => board.shows(id))) boards.add(board);
    const venues = await this.#db.run(venuesOfEvents, changed, [...this.#boards.keys()]);
    for (const { venue_id: venueId } of venues) {
      const board = this.#boards.get(venueId);
      if (board) boards.add(board);
    }
    for (const board of boards) this.#refresh(board);
  }

  #refresh(board: Board | undefined): void {
    board?.refresh().catch((error) => this.#log.debug({ err: error }, 'could not read a board'));
  }
}
