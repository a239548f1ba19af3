/**
 * What somebody who waits for seats of an event can do, and where they stand: kept true to what the hub answers and
 * tells, in whatever order it comes.
 */
import { RequestFailed, type SeatcastClient } from '../client/client.ts';
import { Emitter } from '../client/emitter.ts';
import type { SeatMap } from '../client/seat-map.ts';
import type { Hold, Tells, WaitlistEntry, WaitlistOffer } from '../contracts.gen.ts';
import { plural } from './format.ts';
import { refusalWords } from './refusal-words.ts';
import type { NoticeKind } from './toast.ts';
import {
  closedWords,
  declinedWords,
  endedWords,
  expiredWords,
  goneWords,
  type Wish,
  wishWords,
} from './waitlist-words.ts';

interface WaiterEvents {
  /** The live entries, first joined first. */
  changed: WaitlistEntry[];
  /** Seats are kept for this entry now; once for each offer. */
  offered: WaitlistEntry & { offer: WaitlistOffer };
  /** That offer (its hold) is not to be answered any more. */
  ended: string;
  /** The offer is an ordinary hold. */
  accepted: Hold;
  /** What was asked for is free: these are some of it. */
  available: number[];
  notice: { text: string; kind: NoticeKind };
  /** What the page shows anyway, for those who cannot see it. */
  done: string;
}

const isLive = ({ state }: WaitlistEntry) => state === 'waiting' || state === 'offered';
/** What ended longer ago is no news. */
const newsForMs = 24 * 3_600_000;
const lookedAtOnce = 20;

export class Waiter extends Emitter<WaiterEvents> {
  readonly eventId: string;
  entries: WaitlistEntry[] = [];
  /** How many wait for the event, all categories; undefined: not known yet. */
  length: number | undefined;
  /** What happened last without one's own doing. */
  news = '';
  readonly #client: SeatcastClient;
  readonly #map: SeatMap;
  /** Offers that have ended: what is told of them again is old. */
  readonly #ended = new Set<string>();
  readonly #shown = new Set<string>();
  /** News that were told: of holds, and of entries that ended. */
  readonly #told = new Set<string>();
  #tells = 0;
  #turn = 0;

  constructor(client: SeatcastClient, map: SeatMap) {
    super();
    this.eventId = map.eventId;
    this.#client = client;
    this.#map = map;
    const hear = <T extends keyof Tells>(name: T, act: (data: Tells[T]) => void) =>
      client.on(name, (data) => {
        if ((data as { eventId?: string }).eventId !== this.eventId) return;
        this.#tells++;
        act(data as Tells[T]);
      });
    hear('waitlist:moved', (moved) => this.#moved(moved));
    hear('waitlist:promoted', ({ entryId, offer }) => this.#promoted(entryId, offer));
    hear('waitlist:offer-expired', ({ entryId, holdId, missedOffers }) => {
      this.#end(holdId);
      const entry = this.#entry(entryId);
      if (entry) {
        this.#tellNews(holdId, expiredWords(entry));
        this.#put({ ...entry, state: 'waiting', offer: null, position: null, missedOffers });
      }
      this.#lookAgain();
    });
    hear('waitlist:closed', ({ entryId, reason }) => {
      const entry = this.#entry(entryId);
      this.#tellNews(entryId, closedWords(reason, entry));
      this.#remove(entryId);
    });
  }

  /** The live offers, and whose they are. */
  get offers(): (WaitlistEntry & { offer: WaitlistOffer })[] {
    return this.entries.filter(hasOffer);
  }

  /** Asks the hub; with every connection, since nobody tells what happened before. */
  async refresh(signedIn: boolean): Promise<void> {
    const turn = ++this.#turn;
    if (!signedIn) {
      this.forget();
      return;
    }
    for (;;) {
      const before = this.#tells;
      const { eventId } = this;
      const { entries, now } = await this.#client.request('waitlist:mine', { eventId, limit: lookedAtOnce });
      if (turn !== this.#turn) return;
      let live = entries.filter(isLive);
      if (live.length > 0) {
        const answer = await this.#client.request('waitlist:position', { eventId });
        if (turn !== this.#turn) return;
        live = answer.entries;
        this.length = answer.length;
      }
      // What was told meanwhile may be newer than this.
      if (before !== this.#tells) continue;
      this.#tellEnded(entries, now);
      this.#set(live);
      return;
    }
  }

  async join({ quantity, category, together }: Wish): Promise<boolean> {
    try {
      const asked = { eventId: this.eventId, quantity, ...(category === null ? {} : { category }) };
      const { entry, length } = await this.#client.command('waitlist:join', {
        ...asked,
        ...(together && quantity > 1 ? { together } : {}),
      });
      this.length = length;
      this.dismiss();
      // What was told of it meanwhile is newer than the answer.
      if (!this.#entry(entry.id)) this.#put(entry);
      if (entry.state === 'waiting') this.emit('done', `You wait for ${wishWords(entry)}.`);
      return true;
    } catch (error) {
      this.#refused(error);
      return false;
    }
  }

  async leave(entry: WaitlistEntry): Promise<void> {
    try {
      await this.#client.command('waitlist:leave', { eventId: this.eventId, entryId: entry.id });
      if (entry.offer) this.#end(entry.offer.holdId);
      this.#told.add(entry.id);
      this.#remove(entry.id);
      this.emit('done', `You do not wait for ${wishWords(entry)} any more.`);
    } catch (error) {
      this.#refused(error);
    }
  }

  async accept(entry: WaitlistEntry & { offer: WaitlistOffer }): Promise<boolean> {
    const { holdId } = entry.offer;
    try {
      const { hold } = await this.#client.command('waitlist:accept', { eventId: this.eventId, holdId });
      this.#end(holdId);
      this.#told.add(entry.id);
      this.#remove(entry.id);
      this.dismiss();
      this.#map.setHold(hold.holdId, hold);
      this.emit('accepted', hold);
      return true;
    } catch (error) {
      this.#offerRefused(holdId, error);
      return false;
    }
  }

  async decline(entry: WaitlistEntry & { offer: WaitlistOffer }): Promise<void> {
    const { holdId } = entry.offer;
    try {
      const answer = await this.#client.command('waitlist:decline', { eventId: this.eventId, holdId });
      this.#end(holdId);
      const left = answer.entry;
      if (isLive(left)) {
        this.#tellNews(holdId, declinedWords(left), null);
        this.#put(left);
      } else {
        this.#tellNews(left.id, closedWords('offers-missed', left));
        this.#remove(left.id);
      }
    } catch (error) {
      this.#offerRefused(holdId, error);
    }
  }

  /** The news has been read. */
  dismiss(): void {
    if (this.news === '') return;
    this.news = '';
    this.emit('changed', this.entries);
  }

  /** Somebody else sits here now. */
  forget(): void {
    this.#turn++;
    this.length = undefined;
    this.news = '';
    this.#set([]);
  }

  #moved({ entryId, position, length }: Tells['waitlist:moved']): void {
    this.length = length;
    const entry = this.#entry(entryId);
    // It may have had an offer, which is over then: only the hub knows how that ended.
    if (!entry || entry.offer) this.#lookAgain();
    else this.#put({ ...entry, position });
  }

  #promoted(entryId: string, offer: WaitlistOffer): void {
    if (this.#ended.has(offer.holdId)) return;
    const entry = this.#entry(entryId);
    if (entry) this.#put({ ...entry, state: 'offered', offer, position: null });
    else this.#lookAgain();
  }

  #end(holdId: string): void {
    this.#ended.add(holdId);
    this.emit('ended', holdId);
  }

  #entry(entryId: string): WaitlistEntry | undefined {
    return this.entries.find(({ id }) => id === entryId);
  }

  #put(entry: WaitlistEntry): void {
    const others = this.entries.filter(({ id }) => id !== entry.id);
    this.#set([...others, entry]);
  }

