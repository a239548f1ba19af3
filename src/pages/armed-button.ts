/** A button that asks by itself: the first press arms it for a few seconds, the second one acts. */
import { type Child, el, fill } from './dom.ts';

interface ArmedButton {
  /** As it stands there, and what it asks once it is armed. */
  resting: Child;
  asks: string;
  label?: string;
  look: string;
  data: Record<string, string | number>;
  act: () => Promise<void>;
}

const armedMs = 5000;
/** The second half of a double click is no answer to the question. */
const doubleClickMs = 800;

export function armedButton({ resting, asks, label, look, data, act }: ArmedButton): HTMLButtonElement {
  const button = el('button', { class: look, type: 'button', 'aria-label': label, ...data }, resting);
  let armedAt = 0;
  let isAtWork = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const rest = () => {
    clearTimeout(timer);
    armedAt = 0;
    delete button.dataset['armed'];
    if (label) button.setAttribute('aria-label', label);
    fill(button, resting);
  };
  button.addEventListener('click', async () => {
    if (isAtWork) return;
    const now = performance.now();
    if (armedAt === 0) {
      armedAt = now;
      button.dataset['armed'] = 'true';
      // What it asks is what it is called now.
      button.removeAttribute('aria-label');
      fill(button, asks);
      timer = setTimeout(rest, armedMs);
      return;
    }
    if (now - armedAt < doubleClickMs) return;
    clearTimeout(timer);
    // One that is `disabled` would lose the focus, and with it the keyboard its place in the list.
    isAtWork = true;
    button.setAttribute('aria-disabled', 'true');
    await act();
    isAtWork = false;
    button.removeAttribute('aria-disabled');
    rest();
  });
  return button;
}
