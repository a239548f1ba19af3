/** The form for what the boards of a venue are to say, with the line as the screens will show it. */
import type {
  Announcement,
  AnnouncementKind,
  Board,
  BoardEvent,
  KioskAnnounceRequest,
} from '../contracts.gen.ts';
import { bannerPart } from './announced-list.ts';
import { Problem } from './api.ts';
import { el, whileDisabled, write } from './dom.ts';
import { field, offer } from './field.ts';
import { at } from './kiosk-words.ts';
import { refusedWords } from './screens-words.ts';

const minuteMs = 60_000;
const textAtMost = 200;
const kinds: Readonly<
  Record<AnnouncementKind, { name: string; minutes: string; usual: number; text: string }>
> = {
  delay: { name: 'Delay', minutes: 'Minutes later than planned', usual: 15, text: 'Why (optional)' },
  doors: { name: 'Doors', minutes: 'Doors open in minutes (0: now)', usual: 0, text: 'More (optional)' },
  info: { name: 'Note', minutes: '', usual: 0, text: 'Text' },
};
/** Hours; "": as long as the hub finds right. */
const lengths = [
  ['', 'As long as it matters'],
  ['1', 'For 1 hour'],
  ['4', 'For 4 hours'],
  ['24', 'For a day'],
  ['72', 'For 3 days'],
] as const;
const longestMinutes = 1440;
/** Instead of what the board has no more; "" is the whole venue. */
const toChoose = ['to-choose', 'Choose…'] as const;

