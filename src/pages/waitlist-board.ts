/** What an organizer sees of a waitlist: totals, what is wanted of each category, and the queue itself. */
import type { SeatcastClient } from '../client/client.ts';
import type { Event as SeatedEvent, WaitlistLine, WaitlistState } from '../contracts.gen.ts';
import { armedButton } from './armed-button.ts';
import { type Child, el, fill } from './dom.ts';
import { number, plural } from './format.ts';
import { panel } from './sales-cards.ts';
import { offersAtMost } from './waitlist-words.ts';

export interface Lines {
  lines: WaitlistLine[];
  /** More than were read. */
  isCut: boolean;
}

export interface WaitlistSeen {
  waiting: Lines;
  offered: Lines;
  ended: WaitlistLine[];
}

interface BoardOptions {
  promote: (entryId: string) => Promise<void>;
  /** Another part of the list is wanted. */
  choose: () => void;
}

const pageSize = 100;
/** Rows beyond are counted, not drawn. */
const drawnAtMost = 300;

/** All entries in a state, in their order, up to `most`. */
export async function readLines(
  client: SeatcastClient,
  eventId: string,
  state: WaitlistState,
  most: number,
): Promise<Lines> {
  const lines: WaitlistLine[] = [];
  let cursor: string | undefined;
  do {
    const asked = { eventId, state, limit: pageSize, ...(cursor ? { cursor } : {}) };
    const { entries, nextCursor } = await client.request('waitlist:list', asked);
    lines.push(...entries);
    cursor = nextCursor ?? undefined;
  } while (cursor && lines.length < most);
  return { lines, isCut: cursor !== undefined };
}

const stateWords: Readonly<Record<WaitlistState, string>> = {
  waiting: 'Waiting',
  offered: 'Has an offer',
  accepted: 'Accepted',
  left: 'Left',
  expired: 'Offers missed',
  closed: 'Closed',
};
const stateKinds: Partial<Record<WaitlistState, string>> = {
  offered: 'warn',
  accepted: 'good',
  expired: 'bad',
};

export class WaitlistBoard {
  readonly element = el('div', { class: 'waitlist-board' });
  view: 'live' | 'ended' = 'live';
  readonly #options: BoardOptions;
  readonly #tiles = el('div', { class: 'tiles' });
  readonly #wanted = el('div');
  readonly #rows = el('tbody');
  readonly #note = el('p', { class: 'muted waitlist-note' });
  readonly #views: HTMLButtonElement[];
  readonly #known = new Map<string, { row: HTMLElement; key: string }>();
  #event: SeatedEvent | undefined;

