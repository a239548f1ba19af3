/**
 * The board as elements. They are made once, as many as a page has rows, and filled again and again: a screen that hangs
 * for years has as many of them on its last day as on its first.
 */
import { pageAt } from '../boards/paging.ts';
import type { Board, BoardEvent } from '../contracts.gen.ts';
import { byId, el, write } from './dom.ts';
import { number } from './format.ts';
import { at, bannersOf, dayOf, price, seatWords, startOf, statusOf } from './kiosk-words.ts';

const categoriesShown = 4;
const bannersShown = 2;
/** When there are more banners than fit, they take turns. */
const bannerMs = 8000;

interface Chip {
  root: HTMLElement;
  name: HTMLElement;
  free: HTMLElement;
}

interface Row {
  root: HTMLElement;
  time: HTMLElement;
  planned: HTMLElement;
  day: HTMLElement;
  title: HTMLElement;
  chips: Chip[];
  seats: HTMLElement;
  left: HTMLElement;
  of: HTMLElement;
  price: HTMLElement;
  sold: HTMLElement;
  held: HTMLElement;
  status: HTMLElement;
}

function mark(element: HTMLElement, name: string, value: string): void {
  if (element.dataset[name] !== value) element.dataset[name] = value;
}

function hide(element: HTMLElement, isHidden: boolean): void {
  if (element.hidden !== isHidden) element.hidden = isHidden;
}

function newRow(): Row {
  const part = (name: string, tag: 'p' | 'span' | 'div' = 'p') => el(tag, { class: name });
  const chips = Array.from({ length: categoriesShown }, (): Chip => {
    const [name, free] = [el('span', { class: 'chip-name' }), el('span', { class: 'chip-free' })];
    return { root: el('li', { class: 'chip' }, name, free), name, free };
  });
  const [time, planned, day, title] = [part('time'), part('planned'), part('day'), part('title')];
  const [left, of, price] = [part('left', 'span'), part('of', 'span'), part('price', 'span')];
  const [sold, held, status] = [part('sold', 'div'), part('held', 'div'), part('status')];
  const seats = el(
    'div',
    { class: 'seats' },
    el('p', { class: 'seats-words' }, left, of, price),
    el('div', { class: 'meter', 'aria-hidden': 'true' }, sold, held),
  );
  const root = el(
    'article',
    { class: 'row', hidden: true },
    el('div', { class: 'when' }, el('div', { class: 'times' }, time, planned), day),
    el('div', { class: 'what' }, title, el('ul', { class: 'chips' }, ...chips.map((chip) => chip.root))),
    seats,
    status,
  );
  return { root, time, planned, day, title, chips, seats, left, of, price, sold, held, status };
}

interface BannerPart {
  root: HTMLElement;
  title: HTMLElement;
  text: HTMLElement;
}