export class AnnounceForm {
  readonly element: HTMLElement;
  readonly #announce: (wish: KioskAnnounceRequest) => Promise<void>;
  readonly #now: () => number;
  readonly #kinds: Map<AnnouncementKind, HTMLButtonElement>;
  readonly #about = field('About', el('select', { class: 'input', name: 'about' }));
  readonly #minutes = field(
    '',
    el('input', {
      class: 'input',
      name: 'minutes',
      type: 'number',
      inputmode: 'numeric',
      min: 0,
      max: longestMinutes,
    }),
  );
  readonly #count = el('span', { class: 'hint text-count' });
  readonly #text = field(
    '',
    el('textarea', { class: 'input', name: 'text', rows: 2, maxlength: textAtMost }),
    this.#count,
  );
  readonly #length = field('Shown', el('select', { class: 'input', name: 'length' }));
  readonly #preview = bannerPart();
  readonly #submit = el('button', { class: 'button button-primary', type: 'submit' }, 'Announce');
  #kind: AnnouncementKind = 'delay';
  #board: Board | undefined;
  #offered = '';
  #venueId: string | undefined;
  /** What it is about, as chosen, or as it stood there when the first letter was typed; undefined: the first. */
  #meant: string | undefined;
  /** Whoever has chosen what it is about is not overruled by another kind. */
  #isChosen = false;

  /**
   * @param announce rejects with a `Problem`
   * @param now on the hub's clock
   */
  constructor(announce: (wish: KioskAnnounceRequest) => Promise<void>, now: () => number) {
    this.#announce = announce;
    this.#now = now;
    const all = Object.entries(kinds) as [AnnouncementKind, { name: string }][];
    this.#kinds = new Map(
      all.map(([kind, { name }]) => {
        const button = el('button', { type: 'button', 'data-kind': kind }, name);
        button.addEventListener('click', () => this.#choose(kind));
        return [kind, button];
      }),
    );
    offer(this.#length.control, lengths);
    this.element = el(
      'form',
      { class: 'form', id: 'announce-form', novalidate: true, 'aria-label': 'Announce' },
      el('fieldset', { class: 'segments', 'aria-label': 'Kind' }, ...this.#kinds.values()),
      this.#about.row,
      el('div', { class: 'field-pair' }, this.#minutes.row, this.#length.row),
      this.#text.row,
      el(
        'div',
        { class: 'field' },
        el('span', { class: 'field-label' }, 'On the screens'),
        el('div', { class: 'announced' }, this.#preview.root),
      ),
      this.#submit,
    );
    this.#about.control.addEventListener('change', () => {
      this.#isChosen = true;
      this.#meant = this.#about.control.value;
      this.#offerEvents();
      this.#show();
    });
    this.element.addEventListener('input', () => {
      if (this.#board) this.#meant ??= this.#about.control.value;
      this.#show();
    });
    this.element.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
    this.#choose('delay');
  }

  /** @param board undefined: that of the venue is not known yet */
  follow(board: Board | undefined): void {
    if (board && board.venueId !== this.#venueId) {
      this.#venueId = board.venueId;
      this.#forgetMeant();
    }
    this.#board = board;
    this.#offerEvents();
    this.#show();
  }

  /** As it was: what was typed is not for whoever comes next. */
  reset(): void {
    this.#board = undefined;
    this.#venueId = undefined;
    this.#forgetMeant();
    this.#text.control.value = '';
    this.#length.control.selectedIndex = 0;
    this.#choose('delay');
  }

  #forgetMeant(): void {
    this.#meant = undefined;
    this.#isChosen = false;
  }

  get #event(): BoardEvent | undefined {
    return this.#board?.events.find(({ id }) => id === this.#about.control.value);
  }

  #choose(kind: AnnouncementKind): void {
    this.#kind = kind;
    for (const [each, button] of this.#kinds) button.setAttribute('aria-pressed', `${each === kind}`);
    const { minutes, usual, text } = kinds[kind];
    this.#minutes.row.hidden = kind === 'info';
    write(this.#minutes.row.querySelector('label') as HTMLElement, minutes);
    write(this.#text.row.querySelector('label') as HTMLElement, text);
    this.#minutes.control.value = `${usual}`;
    if (!this.#isChosen) this.#meant = undefined;
    for (const each of [this.#about, this.#minutes, this.#text]) each.refuse('');
    this.#offerEvents();
    this.#show();
  }

  #offerEvents(): void {
    const { events = [] } = this.#board ?? {};
    // Of what is cancelled nothing but words can be announced.
    const open = this.#kind === 'info' ? events : events.filter(({ state }) => state !== 'cancelled');
    const lines = open.map((event) => [event.id, eventWords(event)] as const);
    const whole = ['', 'The whole venue'] as const;
    const nothing = [['', 'Nothing is on here that could be late'] as const];
    const delays = lines.length > 0 ? lines : nothing;
    const there = { delay: delays, doors: [...lines, whole], info: [whole, ...lines] }[this.#kind];
    const meant = there.find(([value]) => value === this.#meant);
    // What was typed about one event is not to be said of another.
    const isGone = this.#board !== undefined && this.#meant !== undefined && !meant;
    const offered = isGone ? [toChoose, ...there] : there;
    const key = JSON.stringify(offered);
    if (key !== this.#offered) offer(this.#about.control, offered);
    this.#offered = key;
    this.#about.control.value = (meant ?? offered[0] ?? toChoose)[0];
  }

  #show(): void {
    const [event, board, now] = [this.#event, this.#board, this.#now()];
    write(this.#count, `${this.#text.control.value.length} of ${textAtMost} characters`);
    this.#submit.disabled = board === undefined;
    const minutes = Number(this.#minutes.control.value) || 0;
    const from = this.#kind === 'delay' && event ? Date.parse(event.startsAt) : now;
    const announcement: Announcement = {
      id: '',
      venueId: board?.venueId ?? '',
      eventId: event?.id ?? null,
      kind: this.#kind,
      text: this.#text.control.value.trim() || (this.#kind === 'info' ? '…' : ''),
      minutes,
      at: this.#kind === 'info' ? null : new Date(from + minutes * minuteMs).toISOString(),
      until: '',
      createdAt: '',
      withdrawnAt: null,
    };
    this.#preview.show(announcement, event, board?.timeZone ?? 'UTC', now);
  }

  async #send(): Promise<void> {
    const wish = this.#wish();
    if (wish) await whileDisabled(this.#submit, () => this.#ask(wish)).finally(() => this.#show());
  }

  async #ask(wish: KioskAnnounceRequest): Promise<void> {
    try {
      await this.#announce(wish);
      this.#text.control.value = '';
      if (!this.#isChosen) this.#meant = undefined;
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      const isAbout = error.code.startsWith('event-') || error.code === 'venue-not-found';
      (isAbout ? this.#about : this.#text).refuse(refusedWords(error));
    }
  }

  /** undefined: something is missing, and the form says what. */
  #wish(): KioskAnnounceRequest | undefined {
    const [kind, eventId, { venueId = '' }] = [this.#kind, this.#about.control.value, this.#board ?? {}];
    const [text, minutes] = [this.#text.control.value.trim(), Number(this.#minutes.control.value)];
    const least = kind === 'delay' ? 1 : 0;
    const isWrong = !Number.isInteger(minutes) || minutes < least || minutes > longestMinutes;
    if (eventId === toChoose[0])
      this.#about.refuse('What this was about is not on this board any more. Choose anew.');
    else if (kind === 'info' && text === '') this.#text.refuse('Type what the screens are to say.');
    else if (kind !== 'info' && isWrong)
      this.#minutes.refuse(`Whole minutes, ${least} to ${longestMinutes}.`);
    else if (kind === 'delay' && eventId === '') this.#about.refuse('There is no event to be late.');
    else {
      // Whole minutes, so that a repeat is the same wish.
      const end =
        Math.ceil(this.#now() / minuteMs) * minuteMs + Number(this.#length.control.value) * 60 * minuteMs;
      return {
        ...(eventId ? { eventId } : { venueId }),
        kind,
        ...(kind === 'info' ? {} : { minutes }),
        ...(text ? { text } : {}),
        ...(this.#length.control.value ? { until: new Date(end).toISOString() } : {}),
      };
    }
    return undefined;
  }
}

function eventWords({ title, startsAt, timeZone, state }: BoardEvent): string {
  const start = Date.parse(startsAt);
  const when = `${at(start, timeZone, 'weekday')}, ${at(start, timeZone, 'time')}`;
  return `${title} · ${state === 'cancelled' ? 'cancelled' : when}`;
}
