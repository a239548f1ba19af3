/** The price list with free counts, where a category can be singled out, and the key to the seats' looks. */
import type { Event as SeatedEvent } from '../contracts.gen.ts';
import { byId, el, fill } from './dom.ts';
import { money, number } from './format.ts';
import type { MapView } from './map-view.ts';
import { looks, type SeatBoard } from './seat-board.ts';
import { paintSeat } from './seat-paint.ts';

export function showPrices(board: SeatBoard, view: MapView, event: SeatedEvent): void {
  let only: number | undefined;
  const entries = board.plan.categories.map((category, index) => {
    const dot = el('span', { class: 'dot', 'aria-hidden': 'true' });
    const count = el('span', { class: 'price-free' });
    const price = money(event.prices[category.name] ?? 0, event.currency);
    const button = el(
      'button',
      { class: 'price', type: 'button', 'aria-pressed': 'false', title: 'Show only these seats' },
      dot,
      el('span', { class: 'price-name' }, category.name),
      count,
      el('strong', { class: 'price-sum' }, price),
    );
    button.addEventListener('click', () => {
      only = only === index ? undefined : index;
      view.showOnly(only);
      entries.forEach((entry, at) => {
        entry.button.setAttribute('aria-pressed', `${at === only}`);
      });
    });
    return { dot, count, button };
  });
  const show = () => {
    entries.forEach(({ dot, count }, index) => {
      const free = board.freeByCategory[index] ?? 0;
      dot.style.background = view.theme.categories[index]?.color ?? '';
      count.textContent = free === 0 ? 'none left' : `${number(free)} free`;
    });
  };
  board.on('changed', show);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => requestAnimationFrame(show));
  fill(byId('prices', HTMLElement), ...entries.map(({ button }) => button));
  show();
}

/** Painted by the same brush as the map. */
export function showKey(board: SeatBoard, view: MapView): void {
  const words: [number, string][] = [
    [looks.free, 'Free'],
    [looks.mine, 'In your cart'],
    [looks.held, 'In another cart'],
    [looks.sold, 'Sold'],
    [looks.booked, 'Your booking'],
    [looks.offered, 'Offered to you'],
  ];
  // As many pixels as are shown: a scaled sample would blur.
  const side = Math.round(18 * devicePixelRatio);
  const samples = words.map(([look, word]) => {
    const canvas = el('canvas', { class: 'key-seat', width: side, height: side, 'aria-hidden': 'true' });
    return { look, canvas, item: el('li', {}, canvas, word) };
  });
  // Few ever see one: it takes its room only then.
  const offered = samples.find(({ look }) => look === looks.offered)?.item;
  const show = () => {
    if (offered) offered.hidden = board.offered.size === 0;
  };
  board.on('changed', show);
  show();
  const paint = () => {
    for (const { look, canvas } of samples) {
      const context = canvas.getContext('2d');
      if (context) paintSeat(context, view.theme, look, 0, side / 2, side / 2, side * 0.44);
    }
  };
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => requestAnimationFrame(paint));
  fill(byId('key', HTMLElement), ...samples.map(({ item }) => item));
  paint();
}
