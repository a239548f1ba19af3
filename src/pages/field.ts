/** A control of a form with its name above it, and below it what is wrong with it: shown there, and read out. */
import { type Child, el } from './dom.ts';

type Control = HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;

export interface Field<C extends Control> {
  row: HTMLElement;
  control: C;
  /** Says what is wrong, and goes there; "" takes it back. */
  refuse(words: string): void;
}

let made = 0;

/** @param more what stands between the control and its faults, such as a hint */
export function field<C extends Control>(label: string, control: C, ...more: Child[]): Field<C> {
  const id = `field-${++made}`;
  const fault = el('p', { class: 'form-error', id: `${id}-fault`, role: 'alert' });
  control.id = id;
  control.setAttribute('aria-describedby', fault.id);
  const say = (words: string) => {
    fault.textContent = words;
    if (words === '') control.removeAttribute('aria-invalid');
    else control.setAttribute('aria-invalid', 'true');
  };
  control.addEventListener('input', () => say(''));
  return {
    row: el(
      'div',
      { class: 'field' },
      el('label', { class: 'field-label', for: id }, label),
      control,
      ...more,
      fault,
    ),
    control,
    refuse(words) {
      say(words);
      if (words !== '') control.focus();
    },
  };
}

/** Offers these, and stays with what was chosen while it is among them; otherwise the first is. */
export function offer(
  select: HTMLSelectElement,
  options: readonly (readonly [value: string, text: string])[],
): void {
  const chosen = select.length > 0 ? select.value : undefined;
  select.replaceChildren(...options.map(([value, text]) => el('option', { value }, text)));
  if (chosen !== undefined && options.some(([value]) => value === chosen)) select.value = chosen;
}