  #remove(entryId: string): void {
    this.#set(this.entries.filter(({ id }) => id !== entryId));
  }

  #set(entries: WaitlistEntry[]): void {
    this.entries = entries
      .map((entry) => this.#withoutOld(entry))
      .sort((a, b) => a.joinedAt.localeCompare(b.joinedAt));
    this.emit('changed', this.entries);
    for (const entry of this.offers) {
      if (this.#shown.has(entry.offer.holdId)) continue;
      this.#shown.add(entry.offer.holdId);
      this.dismiss();
      this.emit('offered', entry);
    }
  }

  #withoutOld(entry: WaitlistEntry): WaitlistEntry {
    const isOld = entry.offer !== null && this.#ended.has(entry.offer.holdId);
    return isOld ? { ...entry, state: 'waiting', offer: null } : entry;
  }

  /** @param kind null: of their own doing, so nobody has to be called. */
  #tellNews(of: string, text: string, kind: NoticeKind | null = 'warn'): void {
    if (this.#told.has(of)) return;
    this.#told.add(of);
    this.news = text;
    if (kind) this.emit('notice', { text, kind });
    else this.emit('done', text);
  }

  /** What ended while nobody here was told of it. */
  #tellEnded(entries: readonly WaitlistEntry[], now: number): void {
    const [last] = entries.filter(({ endedAt }) => endedAt !== null && now - Date.parse(endedAt) < newsForMs);
    // Whoever has joined again knows.
    const isOld = !last || entries.some((entry) => isLive(entry) && entry.joinedAt > (last.endedAt ?? ''));
    if (isOld || this.#told.has(last.id)) return;
    this.#told.add(last.id);
    this.news = endedWords(last);
  }

  #lookAgain(): void {
    this.refresh(true).catch((error: unknown) => {
      // It is asked again with the next connection.
      console.info('The waitlist was not read.', error);
    });
  }

  #offerRefused(holdId: string, error: unknown): void {
    if (!(error instanceof RequestFailed) || error.code !== 'offer-not-found') {
      this.#refused(error);
      return;
    }
    this.#end(holdId);
    this.#set(this.entries);
    this.emit('notice', { text: goneWords, kind: 'warn' });
    this.#lookAgain();
    // Another window may have accepted it: then it is a hold.
    this.#map.resync().catch(() => undefined);
  }

  #refused(error: unknown): void {
    if (!(error instanceof RequestFailed)) throw error;
    const { seats } = error.details;
    if (error.code === 'seats-available' && Array.isArray(seats)) {
      this.emit('available', seats as number[]);
      const text = `${plural(seats.length, 'seat')} like that ${seats.length === 1 ? 'is' : 'are'} free right now: pick on the map.`;
      this.emit('notice', { text, kind: 'info' });
      return;
    }
    this.emit('notice', { text: refusalWords(error), kind: 'bad' });
    if (error.code === 'already-waiting' || error.code === 'waitlist-entry-not-found') this.#lookAgain();
  }
}

const hasOffer = (entry: WaitlistEntry): entry is WaitlistEntry & { offer: WaitlistOffer } =>
  entry.offer !== null;
