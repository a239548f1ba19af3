/** The cart: what you hold, what it costs, how long it is kept, and the way to book it. */
import type { SeatMap } from '../client/seat-map.ts';
import type { Hold } from '../contracts.gen.ts';
import type { Buyer } from './buyer.ts';
import type { Checkout } from './checkout.ts';
import { byId, el, fill, icon } from './dom.ts';
import { countdown, money, plural } from './format.ts';
import type { HubClock } from './hub-clock.ts';
import { PayPanel } from './pay-panel.ts';
import type { SeatWords } from './seat-words.ts';
import { announce } from './toast.ts';

interface CartOptions {
  map: SeatMap;
  buyer: Buyer;
  /** Where the event is paid online. */
  checkout: Checkout | undefined;
  clock: HubClock;
  holdMs: number;
  payingMs: number;
  words: SeatWords;
  colorOf: (seat: number) => string;
  reveal: (seat: number) => void;
}

const warnMs = 60_000;
const primary = 'button-primary button-wide';

export class Cart {
  readonly #options: CartOptions;
  readonly #section = byId('cart', HTMLElement);
  readonly #body = byId('cart-body', HTMLElement);
  readonly #toggle = byId('cart-toggle', HTMLButtonElement);
  /** What has to be shown anew every moment, per hold. */
  #timers: ((now: number) => void)[] = [];
  #warned = '';
  #panels = new Map<string, PayPanel>();

