/** The list of screens: where each hangs, how it is, what it shows, and the ways to change or revoke it. */
import type { Kiosk, Venue } from '../contracts.gen.ts';
import { armedButton } from './armed-button.ts';
import { arrange, type Child, el, fill, icon, write } from './dom.ts';
import { panel } from './sales-cards.ts';
import { type Standing, showsWords, standingOf } from './screens-words.ts';
import { announce } from './toast.ts';

interface ListOptions {
  change: (kiosk: Kiosk) => void;
  revoke: (kiosk: Kiosk) => Promise<void>;
}

interface Row {
  root: HTMLElement;
  kiosk: Kiosk;
  state: Standing['state'] | undefined;
  name: HTMLElement;
  /** What the keyboard finds first in this row. */
  change: HTMLButtonElement;
  venue: HTMLElement;
  tag: HTMLElement;
  heard: HTMLElement;
  page: HTMLElement;
  device: HTMLElement;
}

/** The board of a venue, as its screens show it. */
export const previewOf = (venueId: string): string => `/kiosk?venue=${encodeURIComponent(venueId)}`;

export class ScreensList {
  readonly element: HTMLElement;
  readonly #options: ListOptions;
  readonly #rows = new Map<string, Row>();
  readonly #body = el('tbody');
  readonly #table: HTMLElement;
  readonly #empty: HTMLElement;

  constructor(options: ListOptions) {
    this.#options = options;
    const heads = ['Screen', 'Venue', 'State', 'Shows'];
    this.#table = el(
      'table',
      { class: 'table screens-table' },
      el(
        'thead',
        {},
        el(
          'tr',
          {},
          ...heads.map((head) => el('th', { scope: 'col' }, head)),
          el('td', {}, el('span', { class: 'visually-hidden' }, 'What can be done')),
        ),
      ),
      this.#body,
    );
    const text = 'No screen is paired yet. The code of the first one goes into the form on this page.';
    this.#empty = el('div', { class: 'nothing' }, icon('screen'), el('p', {}, text));
    const title = 'Your screens';
    this.element = panel(title, '', this.#table, this.#empty);
    // Where the keyboard goes on when the last row is gone.
    this.element.tabIndex = -1;
    this.element.setAttribute('aria-label', title);
  }

  /** @param now on the hub's clock */
  show(kiosks: readonly Kiosk[], venues: readonly Venue[], now: number): void {
    this.element.dataset['loaded'] = 'true';
    const ids = new Set(kiosks.map(({ id }) => id));
    for (const id of this.#rows.keys()) if (!ids.has(id)) this.#rows.delete(id);
    const names = new Map(venues.map(({ id, name }) => [id, name]));
    const rows = kiosks.map((kiosk) => {
      const row = this.#rows.get(kiosk.id) ?? this.#newRow(kiosk);
      this.#rows.set(kiosk.id, row);
      this.#fill(row, kiosk, names, now);
      return row;
    });
    const focused = [...this.#body.children].findIndex((root) => root.contains(document.activeElement));
    arrange(
      this.#body,
      rows.map(({ root }) => root),
    );
    // The keyboard goes on at the row that took the place of the one that is gone.
    if (focused >= 0 && document.activeElement === document.body)
      (rows[Math.min(focused, rows.length - 1)]?.change ?? this.element).focus();
    this.#table.hidden = kiosks.length === 0;
    this.#empty.hidden = kiosks.length > 0;
  }

  #fill(row: Row, kiosk: Kiosk, names: ReadonlyMap<string, string>, now: number): void {
    const before = row.kiosk.venueId;
    row.kiosk = kiosk;
    write(row.name, kiosk.name);
    const { venueId } = kiosk;
    const venue = venueId === null ? 'None yet' : (names.get(venueId) ?? 'A venue that is gone');
    if (before !== venueId || row.venue.textContent !== venue) {
      const link = { class: 'quiet-link', href: previewOf(venueId ?? ''), target: '_blank', rel: 'noopener' };
      fill(row.venue, venueId !== null && names.has(venueId) ? el('a', link, venue) : venue);
    }
    const standing = standingOf(kiosk, now);
    write(row.tag, standing.text);
    write(row.heard, standing.heard);
    row.tag.dataset['kind'] = standing.kind;
    row.root.dataset['state'] = standing.state;
    const { state } = standing;
    if (row.state && row.state !== state && (state === 'live' || state === 'silent')) {
      announce(`${kiosk.name} is ${state} now.`);
    }
    row.state = state;
    const { page, device } = showsWords(kiosk);
    row.root.toggleAttribute('data-blank', page === '–');
    write(row.page, page);
    write(row.device, device);
  }

  #newRow(kiosk: Kiosk): Row {
    const part = (name: string) => el('span', { class: name });
    const id = (of: string) => `${of}-${kiosk.id}`;
    // Buttons are called by what is on them and the name in the row: "Change Foyer, left".
    const called = (of: string) => ({ id: id(of), 'aria-labelledby': `${id(of)} ${id('name')}` });
    const change = el(
      'button',
      { class: 'button button-small', type: 'button', ...called('change') },
      'Change',
    );
    const row: Row = {
      root: el('tr', { 'data-kiosk': kiosk.id }),
      kiosk,
      state: undefined,
      name: el('span', { class: 'screen-name', id: id('name') }),
      change,
      venue: part('screen-venue'),
      tag: part('tag'),
      heard: part('screen-note'),
      page: part('screen-page'),
      device: part('screen-note'),
    };
    change.addEventListener('click', () => this.#options.change(row.kiosk));
    const revoke = armedButton({
      resting: 'Revoke',
      asks: 'Revoke it?',
      look: 'button button-small button-quiet',
      data: { 'data-act': 'revoke', ...called('revoke') },
      act: () => this.#options.revoke(row.kiosk),
    });
    const cell = (name: string, ...children: Child[]) => el('td', { 'data-cell': name }, ...children);
    row.root.append(
      el('th', { scope: 'row', 'data-cell': 'name' }, row.name),
      cell('venue', row.venue),
      cell('state', row.tag, row.heard),
      cell('shows', row.page, row.device),
      cell('acts', el('div', { class: 'screen-acts' }, change, revoke)),
    );
    return row;
  }
}
