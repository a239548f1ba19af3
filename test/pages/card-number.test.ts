import { expect, test } from 'vitest';
import { cardDigits, cardProblem, cardText, caretAfter, offeredCards } from '../../src/pages/card-number.ts';
import { testCard } from '../../src/payments/test-cards.ts';

test.each([
  ['', ''],
  ['4242', '4242'],
  ['42424', '4242 4'],
  ['4242-4242 4242.4242', '4242 4242 4242 4242'],
  ['card 4000000000000002', '4000 0000 0000 0002'],
  ['42424242424242429999', '4242 4242 4242 4242'],
])('%j is set as %j', (typed, text) => {
  expect(cardText(typed)).toBe(text);
  expect(cardText(text)).toBe(text);
});

test('the caret stays behind the digit it was behind', () => {
  expect(caretAfter('42424', 5)).toBe(6);
  expect(caretAfter('4242', 4)).toBe(4);
  // A digit put in at the front of a whole group.
  expect(caretAfter('94242 4242', 1)).toBe(1);
  expect(caretAfter('4242 94242', 6)).toBe(6);
});

test('only whole numbers of test cards leave the page', () => {
  expect(cardProblem('')).toContain('Enter');
  expect(cardProblem('4242 4242 4242')).toContain('4 are missing');
  expect(cardProblem('4242 4242 4242 4242')).toBe('');
  expect(cardProblem('5555 5555 5555 4444')).toContain('Never enter a real one');
  expect(cardProblem('4111 1111 1111 1111')).toContain('Never enter a real one');
});

test('the cards on offer are ones the simulated bank knows, and do what they are called', () => {
  const [approved, declined, slow, pending] = offeredCards.map(({ number }) => testCard(number));
  expect(offeredCards.map(({ number }) => cardProblem(cardText(number)))).toEqual(['', '', '', '']);
  expect(offeredCards.map(({ number }) => cardDigits(cardText(number)) === number)).not.toContain(false);
  expect(approved).toMatchObject({ about: 'Approved at once.' });
  expect(declined?.decline).toBeDefined();
  expect(slow?.delayMs).toBeGreaterThan(0);
  expect(pending?.settles?.as).toBe('authorised');
});
