/** What stands on the boards of a venue now, as its screens say it, and the way to take it back. */
import type { Announcement, Board, BoardEvent } from '../contracts.gen.ts';
import { armedButton } from './armed-button.ts';
import { arrange, el, write } from './dom.ts';
import { bannerOf } from './kiosk-words.ts';
import { ago, untilWords } from './screens-words.ts';

export interface BannerPart {
  root: HTMLElement;
  show(what: Announcement, event: BoardEvent | undefined, timeZone: string, now: number): void;
}

/** An announcement in the words and the colours of the screens. */
export function bannerPart(): BannerPart {
  const [title, text] = [el('strong'), el('span')];
  const root = el('p', { class: 'announced-words' }, title, ' ', text);
  return {
    root,
    show(what, event, timeZone, now) {
      const banner = bannerOf(what, event, timeZone, now);
      root.dataset['tone'] = banner.tone;
      write(title, banner.title);
      write(text, banner.text);
    },
  };
}

const nothing = 'Nothing is announced right now.';

interface Line {
  root: HTMLElement;
  banner: BannerPart;
  note: HTMLElement;
}

export class AnnouncedList {
  readonly element: HTMLElement;
  readonly #withdraw: (announcementId: string) => Promise<void>;
  readonly #lines = new Map<string, Line>();
  readonly #list = el('ul', { class: 'announced-list' });
  readonly #empty = el('p', { class: 'muted announced-none' }, nothing);

  constructor(withdraw: (announcementId: string) => Promise<void>) {
    this.#withdraw = withdraw;
    const title = el('h3', { id: 'announced-title' }, 'On the screens now');
    const attributes = { class: 'announced-now', 'aria-labelledby': title.id, tabindex: -1 };
    this.element = el('section', attributes, title, this.#list, this.#empty);
  }

  /** @param now on the hub's clock */
  show({ announcements, events, timeZone }: Board, now: number): void {
    const [ids, eventOf] = [new Set<string>(), new Map(events.map((event) => [event.id, event]))];
    const roots = announcements.map((announcement) => {
      const { id, eventId, createdAt } = announcement;
      ids.add(id);
      const line = this.#lines.get(id) ?? this.#newLine(id);
      const event = eventOf.get(eventId ?? '');
      line.banner.show(announcement, event, timeZone, now);
      const until = untilWords(announcement, event?.timeZone ?? timeZone, now);
      write(line.note, `${until} · announced ${ago(createdAt, now)}`);
      return line.root;
    });
    for (const id of this.#lines.keys()) if (!ids.has(id)) this.#lines.delete(id);
    const hadFocus = this.#list.contains(document.activeElement);
    arrange(this.#list, roots);
    // The keyboard goes on here when what it was at is gone.
    if (hadFocus && document.activeElement === document.body) this.element.focus();
    this.#list.hidden = roots.length === 0;
    write(this.#empty, nothing);
    this.#empty.hidden = roots.length > 0;
  }

  /** Of a board that is not here nothing can be withdrawn. @param words why not */
  clear(words: string): void {
    this.#lines.clear();
    arrange(this.#list, []);
    this.#list.hidden = true;
    write(this.#empty, words);
    this.#empty.hidden = false;
  }

  #newLine(id: string): Line {
    const [banner, note] = [bannerPart(), el('span', { class: 'screen-note' })];
    const button = armedButton({
      resting: 'Withdraw',
      asks: 'Withdraw it?',
      look: 'button button-small',
      data: { 'data-act': 'withdraw' },
      act: () => this.#withdraw(id),
    });
    const root = el(
      'li',
      { class: 'announced', 'data-announcement': id },
      banner.root,
      el('div', { class: 'announced-foot' }, note, button),
    );
    const line = { root, banner, note };
    this.#lines.set(id, line);
    return line;
  }
}