export class KioskScreen {
  /** The page that is shown, from 0. */
  page = 0;
  readonly #rows: Row[] = [];
  readonly #banners: BannerPart[];
  readonly #board = byId('board', HTMLElement);
  readonly #parts = {
    venue: byId('venue', HTMLElement),
    city: byId('city', HTMLElement),
    time: byId('time', HTMLElement),
    seconds: byId('seconds', HTMLElement),
    date: byId('date', HTMLElement),
    nothing: byId('nothing', HTMLElement),
    pages: byId('pages', HTMLElement),
    page: byId('page', HTMLElement),
    progress: byId('progress', HTMLElement),
    lost: byId('lost', HTMLElement),
  };

  constructor() {
    this.#banners = Array.from({ length: bannersShown }, () => {
      const [title, text] = [el('strong', { class: 'banner-title' }), el('span', { class: 'banner-text' })];
      return { root: el('p', { class: 'banner', hidden: true }, title, text), title, text };
    });
    byId('banners', HTMLElement).append(...this.#banners.map(({ root }) => root));
  }

  /** Everything, as it is at this moment of the hub's clock. Called on every change, and once a second. */
  show(board: Board, now: number): void {
    const { perPage, pages, pageMs, events, timeZone } = board;
    this.#clock(now, timeZone);
    write(this.#parts.venue, board.name);
    write(this.#parts.city, board.city);
    const page = pageAt(now, pageMs, pages);
    if (page !== this.page) mark(this.#board, 'turn', this.#board.dataset['turn'] === 'a' ? 'b' : 'a');
    this.page = page;
    while (this.#rows.length < perPage) {
      const row = newRow();
      this.#rows.push(row);
      this.#board.append(row.root);
    }
    const shown = events.slice(page * perPage, (page + 1) * perPage);
    for (const [i, row] of this.#rows.entries()) this.#fill(row, shown[i], board, now);
    hide(this.#parts.nothing, events.length > 0);
    this.#showPages(board, now);
    this.#showBanners(board, now);
  }

  /** @param asOf until when what is shown is known to be right; undefined: it is right now */
  lost(asOf: number | undefined, timeZone: string): void {
    hide(this.#parts.lost, asOf === undefined);
    mark(document.body, 'connection', asOf === undefined ? 'live' : 'lost');
    if (asOf !== undefined) {
      write(this.#parts.lost, `Connection lost · shown as of ${at(asOf, timeZone, 'time')}`);
    }
  }

  #clock(now: number, timeZone: string): void {
    write(this.#parts.time, at(now, timeZone, 'time'));
    write(this.#parts.seconds, `:${at(now, timeZone, 'seconds').padStart(2, '0')}`);
    write(this.#parts.date, at(now, timeZone, 'date'));
  }

  #fill(row: Row, event: BoardEvent | undefined, { announcements }: Board, now: number): void {
    hide(row.root, event === undefined);
    if (!event) return;
    const { timeZone, startsAt, delayMinutes, title, seats } = event;
    const { text, tone } = statusOf(event, announcements, now);
    mark(row.root, 'event', event.id);
    mark(row.root, 'state', event.state);
    mark(row.root, 'late', delayMinutes > 0 ? 'yes' : 'no');
    write(row.time, at(startOf(event), timeZone, 'time'));
    write(row.planned, delayMinutes > 0 ? at(Date.parse(startsAt), timeZone, 'time') : '');
    write(row.day, dayOf(event, now));
    write(row.title, title);
    write(row.status, text);
    mark(row.status, 'tone', tone);
    const words = seatWords(event);
    hide(row.seats, words === undefined);
    if (words && seats) {
      write(row.left, words.left);
      write(row.of, words.of);
      write(row.price, words.price);
      mark(row.seats, 'stale', seats.stale ? 'yes' : 'no');
      const part = (count: number) => `${((100 * count) / Math.max(1, seats.seats)).toFixed(1)}%`;
      row.sold.style.width = part(seats.sold);
      row.held.style.width = part(seats.held);
    }
    row.chips.forEach((chip, i) => {
      const category = seats && seats.categories.length > 1 ? seats.categories[i] : undefined;
      hide(chip.root, category === undefined);
      if (!category) return;
      write(chip.name, `${category.category} ${price(category.priceCents, event.currency)}`);
      write(chip.free, category.free === 0 ? 'sold out' : number(category.free));
      mark(chip.root, 'free', category.free === 0 ? 'none' : 'some');
    });
  }

  #showPages({ pages, pageMs }: Board, now: number): void {
    hide(this.#parts.pages, pages < 2);
    write(this.#parts.page, `Page ${this.page + 1} of ${pages}`);
    // The bar moves by itself to where the next second will find it.
    const next = Math.min(1, ((now % pageMs) + 1000) / pageMs);
    const isNew = now % pageMs < 1000;
    this.#parts.progress.style.transition = isNew ? 'none' : '';
    this.#parts.progress.style.transform = `scaleX(${(isNew ? 0 : next).toFixed(4)})`;
  }

  #showBanners(board: Board, now: number): void {
    const banners = bannersOf(board, now);
    const { length } = banners;
    // Always as many, so that the board below does not move.
    const first = length > bannersShown ? pageAt(now, bannerMs, length) : 0;
    this.#banners.forEach(({ root, title, text }, i) => {
      const banner = i < length ? banners[(first + i) % length] : undefined;
      hide(root, banner === undefined);
      if (!banner) return;
      mark(root, 'tone', banner.tone);
      write(title, banner.title);
      write(text, banner.text);
    });
  }
}
