/** How full an event is: one thin bar of three parts and the same in words. */
import { el } from './dom.ts';
import { number } from './format.ts';
import type { Tally } from './seat-board.ts';

export class Meter {
  readonly element: HTMLElement;
  readonly #parts: { bar: HTMLElement; count: HTMLElement; key: 'free' | 'held' | 'sold' }[];

  constructor() {
    this.#parts = (['free', 'held', 'sold'] as const).map((key) => ({
      key,
      bar: el('span', { class: 'meter-part', 'data-part': key }),
      count: el('b', { 'data-count': key }, '–'),
    }));
    const words = { free: 'free', held: 'in carts', sold: 'sold' };
    this.element = el(
      'div',
      { class: 'meter', 'data-loaded': 'false' },
      el('div', { class: 'meter-bar', 'aria-hidden': 'true' }, ...this.#parts.map(({ bar }) => bar)),
      el(
        'p',
        { class: 'meter-words' },
        ...this.#parts.map(({ key, count }) => el('span', { 'data-part': key }, count, ` ${words[key]}`)),
      ),
    );
  }

  show(tally: Tally): void {
    this.element.dataset['loaded'] = 'true';
    for (const { key, bar, count } of this.#parts) {
      bar.style.flexGrow = `${tally[key]}`;
      bar.hidden = tally[key] === 0;
      count.textContent = number(tally[key]);
    }
  }
}

/** Counts a whole map, one byte a seat. */
export function tallyOf(seats: Uint8Array): Tally {
  const counts = [0, 0, 0, 0];
  for (const state of seats) counts[state] = (counts[state] as number) + 1;
  const [free = 0, held = 0, sold = 0, blocked = 0] = counts;
  return { free, held, sold, blocked };
}
