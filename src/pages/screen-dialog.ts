/** The dialog that renames a screen, or moves it to another venue. */
import type { Kiosk, KiosksUpdateRequest, Venue } from '../contracts.gen.ts';
import { Problem } from './api.ts';
import { el, icon } from './dom.ts';
import { field, offer } from './field.ts';
import { refusedWords, venueWords } from './screens-words.ts';

/** @param change rejects with a `Problem` */
export function changeScreen(
  kiosk: Kiosk,
  venues: readonly Venue[],
  change: (wish: KiosksUpdateRequest) => Promise<void>,
): HTMLDialogElement {
  const name = field(
    'Name',
    el('input', { class: 'input', name: 'name', maxlength: 100, autocomplete: 'off' }),
  );
  name.control.value = kiosk.name;
  const venue = field('Venue', el('select', { class: 'input', name: 'venue' }));
  const own = venues.map((each) => [each.id, venueWords(each)] as const);
  const isElsewhere = kiosk.venueId !== null && !venues.some(({ id }) => id === kiosk.venueId);
  offer(venue.control, [
    ...own,
    ...(isElsewhere ? [[kiosk.venueId ?? '', 'A venue that is gone'] as const] : []),
    ['', 'None'],
  ]);
  venue.control.value = kiosk.venueId ?? '';
  const save = el('button', { class: 'button button-primary button-wide', type: 'submit' }, 'Save');
  const form = el('form', { class: 'form', novalidate: true }, name.row, venue.row, save);
  const close = el(
    'button',
    { class: 'icon-button dialog-close', type: 'button', 'aria-label': 'Close' },
    icon('close'),
  );
  const title = el('h2', { id: 'screen-title' }, kiosk.name);
  const lead = el('p', { class: 'dialog-lead' }, 'A screen that is on changes over at once.');
  const attributes = { class: 'dialog', id: 'screen-dialog', 'aria-labelledby': title.id };
  const dialog = el('dialog', attributes, close, title, lead, form);
  close.addEventListener('click', () => dialog.close());
  dialog.addEventListener('close', () => dialog.remove());
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const [called, venueId] = [name.control.value.trim(), venue.control.value || null];
    if (called === '') return name.refuse('It needs a name.');
    const wish = {
      ...(called === kiosk.name ? {} : { name: called }),
      ...(venueId === kiosk.venueId ? {} : { venueId }),
    };
    if (Object.keys(wish).length === 0) return dialog.close();
    save.disabled = true;
    try {
      await change({ kioskId: kiosk.id, ...wish });
      dialog.close();
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      (error.code === 'venue-not-found' ? venue : name).refuse(refusedWords(error));
    } finally {
      save.disabled = false;
    }
  });
  document.body.append(dialog);
  dialog.showModal();
  name.control.focus();
  return dialog;
}
