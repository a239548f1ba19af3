/**
 * The map as a list, for keyboards and screen readers: zones, rows, seats. A row's seats are made when it
 * is opened, so a stadium costs no more than what is open. Arrow keys move along a row and, between open
 * rows of a zone, up and down.
 */
import { el, fill } from './dom.ts';
import { number } from './format.ts';
import type { SeatBoard } from './seat-board.ts';
import { lookWords, rowWords } from './seat-words.ts';

interface SeatListOptions {
  board: SeatBoard;
  /** "35.00 EUR" of a seat. */
  spokenPrice: (seat: number) => string;
  pick: (seat: number) => void;
  focus: (seat: number | undefined) => void;
}

export class SeatList {
  readonly #options: SeatListOptions;
  /** Only what is rendered is in these. */
  readonly #seats = new Map<number, HTMLButtonElement>();
  readonly #rowCounts = new Map<number, HTMLElement>();
  readonly #zoneCounts: HTMLElement[] = [];

  constructor(place: HTMLElement, options: SeatListOptions) {
    this.#options = options;
    const { plan } = options.board;
    fill(place, ...plan.zones.map((_zone, index) => this.#zone(index)));
    options.board.on('changed', (seats) => this.#changed(seats));
    place.addEventListener('click', (event) => {
      const seat = seatOf(event.target);
      if (seat !== undefined) options.pick(seat);
    });
    place.addEventListener('keydown', (event) => this.#key(event));
    place.addEventListener('focusin', (event) => {
      const seat = seatOf(event.target);
      const isKeyboard = event.target instanceof Element && event.target.matches(':focus-visible');
      if (seat !== undefined) this.#rove(seat);
      options.focus(isKeyboard ? seat : undefined);
    });
    place.addEventListener('focusout', () => options.focus(undefined));
  }

  #zone(zone: number): HTMLElement {
    const { plan } = this.#options.board;
    const count = el('span', { class: 'count' });
    this.#zoneCounts[zone] = count;
    const body = el('div', { class: 'zone-rows' });
    const name = plan.zones[zone]?.name || (plan.zones.length > 1 ? `Zone ${zone + 1}` : 'All seats');
    const details = el(
      'details',
      { class: 'zone', 'data-zone': zone },
      el('summary', {}, el('span', {}, name), count),
      body,
    );
    details.addEventListener('toggle', () => {
      if (!details.open || body.hasChildNodes()) return;
      plan.rows.forEach((row, index) => {
        if (row.zone === zone) body.append(this.#row(index));
      });
    });
    return details;
  }

  #row(index: number): HTMLElement {
    const { board } = this.#options;
    const row = board.plan.rows[index];
    if (!row) throw new RangeError(`The plan has no row ${index}.`);
    const words = rowWords(row);
    const count = el('span', { class: 'count' });
    const body = el('div', { class: 'row-seats', role: 'group', 'aria-label': words });
    const last = row.first + row.count - 1;
    const details = el(
      'details',
      { class: 'row', 'data-row': index, 'data-first': row.first, 'data-last': last },
      el('summary', {}, el('span', {}, words), count),
      body,
    );
    this.#rowCounts.set(index, count);
    this.#countRow(index);
    details.addEventListener('toggle', () => {
      if (!details.open || body.hasChildNodes()) return;
      for (let seat = row.first; seat <= last; seat++) {
        const button = el('button', {
          class: 'seat',
          type: 'button',
          'data-seat': seat,
          tabindex: seat === row.first ? 0 : -1,
        });
        button.textContent = board.plan.seats[seat]?.number ?? '';
        this.#seats.set(seat, button);
        this.#showSeat(seat);
        body.append(button);
      }
    });
    return details;
  }

  #showSeat(seat: number): void {
    const button = this.#seats.get(seat);
    if (!button) return;
    const { board, spokenPrice } = this.#options;
    const look = board.lookOf(seat);
    const row = board.plan.rows[board.rowOf[seat] ?? -1];
    const waiting = board.pending.get(seat) === 'taking';
    button.dataset['state'] = look;
    button.dataset['pending'] = waiting ? 'true' : 'false';
    button.setAttribute('aria-pressed', `${look === 'mine'}`);
    button.setAttribute('aria-disabled', `${look !== 'free' && look !== 'mine'}`);
    const words = `${row ? rowWords(row) : ''} seat ${board.plan.seats[seat]?.number ?? ''}`;
    button.setAttribute(
      'aria-label',
      `${words}, ${spokenPrice(seat)}, ${lookWords[look]}${waiting ? ', one moment' : ''}`,
    );
  }

  #changed(seats: number[] | 'all'): void {
    const { board } = this.#options;
    if (seats === 'all') {
      for (const seat of this.#seats.keys()) this.#showSeat(seat);
      for (const row of this.#rowCounts.keys()) this.#countRow(row);
    } else {
      const rows = new Set<number>();
      for (const seat of seats) {
        this.#showSeat(seat);
        rows.add(board.rowOf[seat] ?? -1);
      }
      for (const row of rows) this.#countRow(row);
    }
    this.#zoneCounts.forEach((count, zone) => {
      count.textContent = `${number(board.freeByZone[zone] ?? 0)} free`;
    });
  }

  #countRow(row: number): void {
    const count = this.#rowCounts.get(row);
    if (count) count.textContent = `${this.#options.board.freeByRow[row] ?? 0} free`;
  }

  /** One seat of a row is reached by the tab key, the others from it by arrows. */
  #rove(seat: number): void {
    const { board } = this.#options;
    const row = board.plan.rows[board.rowOf[seat] ?? -1];
    if (!row) return;
    for (let each = row.first; each < row.first + row.count; each++) {
      const button = this.#seats.get(each);
      if (button) button.tabIndex = each === seat ? 0 : -1;
    }
  }

  #key(event: KeyboardEvent): void {
    const seat = seatOf(event.target);
    if (seat === undefined) return;
    const to = this.#seatToward(seat, event.key);
    const button = to === undefined ? undefined : this.#seats.get(to);
    if (!button) return;
    event.preventDefault();
    button.focus();
  }

  #seatToward(seat: number, key: string): number | undefined {
    const { plan, rowOf } = this.#options.board;
    const at = rowOf[seat] ?? -1;
    const row = plan.rows[at];
    if (!row) return undefined;
    const last = row.first + row.count - 1;
    if (key === 'ArrowLeft') return Math.max(row.first, seat - 1);
    if (key === 'ArrowRight') return Math.min(last, seat + 1);
    if (key === 'Home') return row.first;
    if (key === 'End') return last;
    if (key !== 'ArrowUp' && key !== 'ArrowDown') return undefined;
    const step = key === 'ArrowUp' ? -1 : 1;
    for (let next = at + step; plan.rows[next]?.zone === row.zone; next += step) {
      const other = plan.rows[next];
      // A closed row has no buttons yet: the next open one.
      if (other && this.#seats.has(other.first)) {
        return other.first + Math.min(seat - row.first, other.count - 1);
      }
    }
    return undefined;
  }
}

function seatOf(target: EventTarget | null): number | undefined {
  const button = target instanceof Element ? target.closest<HTMLElement>('[data-seat]') : null;
  return button ? Number(button.dataset['seat']) : undefined;
}