  constructor(options: CartOptions) {
    this.#options = options;
    options.map.on('holds', () => this.#show());
    options.checkout?.on('changed', () => this.#show());
    this.#toggle.addEventListener('click', () => this.open(this.#section.dataset['open'] !== 'true'));
    setInterval(() => this.#tick(), 250);
    this.#show();
  }

  /** On a phone the cart is a sheet that opens over the page. */
  open(open: boolean): void {
    this.#section.dataset['open'] = `${open}`;
    this.#toggle.setAttribute('aria-expanded', `${open}`);
  }

  #show(): void {
    const { holds } = this.#options.map;
    const focused = document.activeElement instanceof HTMLElement ? document.activeElement : undefined;
    const act = this.#body.contains(focused ?? null) ? focused?.dataset['act'] : undefined;
    for (const holdId of this.#panels.keys())
      if (!holds.some((hold) => hold.holdId === holdId)) this.#panels.delete(holdId);
    this.#section.dataset['seats'] = `${holds.reduce((sum, hold) => sum + hold.seats.length, 0)}`;
    this.#timers = [];
    fill(this.#body, ...(holds.length === 0 ? [this.#empty()] : holds.map((hold) => this.#hold(hold))));
    if (holds.length === 0) this.open(false);
    this.#summary(holds);
    this.#tick();
    // The list is made anew, and a keyboard must not be thrown back to the top of the page.
    if (focused && focused !== document.activeElement && this.#body.contains(focused))
      focused.focus({ preventScroll: true });
    else if (act) this.#body.querySelector<HTMLElement>(`[data-act="${act}"]`)?.focus();
  }

  #empty(): HTMLElement {
    return el(
      'div',
      { class: 'nothing' },
      icon('ticket'),
      el('p', {}, 'Pick a seat on the map and it is kept for you while you decide.'),
    );
  }

  #hold(hold: Hold): HTMLElement {
    const { buyer, holdMs, payingMs } = this.#options;
    const isSettled = buyer.settled.has(hold.holdId);
    const wholeMs = isSettled ? Math.max(holdMs, payingMs) : holdMs;
    const time = el('span', { class: 'countdown-time', 'data-countdown': hold.holdId });
    const bar = el('span', { class: 'countdown-bar' });
    const countdownRow = el(
      'div',
      { class: 'countdown', role: 'timer', 'aria-label': 'Time left' },
      icon('clock'),
      el('span', { class: 'countdown-words' }, isSettled ? 'Time to pay' : 'Kept for you for'),
      time,
    );
    const box = el(
      'div',
      { class: 'hold', 'data-hold': hold.holdId },
      countdownRow,
      el('div', { class: 'countdown-track' }, bar),
      el('ul', { class: 'lines' }, ...hold.seats.map((seat) => this.#line(hold, seat, isSettled))),
      el(
        'div',
        { class: 'total' },
        el('span', {}, `Total for ${plural(hold.seats.length, 'seat')}`),
        el(
          'strong',
          { class: 'total-sum', 'data-total': hold.totalCents },
          money(hold.totalCents, hold.currency),
        ),
      ),
      ...this.#ending(hold, isSettled),
    );
    this.#timers.push((now) => {
      const left = hold.expiresAt - now;
      time.textContent = countdown(left);
      bar.style.transform = `scaleX(${Math.max(0, Math.min(1, left / wholeMs))})`;
      box.dataset['urgent'] = `${left < warnMs}`;
      if (left < warnMs && left > 0 && this.#warned !== `${hold.holdId} ${hold.expiresAt}`) {
        this.#warned = `${hold.holdId} ${hold.expiresAt}`;
        if (wholeMs > warnMs * 1.5) announce('Less than a minute left to book your seats.');
      }
    });
    return box;
  }

  /** What the cart ends in: booking, or paying. */
  #ending(hold: Hold, isSettled: boolean): HTMLElement[] {
    const { buyer, checkout } = this.#options;
    const step = checkout?.stepOf(hold.holdId);
    if (checkout && step) {
      const panel = this.#panels.get(hold.holdId) ?? new PayPanel(checkout, hold);
      // Also after a reload: a phone must not hide what has to be done.
      if (!this.#panels.has(hold.holdId)) this.open(true);
      this.#panels.set(hold.holdId, panel);
      panel.show(hold, step, isSettled);
      return [panel.element];
    }
    this.#panels.delete(hold.holdId);
    const isPaid = checkout !== undefined && hold.totalCents > 0;
    const go = isPaid
      ? this.#button(`Pay ${money(hold.totalCents, hold.currency)}`, 'pay', primary, async () => {
          checkout.open(hold);
          this.#panels.get(hold.holdId)?.focus();
        })
      : this.#button('Book now', 'confirm', primary, () => buyer.confirm(hold));
    this.#timers.push((now) => {
      if (go.dataset['busy'] === undefined) go.disabled = hold.expiresAt <= now;
    });
    const extend = this.#button('More time', 'extend', 'button-quiet', () => buyer.extend(hold));
    const release = this.#button('Release all', 'release', 'button-quiet', () => buyer.release(hold));
    extend.hidden = hold.extensionsLeft === 0;
    extend.title = `Starts your time anew (${plural(hold.extensionsLeft, 'time')} left)`;
    return [go, el('div', { class: 'hold-actions' }, extend, release)];
  }

  #line(hold: Hold, seat: number, isSettled: boolean): HTMLElement {
    const { words, colorOf, reveal, buyer } = this.#options;
    const row = words.parts(seat).slice(0, -1).join(', ');
    const name = words.parts(seat).at(-1) ?? '';
    const dot = el('span', { class: 'dot', 'aria-hidden': 'true' });
    dot.style.background = colorOf(seat);
    const show = el('button', { class: 'line-name', type: 'button', title: 'Show on the map' });
    show.append(
      el('strong', {}, dot, name),
      el('span', { class: 'line-category' }, `${row} · ${words.category(seat)}`),
    );
    show.addEventListener('click', () => reveal(seat));
    const remove = el(
      'button',
      {
        class: 'icon-button',
        type: 'button',
        'aria-label': `Give back ${words.long(seat)}`,
        'data-release': seat,
      },
      icon('close'),
    );
    remove.addEventListener('click', () => void buyer.release(hold, [seat]));
    const price = el('span', { class: 'line-price' }, money(words.priceCents(seat), hold.currency));
    return el('li', { class: 'line', 'data-cart-seat': seat }, show, price, !isSettled && remove);
  }

  #button(text: string, act: string, look: string, run: () => Promise<void>): HTMLButtonElement {
    const button = el('button', { class: `button ${look}`, type: 'button', 'data-act': act }, text);
    button.addEventListener('click', () => {
      button.dataset['busy'] = 'true';
      button.disabled = true;
      run().finally(() => {
        delete button.dataset['busy'];
        button.disabled = false;
      });
    });
    return button;
  }

  /** The one line of the closed sheet. */
  #summary(holds: Hold[]): void {
    const seats = holds.reduce((sum, hold) => sum + hold.seats.length, 0);
    const first = holds.at(-1);
    const total = holds.reduce((sum, hold) => sum + hold.totalCents, 0);
    const time = el('span', { class: 'countdown-time' });
    if (first) this.#timers.push((now) => (time.textContent = countdown(first.expiresAt - now)));
    fill(
      this.#toggle,
      el('span', { class: 'sheet-count' }, plural(seats, 'seat')),
      el('span', {}, first ? money(total, first.currency) : ''),
      time,
      icon('chevron'),
    );
  }

  #tick(): void {
    const now = this.#options.clock.now();
    for (const timer of this.#timers) timer(now);
  }
}
