/** The field for the number of a card, with the test cards there are to choose from. */
import { cardDigits, cardProblem, cardText, caretAfter, offeredCards } from './card-number.ts';
import { el } from './dom.ts';

export interface CardField {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  /** The digits, or undefined after it has said what is wrong with them. */
  read(): string | undefined;
}

let made = 0;

export function cardField(): CardField {
  const problemId = `card-problem-${++made}`;
  const input = el('input', {
    class: 'input card-input',
    name: 'card',
    inputmode: 'numeric',
    // The browser must not offer the buyer's real cards here.
    autocomplete: 'off',
    spellcheck: 'false',
    placeholder: '0000 0000 0000 0000',
    'aria-describedby': problemId,
    'data-card': true,
  });
  const problem = el('span', { class: 'card-problem', id: problemId, role: 'alert' });
  const say = (text: string) => {
    problem.textContent = text;
    input.setAttribute('aria-invalid', `${text !== ''}`);
  };
  const chips = offeredCards.map(({ number, name }) => {
    const title = cardText(number);
    const chip = el('button', { class: 'chip', type: 'button', 'data-card': number, title }, name);
    // The field keeps the focus: a complaint that appears would move the card away from under the finger.
    chip.addEventListener('mousedown', (event) => event.preventDefault());
    chip.addEventListener('click', () => {
      input.value = cardText(number);
      changed();
    });
    return { chip, number };
  });
  const changed = () => {
    say('');
    for (const { chip, number } of chips)
      chip.setAttribute('aria-pressed', `${cardDigits(input.value) === number}`);
  };
  input.addEventListener('input', () => {
    const { value, selectionStart } = input;
    const caret = caretAfter(value, selectionStart ?? value.length);
    input.value = cardText(value);
    input.setSelectionRange(caret, caret);
    changed();
  });
  // Only what was typed in full, or left behind half, is wrong.
  input.addEventListener('blur', () => input.value !== '' && say(cardProblem(input.value)));
  changed();
  return {
    input,
    element: el(
      'div',
      { class: 'card-field' },
      el('label', { class: 'field' }, el('span', { class: 'field-label' }, 'Card number'), input),
      problem,
      el(
        'div',
        { class: 'chips', role: 'group', 'aria-label': 'Test cards' },
        el('span', { class: 'hint' }, 'Test cards'),
        ...chips.map(({ chip }) => chip),
      ),
    ),
    read() {
      const found = cardProblem(input.value);
      say(found);
      if (found === '') return cardDigits(input.value);
      input.focus();
      return undefined;
    },
  };
}
