/** The little card beside the pointer: which seat, what it costs, whether it is free. */
import { byId, el, fill } from './dom.ts';
import type { MapView } from './map-view.ts';
import type { SeatBoard } from './seat-board.ts';
import { lookWords, type SeatWords } from './seat-words.ts';

export function showTooltip(
  board: SeatBoard,
  view: MapView,
  words: SeatWords,
  price: (seat: number) => string,
): void {
  const tip = byId('tooltip', HTMLElement);
  const host = tip.parentElement;
  let seat: number | undefined;

  const show = () => {
    if (seat === undefined) return;
    const look = board.lookOf(seat);
    const dot = el('span', { class: 'dot' });
    dot.style.background = view.theme.categories[board.plan.seats[seat]?.category ?? -1]?.color ?? '';
    tip.dataset['state'] = look;
    fill(
      tip,
      el('strong', {}, words.parts(seat).join(' · ')),
      el('span', { class: 'tip-line' }, dot, `${words.category(seat)} — ${price(seat)}`),
      el(
        'span',
        { class: 'tip-state' },
        board.pending.get(seat) === 'taking' ? 'one moment…' : lookWords[look],
      ),
    );
  };

  view.on('hover', (hover) => {
    tip.hidden = hover === undefined;
    if (!hover || !host) {
      seat = undefined;
      return;
    }
    if (seat !== hover.seat) {
      seat = hover.seat;
      show();
    }
    const { offsetWidth: width, offsetHeight: height } = tip;
    const x = Math.max(8, Math.min(host.clientWidth - width - 8, hover.at.x - width / 2));
    const above = hover.at.y - hover.radius - 10 - height;
    const y = above < 8 ? hover.at.y + hover.radius + 10 : above;
    tip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
  });
  board.on('changed', (seats) => {
    if (seat !== undefined && (seats === 'all' || seats.includes(seat))) show();
  });
}
