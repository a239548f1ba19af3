/** The form that takes a screen with a code for one's own. */
import type { KiosksPairRequest, Venue } from '../contracts.gen.ts';
import { Problem } from './api.ts';
import { el, whileDisabled } from './dom.ts';
import { field, offer } from './field.ts';
import { panel } from './sales-cards.ts';
import { codeFault, refusedWords, venueWords, writtenCode } from './screens-words.ts';

export class PairForm {
  readonly element: HTMLElement;
  readonly #pair: (wish: KiosksPairRequest) => Promise<void>;
  readonly #code = field(
    'Code on the screen',
    el('input', {
      class: 'input code-input',
      name: 'code',
      required: true,
      autocomplete: 'off',
      autocapitalize: 'characters',
      autocorrect: 'off',
      spellcheck: 'false',
      placeholder: 'K7QM-R4XZ',
    }),
  );
  readonly #name = field(
    'Name',
    el('input', {
      class: 'input',
      name: 'name',
      required: true,
      maxlength: 100,
      autocomplete: 'off',
      placeholder: 'Foyer, left',
    }),
  );
  readonly #venue = field('Venue', el('select', { class: 'input', name: 'venue' }));
  readonly #submit = el('button', { class: 'button button-primary button-wide', type: 'submit' }, 'Pair');

  /** @param pair rejects with a `Problem` */
  constructor(pair: (wish: KiosksPairRequest) => Promise<void>) {
    this.#pair = pair;
    const { control } = this.#code;
    control.addEventListener('input', (event) => {
      // Whoever takes something away, or mends it in the middle, is not interfered with.
      const isTaking = event instanceof InputEvent && event.inputType.startsWith('delete');
      if (!isTaking && control.selectionStart === control.value.length)
        control.value = writtenCode(control.value);
    });
    // Faults are ours to tell: in the words and the colours of the page.
    const form = el(
      'form',
      { class: 'form', novalidate: true, id: 'pair-form' },
      this.#code.row,
      this.#name.row,
      this.#venue.row,
      this.#submit,
    );
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void this.#send();
    });
    const lead = el(
      'p',
      { class: 'muted panel-lead' },
      'Open ',
      el('b', {}, `${location.host}/kiosk`),
      ' on a screen: it shows a code.',
    );
    this.element = panel('Pair a screen', '', lead, form);
  }

  offer(venues: readonly Venue[]): void {
    offer(this.#venue.control, [
      ...venues.map((venue) => [venue.id, venueWords(venue)] as const),
      ['', 'Choose it later'],
    ]);
  }

  /** As it was: what was typed is not for whoever comes next. */
  reset(): void {
    for (const { control, refuse } of [this.#code, this.#name]) {
      control.value = '';
      refuse('');
    }
    this.#venue.control.replaceChildren();
    this.#venue.refuse('');
  }

  /** With a code that came with the address, the name is next. */
  begin(code: string): void {
    if (code !== '') this.#code.control.value = writtenCode(code);
    (code === '' ? this.#code : this.#name).control.focus();
  }

  async #send(): Promise<void> {
    const [code, name] = [this.#code.control.value, this.#name.control.value.trim()];
    const venueId = this.#venue.control.value;
    this.#name.refuse(name === '' ? 'Give it a name, such as where it hangs.' : '');
    // The last one that is refused has the focus.
    this.#code.refuse(codeFault(code));
    if (name === '' || codeFault(code) !== '') return;
    const wish = { code: writtenCode(code), name, ...(venueId ? { venueId } : {}) };
    await whileDisabled(this.#submit, () => this.#ask(wish));
  }

  async #ask(wish: KiosksPairRequest): Promise<void> {
    try {
      await this.#pair(wish);
      this.#code.control.value = '';
      this.#name.control.value = '';
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      (error.code === 'venue-not-found' ? this.#venue : this.#code).refuse(refusedWords(error));
    }
  }
}
