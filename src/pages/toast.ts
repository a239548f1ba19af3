/** Short notices in the corner, and the same words for screen readers. */
import { byId, el, icon } from './dom.ts';

export type NoticeKind = 'info' | 'good' | 'warn' | 'bad';

/** What a notice is about, where that may be over before the notice is. */
interface About {
  name: string;
  /** By the hub's clock: this machine's may be hours ahead. */
  leftMs: number;
}

const staysMs = 5200;
const maxToasts = 3;
/** News of it may come late. */
const over = new Set<string>();

/** Says it to screen readers only. */
export function announce(text: string): void {
  const region = byId('announcer', HTMLElement);
  // Each in an element of its own: the same words twice in a row are said twice.
  region.append(el('p', {}, text));
  while (region.childElementCount > 4) region.firstElementChild?.remove();
}

export function toast(text: string, kind: NoticeKind = 'info', about?: About): void {
  if (about && (about.leftMs <= 0 || over.has(about.name))) return;
  const stack = byId('toasts', HTMLElement);
  const close = el(
    'button',
    { class: 'icon-button', type: 'button', 'aria-label': 'Close this notice' },
    icon('close'),
  );
  const item = el(
    'div',
    { class: 'toast', 'data-kind': kind, 'data-about': about?.name },
    el('span', {}, text),
    close,
  );
  const remove = () => item.remove();
  close.addEventListener('click', remove);
  stack.append(item);
  while (stack.childElementCount > maxToasts) stack.firstElementChild?.remove();
  setTimeout(remove, Math.min(staysMs, about?.leftMs ?? staysMs));
  announce(text);
}

/** What it was about is over: there is nothing to be told of it any more. */
export function endToast(name: string): void {
  over.add(name);
  for (const item of byId('toasts', HTMLElement).querySelectorAll<HTMLElement>('.toast'))
    if (item.dataset['about'] === name) item.remove();
}
