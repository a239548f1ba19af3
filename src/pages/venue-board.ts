/** What the screens of one venue say: chosen, followed as they show it, announced and withdrawn. */
import { BoardCopy } from '../client/board-copy.ts';
import type { SeatcastClient } from '../client/client.ts';
import type { KioskAnnounceRequest, Venue } from '../contracts.gen.ts';
import { AnnounceForm } from './announce-form.ts';
import { AnnouncedList } from './announced-list.ts';
import { el } from './dom.ts';
import { offer } from './field.ts';
import { panel } from './sales-cards.ts';
import { previewOf } from './screens-list.ts';
import { venueWords } from './screens-words.ts';

interface VenueBoardOptions {
  client: SeatcastClient;
  /** Rejects with a `Problem`. */
  announce: (wish: KioskAnnounceRequest) => Promise<void>;
  withdraw: (announcementId: string) => Promise<void>;
  /** Another venue was chosen. */
  chosen: (venueId: string) => void;
}

export class VenueBoard {
  readonly element: HTMLElement;
  readonly #options: VenueBoardOptions;
  readonly #choice = el('select', { class: 'input', id: 'venue-choice' });
  readonly #preview = el(
    'a',
    { class: 'button', target: '_blank', rel: 'noopener', id: 'preview' },
    'See the board',
  );
  readonly #form: AnnounceForm;
  readonly #list: AnnouncedList;
  #copy: BoardCopy | undefined;

  constructor(options: VenueBoardOptions) {
    this.#options = options;
    this.#form = new AnnounceForm(options.announce, () => this.now());
    this.#list = new AnnouncedList(options.withdraw);
    this.#choice.addEventListener('change', () => this.#follow());
    const choice = el(
      'label',
      { class: 'event-choice' },
      el('span', { class: 'visually-hidden' }, 'Venue whose screens these are'),
      this.#choice,
    );
    this.element = panel(
      'Announcements',
      '',
      el('div', { class: 'announcing' }, this.#form.element, this.#list.element),
    );
    this.element.querySelector('header')?.append(el('div', { class: 'venue-tools' }, choice, this.#preview));
  }

  /** The hub's clock, as far as it has said. */
  now(): number {
    return Date.now() + (this.#copy?.clockOffsetMs ?? 0);
  }

  /** @param wanted its id; any other: the first of them */
  offer(venues: readonly Venue[], wanted: string | undefined): void {
    offer(
      this.#choice,
      venues.map((venue) => [venue.id, venueWords(venue)]),
    );
    const known = venues.find(({ id }) => id === wanted);
    if (known) this.#choice.value = known.id;
    this.#follow();
  }

  close(): void {
    this.#copy?.close();
    this.#copy = undefined;
    this.#list.clear('The board is on its way.');
  }

  /** For somebody else, who goes on with nothing of what was chosen or typed. */
  reset(): void {
    this.close();
    this.#choice.replaceChildren();
    this.#form.reset();
  }

  /** What depends on the time alone. */
  show(): void {
    if (this.#copy?.board) this.#list.show(this.#copy.board, this.now());
  }

  #follow(): void {
    this.close();
    const venueId = this.#choice.value;
    this.#preview.href = previewOf(venueId);
    this.#form.follow(undefined);
    this.element.dataset['fresh'] = 'false';
    this.#options.chosen(venueId);
    const copy = new BoardCopy(this.#options.client, { venueId });
    this.#copy = copy;
    copy.on('changed', (board) => {
      this.#form.follow(board);
      this.show();
    });
    copy.on('missing', () => {
      this.#form.follow(undefined);
      this.#list.clear('The board of this venue cannot be loaded. It is asked for again.');
    });
    copy.on('fresh', (fresh) => {
      this.element.dataset['fresh'] = `${fresh}`;
    });
  }
}
