/** What somebody looks for on the front page: words, a time, seats that are left, an order. Kept in the address. */
import { byId } from './dom.ts';

/** While somebody still types nothing is asked. */
const typingMs = 220;
const dayMs = 86_400_000;
/** Of the choices under "when", in days. */
const spans: Readonly<Record<string, number>> = { week: 7, month: 30 };
const orders: readonly string[] = ['startsAt', 'price', 'title'];

export class Finder {
  readonly #words = byId('words', HTMLInputElement);
  readonly #clear = byId('clear', HTMLButtonElement);
  readonly #free = byId('free', HTMLButtonElement);
  readonly #order = byId('order', HTMLSelectElement);
  readonly #times = [...document.querySelectorAll<HTMLButtonElement>('#when [data-when]')];
  readonly #changed: () => void;
  #when = '';
  #due: ReturnType<typeof setTimeout> | undefined;

  constructor(changed: () => void) {
    this.#changed = changed;
    this.#read();
    byId('finder', HTMLFormElement).addEventListener('submit', (event) => {
      event.preventDefault();
      this.#ask();
    });
    this.#words.addEventListener('input', () => {
      clearTimeout(this.#due);
      this.#due = setTimeout(() => this.#ask(), typingMs);
      this.#show();
    });
    this.#clear.addEventListener('click', () => this.reset());
    this.#free.addEventListener('click', () => {
      press(this.#free, !isPressed(this.#free));
      this.#ask();
    });
    this.#order.addEventListener('change', () => this.#ask());
    for (const button of this.#times) {
      button.addEventListener('click', () => {
        this.#when = button.dataset['when'] ?? '';
        this.#ask();
      });
    }
    window.addEventListener('popstate', () => {
      this.#read();
      this.#changed();
    });
  }

  /** Whether anything is left out. */
  get isNarrow(): boolean {
    return this.#words.value.trim() !== '' || this.#when !== '' || isPressed(this.#free);
  }

  /** Whether the next ones on come first. */
  get isByStart(): boolean {
    return this.#order.value === orders[0];
  }

  /** As the list of events takes it. */
  query(cursor?: string): URLSearchParams {
    const query = new URLSearchParams({ status: 'published' });
    const words = this.#words.value.trim();
    if (words !== '') query.set('q', words);
    const days = spans[this.#when];
    // The same for a whole day, so that an answer can be had again.
    const until = days && (Math.floor(Date.now() / dayMs) + 1 + days) * dayMs;
    if (until) query.set('to', new Date(until).toISOString());
    if (isPressed(this.#free)) query.set('hasFreeSeats', 'true');
    if (this.#order.value !== orders[0]) query.set('sort', this.#order.value);
    if (cursor) query.set('cursor', cursor);
    return query;
  }

  /** Everything again. */
  reset(): void {
    this.#words.value = '';
    this.#when = '';
    press(this.#free, false);
    this.#ask();
    this.#words.focus();
  }

  #ask(): void {
    clearTimeout(this.#due);
    this.#show();
    const kept = new URLSearchParams();
    if (this.#words.value.trim() !== '') kept.set('q', this.#words.value.trim());
    if (this.#when !== '') kept.set('when', this.#when);
    if (isPressed(this.#free)) kept.set('free', '1');
    if (this.#order.value !== orders[0]) kept.set('sort', this.#order.value);
    history.replaceState(null, '', kept.size > 0 ? `?${kept}` : location.pathname);
    this.#changed();
  }

  #read(): void {
    const kept = new URLSearchParams(location.search);
    this.#words.value = (kept.get('q') ?? '').slice(0, this.#words.maxLength);
    const when = kept.get('when') ?? '';
    this.#when = Object.hasOwn(spans, when) ? when : '';
    press(this.#free, kept.get('free') === '1');
    const order = kept.get('sort') ?? '';
    this.#order.value = orders.includes(order) ? order : (orders[0] ?? '');
    this.#show();
  }

  #show(): void {
    this.#clear.hidden = this.#words.value === '';
    for (const button of this.#times) press(button, (button.dataset['when'] ?? '') === this.#when);
  }
}

const isPressed = (button: HTMLButtonElement) => button.getAttribute('aria-pressed') === 'true';
const press = (button: HTMLButtonElement, pressed: boolean) =>
  button.setAttribute('aria-pressed', String(pressed));
