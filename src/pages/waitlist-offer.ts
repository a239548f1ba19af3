/** An offer from the waitlist: which seats, what they cost, how long they are kept, and the way to take them or not. */
import type { WaitlistEntry, WaitlistOffer } from '../contracts.gen.ts';
import { armedButton } from './armed-button.ts';
import { byId, el, fill, icon } from './dom.ts';
import { countdown, eventTime, money, ownZone, plural } from './format.ts';
import type { HubClock } from './hub-clock.ts';
import type { SeatWords } from './seat-words.ts';
import { announce } from './toast.ts';
import type { Waiter } from './waiter.ts';

interface OfferOptions {
  waiter: Waiter;
  clock: HubClock;
  words: SeatWords;
  colorOf: (seat: number) => string;
  reveal: (seat: number) => void;
  /** What was accepted is a hold now: the keyboard goes on there. */
  toCart: () => void;
}

type Offered = WaitlistEntry & { offer: WaitlistOffer };

const warnMs = 60_000;

export class OfferCard {
  readonly #options: OfferOptions;
  readonly #section = byId('offer', HTMLElement);
  readonly #title = document.title;
  #shown = '';
  #tick: (now: number) => void = () => undefined;
  /** How long each was kept when it was first seen: what the bar shows all of. */
  readonly #wholeMs = new Map<string, number>();
  readonly #warned = new Set<string>();

  constructor(options: OfferOptions) {
    this.#options = options;
    const { waiter, clock } = options;
    waiter.on('changed', () => this.#show());
    waiter.on('offered', ({ offer }) => {
      const seats = offer.seats.map(({ label }) => label).join('; ');
      announce(
        `${plural(offer.seats.length, 'seat')} for you from the waitlist: ${seats}. ${this.#until(offer)} Accept or decline at the top of the page.`,
      );
    });
    setInterval(() => this.#tick(clock.now()), 250);
    this.#show();
  }

  #until({ expiresAt }: WaitlistOffer): string {
    return `Kept for you until ${eventTime(new Date(expiresAt).toISOString(), ownZone())}.`;
  }

  #show(): void {
    const [entry] = this.#options.waiter.offers;
    const key = entry ? entry.offer.holdId : '';
    if (key === this.#shown) return;
    this.#shown = key;
    this.#section.hidden = !entry;
    // Whoever looks at another tab sees it there.
    document.title = entry
      ? `${plural(entry.offer.seats.length, 'seat')} for you · ${this.#title}`
      : this.#title;
    this.#tick = () => undefined;
    fill(this.#section, ...(entry ? this.#card(entry) : []));
    if (entry) this.#tick(this.#options.clock.now());
  }

  #card(entry: Offered): HTMLElement[] {
    const { waiter, clock, toCart } = this.#options;
    const { offer } = entry;
    const count = plural(offer.seats.length, 'seat');
    const wholeMs = this.#wholeMs.get(offer.holdId) ?? Math.max(1, offer.expiresAt - clock.now());
    this.#wholeMs.set(offer.holdId, wholeMs);
    const time = el('span', { class: 'countdown-time', role: 'timer', 'aria-label': 'Time to answer' });
    const bar = el('span', { class: 'countdown-bar' });
    const accept = el(
      'button',
      { class: 'button button-primary', type: 'button', 'data-act': 'accept' },
      `Accept for ${money(offer.totalCents, offer.currency)}`,
    );
    accept.addEventListener('click', async () => {
      accept.disabled = true;
      accept.dataset['busy'] = 'true';
      if (await waiter.accept(entry)) return toCart();
      delete accept.dataset['busy'];
      accept.disabled = false;
    });
    const decline = armedButton({
      resting: 'Decline',
      asks: 'Let them go?',
      look: 'button button-quiet',
      data: { 'data-act': 'decline' },
      act: () => waiter.decline(entry),
    });
    this.#tick = (now) => {
      const left = offer.expiresAt - now;
      time.textContent = countdown(left);
      bar.style.transform = `scaleX(${Math.max(0, Math.min(1, left / wholeMs))})`;
      this.#section.dataset['urgent'] = `${left < warnMs}`;
      if (accept.dataset['busy'] === undefined) accept.disabled = left <= 0;
      if (left < warnMs && left > 0 && wholeMs > warnMs * 1.5 && !this.#warned.has(offer.holdId)) {
        this.#warned.add(offer.holdId);
        announce(`Less than a minute left to accept ${count}.`);
      }
    };
    return [
      el(
        'div',
        { class: 'offer-head' },
        icon('ticket'),
        el('h2', { class: 'offer-title', id: 'offer-title' }, `${count} for you`),
        time,
      ),
      el('div', { class: 'countdown-track' }, bar),
      el('p', { class: 'offer-lead' }, `From the waitlist. ${this.#until(offer)}`),
      el('ul', { class: 'lines' }, ...offer.seats.map((line) => this.#line(line, offer.currency))),
      el('div', { class: 'offer-actions' }, accept, decline),
    ];
  }

  #line(
    { seat, label, category, priceCents }: WaitlistOffer['seats'][number],
    currency: string,
  ): HTMLElement {
    const { words, colorOf, reveal } = this.#options;
    const parts = words.parts(seat);
    const dot = el('span', { class: 'dot', 'aria-hidden': 'true' });
    dot.style.background = colorOf(seat);
    const row = parts.slice(0, -1).join(', ');
    const show = el('button', { class: 'line-name', type: 'button', title: 'Show on the map' });
    show.append(
      el('strong', {}, dot, parts.at(-1) ?? label),
      el('span', { class: 'line-category' }, `${row} · ${category}`),
    );
    show.addEventListener('click', () => reveal(seat));
    const price = el('span', { class: 'line-price' }, money(priceCents, currency));
    return el('li', { class: 'line', 'data-offered-seat': seat }, show, price);
  }
}