  constructor(options: BoardOptions) {
    this.#options = options;
    this.#views = (['live', 'ended'] as const).map((view) => {
      const button = el('button', { type: 'button' }, view === 'live' ? 'In line' : 'Ended');
      button.addEventListener('click', () => {
        this.view = view;
        this.#press();
        options.choose();
      });
      return button;
    });
    this.#press();
    const heads = ['Place', 'Who', 'Seats', 'Category', 'Since', 'Missed', 'State', ''];
    const table = el(
      'table',
      { class: 'table waitlist-table' },
      el('thead', {}, el('tr', {}, ...heads.map((head) => el('th', { scope: 'col' }, head)))),
      this.#rows,
    );
    const list = panel('Who waits', '', table, this.#note);
    list
      .querySelector('header')
      ?.append(el('fieldset', { class: 'segments', 'aria-label': 'Which entries' }, ...this.#views));
    fill(this.element, this.#tiles, this.#wanted, list);
  }

  begin(event: SeatedEvent): void {
    this.#event = event;
    this.#known.clear();
    fill(this.#rows);
  }

  show({ waiting, offered, ended }: WaitlistSeen): void {
    const live = [...offered.lines, ...waiting.lines];
    const isCut = waiting.isCut || offered.isCut;
    this.element.dataset['loaded'] = 'true';
    this.#showTiles(waiting, offered);
    fill(this.#wanted, this.#byCategory(live, isCut));
    const lines =
      this.view === 'live'
        ? live
        : ended.toSorted((a, b) => (b.entry.endedAt ?? '').localeCompare(a.entry.endedAt ?? ''));
    fill(this.#rows, ...lines.slice(0, drawnAtMost).map((line) => this.#row(line)));
    const hidden = lines.length - drawnAtMost;
    const none = this.view === 'live' ? 'Nobody waits for this event.' : 'No entry has ended yet.';
    this.#note.hidden = lines.length > 0 && hidden <= 0;
    this.#note.textContent = lines.length === 0 ? none : `and ${number(hidden)} more`;
  }

  #press(): void {
    this.#views.forEach((button, at) => {
      button.setAttribute('aria-pressed', `${(at === 0) === (this.view === 'live')}`);
    });
  }

  #showTiles(waiting: Lines, offered: Lines): void {
    const seats = (lines: WaitlistLine[]) => lines.reduce((sum, { entry }) => sum + entry.quantity, 0);
    const more = (cut: boolean) => (cut ? '+' : '');
    const tile = (name: string, value: string, note: string) =>
      el(
        'div',
        { class: 'card tile' },
        el('span', { class: 'tile-name' }, name),
        el('strong', {}, value),
        el('span', { class: 'change' }, note),
      );
    const together = waiting.lines.filter(({ entry }) => entry.together).length;
    const missed = [...waiting.lines, ...offered.lines].reduce(
      (sum, { entry }) => sum + entry.missedOffers,
      0,
    );
    fill(
      this.#tiles,
      tile(
        'Waiting',
        `${number(waiting.lines.length)}${more(waiting.isCut)}`,
        together > 0 ? `${number(together)} want to sit together` : 'in line',
      ),
      tile('Seats wanted', `${number(seats(waiting.lines))}${more(waiting.isCut)}`, 'by those in line'),
      tile('Offers out', number(offered.lines.length), plural(seats(offered.lines), 'seat')),
      tile('Offers missed', number(missed), `${offersAtMost} end an entry`),
    );
  }

  #byCategory(lines: readonly WaitlistLine[], isCut: boolean): HTMLElement {
    const groups = Map.groupBy(lines, ({ entry }) => entry.category);
    const sums = [...groups].map(([category, of]) => ({
      category: category ?? 'Any category',
      entries: of.length,
      seats: of.reduce((sum, { entry }) => sum + entry.quantity, 0),
    }));
    sums.sort((a, b) => b.seats - a.seats);
    const most = Math.max(1, ...sums.map(({ seats }) => seats));
    const rows = sums.map(({ category, entries, seats }) => {
      const filled = el('span', { class: 'bar-fill' });
      filled.style.width = `${(seats / most) * 100}%`;
      return el(
        'li',
        { 'data-category': category },
        el('span', { class: 'name' }, category),
        el('span', { class: 'muted' }, plural(entries, 'entry').replace('entrys', 'entries')),
        el('b', {}, plural(seats, 'seat')),
        el('span', { class: 'bar', 'aria-hidden': 'true' }, filled),
      );
    });
    const note = isCut ? `of the first ${number(lines.length)}` : 'in line, or with an offer';
    const empty = el('p', { class: 'muted' }, 'Nothing is wanted right now.');
    return panel('Wanted', note, rows.length > 0 ? el('ul', { class: 'bars' }, ...rows) : empty);
  }

  /** The same row while nothing in it is different, or its button has just been armed. */
  #row(line: WaitlistLine): HTMLElement {
    const { id } = line.entry;
    const key = JSON.stringify(line);
    const known = this.#known.get(id);
    if (known && (known.key === key || known.row.querySelector('[data-armed]'))) return known.row;
    const row = this.#newRow(line);
    this.#known.set(id, { row, key });
    return row;
  }

  #newRow({ entry, name, email, promoted, gathered }: WaitlistLine): HTMLElement {
    const zone = this.#event?.timeZone ?? 'UTC';
    const since = new Date(entry.joinedAt).toLocaleString('en-GB', {
      timeZone: zone,
      dateStyle: 'medium',
      timeStyle: 'short',
    });
    const canPromote = entry.state === 'waiting' && !promoted && entry.position !== 1;
    const button =
      canPromote &&
      armedButton({
        resting: 'Put first',
        asks: 'Before all others?',
        label: `Put ${name} first`,
        look: 'button button-small',
        data: { 'data-act': 'promote' },
        act: () => this.#options.promote(entry.id),
      });
    const cell = (label: string, ...children: Child[]) => el('td', { 'data-label': label }, ...children);
    const state = el(
      'span',
      { class: 'tag', 'data-kind': stateKinds[entry.state] ?? '' },
      stateWords[entry.state],
    );
    return el(
      'tr',
      { 'data-entry': entry.id, 'data-state': entry.state },
      cell('Place', el('b', { class: 'place' }, entry.position === null ? '–' : number(entry.position))),
      cell('Who', el('span', { class: 'who' }, name), el('span', { class: 'muted who-mail' }, email)),
      cell('Seats', `${number(entry.quantity)}${entry.together ? ' together' : ''}`),
      cell('Category', entry.category ?? 'Any'),
      cell('Since', since),
      cell('Missed', number(entry.missedOffers)),
      cell(
        'State',
        state,
        promoted && entry.state === 'waiting' && el('span', { class: 'tag' }, 'Put first'),
        gathered > 0 && el('span', { class: 'tag' }, `${plural(gathered, 'seat')} kept`),
      ),
      cell('', button),
    );
  }
}
