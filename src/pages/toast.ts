/** Short notices in the corner, and the same words for screen readers. */
import { byId, el, icon } from './dom.ts';

export type NoticeKind = 'info' | 'good' | 'warn' | 'bad';

const staysMs = 5200;
const maxToasts = 3;

/** Says it to screen readers only. */
export function announce(text: string): void {
  const region = byId('announcer', HTMLElement);
  // Each in an element of its own: the same words twice in a row are said twice.
  region.append(el('p', {}, text));
  while (region.childElementCount > 4) region.firstElementChild?.remove();
}

export function toast(text: string, kind: NoticeKind = 'info'): void {
  const stack = byId('toasts', HTMLElement);
  const close = el(
    'button',
    { class: 'icon-button', type: 'button', 'aria-label': 'Close this notice' },
    icon('close'),
  );
  const item = el('div', { class: 'toast', 'data-kind': kind }, el('span', {}, text), close);
  const remove = () => item.remove();
  close.addEventListener('click', remove);
  stack.append(item);
  while (stack.childElementCount > maxToasts) stack.firstElementChild?.remove();
  setTimeout(remove, staysMs);
  announce(text);
}
