/**
 * A screen's copy of the board of a venue: loads it, follows what is told, and heals itself. Tells are numbered, so one
 * that is missing shows, at the latest with the next sign of life.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Announcement, Board, KioskAliveRequest, KioskWatchReply, Tells } from '../contracts.gen.ts';
import type { RequestFailed, SeatcastClient } from './client.ts';
import { Emitter } from './emitter.ts';

interface BoardCopyEvents {
  /** The board looks different now. */
  changed: Board;
  /** Whether it can be trusted right now; see `fresh`. */
  fresh: boolean;
  /** The hub shows no board: none was chosen, or the venue is gone. It is asked again. */
  missing: RequestFailed['code'];
}

const tells = ['kiosk:board', 'kiosk:changed', 'kiosk:page', 'kiosk:announced', 'kiosk:withdrawn'] as const;
type BoardTell = (typeof tells)[number];
type Told = { [T in BoardTell]: { name: T; data: Tells[T] } }[BoardTell];

/** While the board is loaded; whoever gets more asks again. */
const keptTells = 100;
const againMs = 2000;
const unassignedMs = 10_000;
const aliveEveryMs = 30_000;

export class BoardCopy extends Emitter<BoardCopyEvents> {
  board: Board | undefined;
  /** false while disconnected or loading. */
  fresh = false;
  /** Until when what is shown is known to be right, on this machine's clock. ms since 1970 */
  asOf = 0;
  /** Add it to `Date.now()` to read the hub's clock. */
  clockOffsetMs = 0;
  /** Of the hub that answered last. */
  version: string | undefined;
  /** Of the hub that answered first: what runs here came from it. */
  firstVersion: string | undefined;
  readonly counts = { loads: 0, tells: 0, gaps: 0 };
  /** What a sign of life says of this screen beside its board. */
  describe: () => Pick<KioskAliveRequest, 'page' | 'screen'> = () => ({});
  readonly #client: SeatcastClient;
  readonly #venueId: string | undefined;
  readonly #clock: Clock;
  readonly #aliveMs: number;
  readonly #offs: (() => void)[] = [];
  #early: Told[] = [];
  #isLoading = false;
  #again = false;
  #isClosed = false;
  #cancel: (() => void) | undefined;
  #cancelAlive: (() => void) | undefined;

  constructor(
    client: SeatcastClient,
    options: { venueId?: string; clock?: Clock; aliveEveryMs?: number } = {},
  ) {
    super();
    this.#client = client;
    this.#venueId = options.venueId;
    this.#clock = options.clock ?? systemClock;
    this.#aliveMs = options.aliveEveryMs ?? aliveEveryMs;
    for (const name of tells) {
      this.#offs.push(client.on(name, (data) => this.#told({ name, data } as Told)));
    }
    this.#offs.push(client.on('kiosk:assigned', () => this.#loadSoon(0)));
    this.#offs.push(
      client.on('state', (state) => (state === 'connected' ? this.#connected() : this.#lost())),
    );
    if (client.state === 'connected') this.#connected();
  }

  close(): void {
    this.#isClosed = true;
    for (const off of this.#offs) off();
    this.#lost();
  }

  /** Says what is shown, and learns whether it is what the hub shows. */
  async alive(): Promise<void> {
    const { board } = this;
    const answer = await this.#client.request('kiosk:alive', {
      ...this.describe(),
      ...(board ? { pages: board.pages, epoch: board.epoch, position: board.position } : {}),
      ...(this.firstVersion ? { version: this.firstVersion } : {}),
    });
    this.#heard(answer.now, answer.version);
    if (this.#isLoading || this.#isClosed) return;
    const { epoch, position } = this.board ?? {};
    // What was told before the answer is here before it.
    if (answer.board && answer.board.epoch === epoch && answer.board.position <= (position ?? -1)) return;
    this.#gap();
  }

  #connected(): void {
    this.#loadSoon(0);
    this.#aliveSoon();
  }

