/** A line in the bell's panel: a switch for notifications on this device. Where there can be none it is not shown. */
import type { DevicePush, PushState } from './device-push.ts';
import { el } from './dom.ts';

const hints: Partial<Record<PushState, string>> = {
  apart: 'Add this page to your home screen first: Share, then Add to Home Screen. Open it from there.',
  denied:
    'Your browser blocks notifications of this site. Allow them in its site settings, beside the address.',
  failed: 'That did not work. Your browser may not reach its push service; try again.',
};

export function deviceSwitch(push: DevicePush): HTMLElement {
  const input = el('input', {
    class: 'switch',
    type: 'checkbox',
    role: 'switch',
    id: 'device-push',
    'aria-describedby': 'device-push-hint',
  });
  const hint = el('p', { class: 'hint bell-device-hint', id: 'device-push-hint', role: 'status' });
  const line = el(
    'div',
    { class: 'bell-device' },
    el('label', { class: 'bell-device-line' }, 'Also tell me on this device', input),
    hint,
  );
  const show = (state: PushState) => {
    line.hidden = state === 'unavailable';
    line.dataset['state'] = state;
    input.disabled = state === 'apart';
    input.setAttribute('aria-busy', `${state === 'working'}`);
    // While it works the switch stays where it was put.
    if (state !== 'working') input.checked = state === 'on' || (state === 'failed' && push.isOn);
    hint.textContent = hints[state] ?? '';
  };
  input.addEventListener('click', (event) => {
    if (push.state === 'working') event.preventDefault();
  });
  input.addEventListener('change', () => void push.turn(input.checked));
  push.on('changed', show);
  show(push.state);
  return line;
}
