/** What somebody wants to wait for: how many seats, of which category, and whether beside each other. */
import type { Event as SeatedEvent, WaitlistEntry } from '../contracts.gen.ts';
import type { SeatingPlan } from '../seating/plan.ts';
import { el, fill } from './dom.ts';
import { plural } from './format.ts';
import { looks, type SeatBoard } from './seat-board.ts';
import type { Wish } from './waitlist-words.ts';

interface FormOptions {
  board: SeatBoard;
  event: SeatedEvent;
  join: (wish: Wish) => Promise<void>;
}

const any = '';

/** Whether what is wished for looks free on the map. The hub decides. */
export function looksFree(board: SeatBoard, { quantity, category, together }: Wish): boolean {
  const { plan } = board;
  const index = category === null ? undefined : plan.categories.findIndex(({ name }) => name === category);
  const isFit = (seat: number) =>
    board.looks[seat] === looks.free && (index === undefined || plan.seats[seat]?.category === index);
  return together && quantity > 1
    ? plan.rows.some((row) => longestRun(row, isFit) >= quantity)
    : (index === undefined ? board.tally.free : (board.freeByCategory[index] ?? 0)) >= quantity;
}

function longestRun({ first, count }: SeatingPlan['rows'][number], isFit: (seat: number) => boolean): number {
  let longest = 0;
  let run = 0;
  for (let seat = first; seat < first + count; seat++) {
    run = isFit(seat) ? run + 1 : 0;
    longest = Math.max(longest, run);
  }
  return longest;
}

export class WaitlistForm {
  readonly element: HTMLDetailsElement;
  readonly #options: FormOptions;
  readonly #summary = el('summary', { class: 'wait-summary' });
  readonly #lead = el('p', { class: 'wait-lead' });
  readonly #category = el('select', { class: 'input', name: 'category' });
  readonly #quantity = el('select', { class: 'input', name: 'quantity' });
  readonly #together = el('input', { type: 'checkbox', name: 'together' });
  readonly #togetherRow: HTMLElement;
  readonly #hint = el('p', { class: 'hint', role: 'status' });
  readonly #submit = el(
    'button',
    { class: 'button button-primary button-wide', type: 'submit', 'data-act': 'join' },
    'Join the waitlist',
  );
  #offeredKey: string | undefined;
  /** Whoever has chosen is not overruled by a map that changes. */
  #isTouched = false;
  #isOpened = false;

  constructor(element: HTMLDetailsElement, options: FormOptions) {
    this.element = element;
    this.#options = options;
    const { rules } = options.event;
    const most = Math.min(rules.seatsPerHold, rules.seatsPerBuyer, options.event.seatCount);
    fill(
      this.#quantity,
      ...Array.from({ length: most }, (_, at) => el('option', { value: at + 1 }, plural(at + 1, 'seat'))),
    );
    this.#quantity.value = `${Math.min(2, most)}`;
    const field = (label: string, control: HTMLElement) =>
      el('label', { class: 'field' }, el('span', { class: 'field-label' }, label), control);
    this.#togetherRow = el('label', { class: 'check' }, this.#together, 'Only beside each other in one row');
    const form = el(
      'form',
      { class: 'form wait-form' },
      this.#lead,
      el(
        'div',
        { class: 'wait-fields' },
        field('How many', this.#quantity),
        field('Category', this.#category),
      ),
      this.#togetherRow,
      this.#hint,
      this.#submit,
    );
    form.addEventListener('change', () => {
      this.#isTouched = true;
      this.#showHint();
    });
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      this.#submit.disabled = true;
      options.join(this.wish).finally(() => {
        this.#submit.disabled = false;
      });
    });
    fill(element, this.#summary, form);
  }

  get wish(): Wish {
    const quantity = Number(this.#quantity.value);
    const category = this.#category.value === any ? null : this.#category.value;
    return { quantity, category, together: this.#together.checked && quantity > 1 };
  }

  /** Shows itself for the map as it is; answers whether there is any reason to wait, and anything left to wait for. */
  follow(entries: readonly WaitlistEntry[]): boolean {
    const { board, event } = this.#options;
    if (board.looks.includes(looks.unknown) || board.plan.seats.length === 0) return false;
    const gone = board.plan.categories.filter((_, index) => board.freeByCategory[index] === 0);
    const isSoldOut = board.tally.free === 0;
    const isShort = board.tally.free < event.rules.seatsPerHold;
    if (gone.length === 0 && !isShort) return false;
    const waiting = new Set(entries.map(({ category }) => category ?? any));
    const left = [any, ...board.plan.categories.map(({ name }) => name)].filter((name) => !waiting.has(name));
    // In a hall of one category, any is that one.
    const choices =
      board.plan.categories.length === 1 ? left.filter((name) => name === any && waiting.size === 0) : left;
    if (choices.length === 0) return false;
    const goneNames = gone.map(({ name }) => name);
    this.#offer(choices, isSoldOut, goneNames);
    const isFirst = entries.length === 0;
    this.#summary.textContent = isFirst ? summaryOf(isSoldOut, goneNames) : 'Wait for other seats';
    this.#lead.textContent = leadOf(isSoldOut);
    this.#lead.hidden = !isFirst;
    if (isSoldOut && isFirst && !this.#isOpened) {
      this.#isOpened = true;
      this.element.open = true;
    }
    if (!isFirst && this.#isOpened) {
      this.#isOpened = false;
      this.element.open = false;
    }
    this.#showHint();
    return true;
  }

  #offer(choices: readonly string[], isSoldOut: boolean, gone: readonly string[]): void {
    const key = choices.join('\n');
    const before = this.#category.value;
    if (key !== this.#offeredKey) {
      this.#offeredKey = key;
      fill(
        this.#category,
        ...choices.map((name) => el('option', { value: name }, name === any ? 'Any' : name)),
      );
      if (choices.includes(before)) this.#category.value = before;
    }
    // Most come for what has just gone.
    if (!this.#isTouched && !isSoldOut) {
      this.#category.value = gone.find((name) => choices.includes(name)) ?? choices[0] ?? any;
    }
  }

  #showHint(): void {
    const { wish } = this;
    this.#togetherRow.hidden = wish.quantity < 2;
    const isFree = looksFree(this.#options.board, wish);
    const words = isFree ? 'Such seats are free right now: pick them on the map.' : '';
    if (this.#hint.textContent !== words) this.#hint.textContent = words;
  }
}

const summaryOf = (isSoldOut: boolean, gone: readonly string[]): string => {
  if (isSoldOut) return 'Sold out? Join the waitlist';
  if (gone.length === 0) return 'Too few seats left? Join the waitlist';
  const [first] = gone;
  return gone.length === 1
    ? `${first} is sold out: join the waitlist`
    : 'Sold out where you want to sit? Join the waitlist';
};

const leadOf = (isSoldOut: boolean): string =>
  `${isSoldOut ? 'No seat is free right now, but some' : 'Some'} come back: from carts that run out, and bookings that are cancelled. They are offered to who waits, in turn, before anybody else can take them.`;