  #lost(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#cancelAlive?.();
    this.#cancelAlive = undefined;
    this.#early = [];
    this.#setFresh(false);
  }

  #aliveSoon(): void {
    this.#cancelAlive?.();
    // All screens of a node that was started again would else speak at the same moment for ever.
    const waitMs = this.#aliveMs * (0.8 + Math.random() * 0.2);
    this.#cancelAlive = this.#clock.after(waitMs, () => {
      this.alive().catch((error: RequestFailed) => {
        // The connection looks alive and is not: another one is.
        if (error.code === 'timeout') this.#client.reconnect();
      });
      this.#aliveSoon();
    });
  }

  #loadSoon(afterMs: number): void {
    this.#cancel?.();
    this.#cancel = undefined;
    if (afterMs === 0) void this.#load();
    else this.#cancel = this.#clock.after(afterMs, () => void this.#load());
  }

  async #load(): Promise<void> {
    if (this.#isLoading) {
      this.#again = true;
      return;
    }
    this.#isLoading = true;
    let retryMs: number | undefined;
    try {
      do {
        this.#again = false;
        this.#early = [];
        const venueId = this.#venueId;
        this.#loaded(await this.#client.request('kiosk:watch', venueId ? { venueId } : {}));
      } while (this.#again && !this.#isClosed);
    } catch (error) {
      retryMs = this.#missed(error as RequestFailed);
    } finally {
      this.#isLoading = false;
    }
    const isHere = this.#client.state === 'connected' && !this.#isClosed;
    if (!isHere) return;
    if (retryMs !== undefined) this.#loadSoon(retryMs * (1 + Math.random()));
    // It came back while the last answer was still awaited.
    else if (this.#again) this.#loadSoon(0);
  }

  #missed({ code }: RequestFailed): number {
    if (this.#isClosed) return againMs;
    this.#setFresh(false);
    if (code !== 'kiosk-unassigned' && code !== 'venue-not-found') return againMs;
    this.board = undefined;
    this.emit('missing', code);
    return unassignedMs;
  }

  #loaded({ board, version }: KioskWatchReply): void {
    if (this.#isClosed) return;
    this.counts.loads++;
    this.board = board;
    this.#heard(board.now, version);
    const early = this.#early;
    this.#early = [];
    for (const told of early) this.#apply(told);
    this.emit('changed', this.board);
    this.#setFresh(this.#client.state === 'connected');
  }

  #heard(now: number, version: string): void {
    this.asOf = this.#clock.now();
    this.clockOffsetMs = now - this.asOf;
    this.version = version;
    this.firstVersion ??= version;
  }

  #told(told: Told): void {
    this.counts.tells++;
    if (this.#isLoading) {
      if (this.#early.length >= keptTells) this.#again = true;
      else this.#early.push(told);
    } else if (this.#apply(told) && this.board) this.emit('changed', this.board);
  }

  /** @returns whether it was news */
  #apply({ name, data }: Told): boolean {
    const { board } = this;
    // Of a venue that this screen showed before.
    if (!board || data.venueId !== board.venueId) return false;
    if (data.epoch === board.epoch && data.position <= board.position) return false;
    if (data.epoch !== board.epoch || data.position > board.position + 1) {
      this.#gap();
      return false;
    }
    this.asOf = this.#clock.now();
    this.board =
      name === 'kiosk:board' ? data : { ...after(board, { name, data } as Told), position: data.position };
    return true;
  }

  #gap(): void {
    this.counts.gaps++;
    this.#loadSoon(0);
  }

  #setFresh(fresh: boolean): void {
    if (this.fresh === fresh) return;
    this.fresh = fresh;
    this.emit('fresh', fresh);
  }
}

const without = (list: readonly Announcement[], id: string): Announcement[] =>
  list.filter((each) => each.id !== id);

function after(board: Board, { name, data }: Told): Board {
  switch (name) {
    case 'kiosk:board':
      return data;
    case 'kiosk:changed': {
      const seats = new Map(data.events.map((each) => [each.eventId, each.seats]));
      const events = board.events.map((event) =>
        seats.has(event.id) ? { ...event, seats: seats.get(event.id) ?? null } : event,
      );
      return { ...board, events };
    }
    case 'kiosk:page': {
      const { pages, perPage, pageMs } = data;
      return { ...board, pages, perPage, pageMs };
    }
    case 'kiosk:announced': {
      const { announcement } = data;
      return { ...board, announcements: [announcement, ...without(board.announcements, announcement.id)] };
    }
    case 'kiosk:withdrawn':
      return { ...board, announcements: without(board.announcements, data.announcementId) };
  }
}
