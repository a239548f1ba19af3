/** The waitlist beside the map: where one waits, what became of it, and the way to join while seats are short. */
import type { Event as SeatedEvent, WaitlistEntry } from '../contracts.gen.ts';
import { armedButton } from './armed-button.ts';
import { byId, el, fill, icon } from './dom.ts';
import { number } from './format.ts';
import type { HubClock } from './hub-clock.ts';
import type { SeatBoard } from './seat-board.ts';
import { announce } from './toast.ts';
import type { Waiter } from './waiter.ts';
import { WaitlistForm } from './waitlist-form.ts';
import { missedWords, placeWords, type Wish, wishWords } from './waitlist-words.ts';

interface PanelOptions {
  waiter: Waiter;
  event: SeatedEvent;
  board: SeatBoard;
  clock: HubClock;
  /** Whether somebody is signed in, who is asked to if not. */
  signedIn: (wish: Wish) => Promise<boolean>;
}

const lookEveryMs = 5000;
/** A rush changes the map 25 times a second. */
const followAfterMs = 250;
/** A place that changes every second is read out when it has come to rest. */
const restMs = 2500;

export class WaitlistPanel {
  readonly #options: PanelOptions;
  readonly #section = byId('waitlist', HTMLElement);
  readonly #news = byId('waitlist-news', HTMLElement);
  readonly #list = byId('waitlist-list', HTMLElement);
  readonly #form: WaitlistForm;
  readonly #cards = new Map<string, { card: HTMLElement; key: string; place: HTMLElement }>();
  #follow: ReturnType<typeof setTimeout> | undefined;
  #said = '';
  #saying: ReturnType<typeof setTimeout> | undefined;

  constructor(options: PanelOptions) {
    this.#options = options;
    const { waiter, board, event } = options;
    this.#form = new WaitlistForm(byId('waitlist-join', HTMLDetailsElement), {
      board,
      event,
      join: async (wish) => {
        if (!(await options.signedIn(wish))) return;
        if (await waiter.join(wish)) this.#section.querySelector<HTMLElement>('.wait')?.focus();
      },
    });
    waiter.on('changed', () => this.#show());
    board.on('changed', () => {
      this.#follow ??= setTimeout(() => {
        this.#follow = undefined;
        this.#show();
      }, followAfterMs);
    });
    setInterval(() => this.#show(), lookEveryMs);
    this.#show();
  }

  get #isOpen(): boolean {
    const { event, clock } = this.#options;
    const now = clock.now();
    const ends = Math.min(Date.parse(event.startsAt), Date.parse(event.salesEndAt ?? event.startsAt));
    const begins = event.salesStartAt === null ? 0 : Date.parse(event.salesStartAt);
    return event.status === 'published' && event.sellMode === 'online' && begins <= now && now < ends;
  }

  #show(): void {
    const { waiter } = this.#options;
    const { entries } = waiter;
    const canJoin = this.#isOpen && this.#form.follow(entries);
    this.#section.hidden = entries.length === 0 && waiter.news === '' && !canJoin;
    this.#form.element.hidden = !canJoin;
    this.#showNews(waiter.news);
    for (const [id, { card }] of this.#cards) {
      if (entries.some((entry) => entry.id === id)) continue;
      card.remove();
      this.#cards.delete(id);
    }
    for (const entry of entries) this.#showEntry(entry);
    this.#readOut(entries);
  }

  #showNews(text: string): void {
    if (this.#news.dataset['text'] === text) return;
    this.#news.dataset['text'] = text;
    this.#news.hidden = text === '';
    const close = el(
      'button',
      { class: 'icon-button', type: 'button', 'aria-label': 'Close' },
      icon('close'),
    );
    close.addEventListener('click', () => this.#options.waiter.dismiss());
    fill(this.#news, el('span', {}, text), close);
  }

  /** Made anew only when more than the place is different: a button that was just armed would forget it. */
  #showEntry(entry: WaitlistEntry): void {
    const key = `${entry.state} ${entry.missedOffers}`;
    const known = this.#cards.get(entry.id);
    const shown = known?.key === key ? known : this.#card(entry, key);
    if (known && known !== shown) known.card.replaceWith(shown.card);
    else if (!known) this.#list.append(shown.card);
    this.#cards.set(entry.id, shown);
    fill(shown.place, ...this.#place(entry));
  }

  #place(entry: WaitlistEntry): HTMLElement[] {
    if (entry.offer) return [el('span', {}, 'Seats are kept for you: accept or decline them above.')];
    const { length } = this.#options.waiter;
    const isCounted = entry.position !== null && length !== undefined && length >= entry.position;
    const behind =
      entry.position === 1 ? 'next in line' : isCounted ? `of ${number(length)} in line` : 'in line';
    const big = entry.position === null ? '–' : number(entry.position);
    return [
      el('span', { 'aria-hidden': 'true' }, el('strong', { class: 'wait-number' }, big), ` ${behind}`),
      el('span', { class: 'visually-hidden' }, placeWords(entry.position, length)),
    ];
  }

  #card(entry: WaitlistEntry, key: string) {
    const place = el('p', { class: 'wait-place' });
    const leave = armedButton({
      resting: 'Leave',
      asks: 'Lose your place?',
      label: `Leave the waitlist for ${wishWords(entry)}`,
      look: 'button button-quiet button-small',
      data: { 'data-act': 'leave' },
      act: () => this.#options.waiter.leave(entry),
    });
    const isOffered = entry.state === 'offered';
    const missed = missedWords(entry.missedOffers);
    const card = el(
      'article',
      { class: 'wait', 'data-entry': entry.id, 'data-state': entry.state, tabindex: -1 },
      el(
        'div',
        { class: 'wait-head' },
        el('h3', {}, wishWords(entry)),
        el('span', { class: 'tag', 'data-kind': isOffered ? 'good' : '' }, isOffered ? 'Offer' : 'Waiting'),
      ),
      el('div', { class: 'wait-foot' }, place, leave),
      missed !== '' && el('p', { class: 'hint wait-missed' }, missed),
    );
    return { card, key, place };
  }

  #readOut(entries: readonly WaitlistEntry[]): void {
    const words = entries
      .filter(({ position }) => position !== null)
      .map((entry) => `${wishWords(entry)}: ${placeWords(entry.position, undefined)}`)
      .join(' ');
    if (words === this.#said) return;
    this.#said = words;
    clearTimeout(this.#saying);
    if (words !== '') this.#saying = setTimeout(() => announce(words), restMs);
  }
}
