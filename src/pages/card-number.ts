/**
 * The number of a card as it is typed. The page of a hub that moves no money takes test cards only: a real
 * number has no business there, so it never leaves the page.
 */

/** What a buyer may want to see, one of each kind. More of them: `src/payments/test-cards.ts`. */
export const offeredCards = [
  { number: '4242424242424242', name: 'Approved' },
  { number: '4000000000000002', name: 'Declined' },
  { number: '4000000000020001', name: 'Slow' },
  { number: '4000000000020006', name: 'Pending' },
] as const;

const length = 16;
const isTestCard = /^(4242424242424242|40000000000\d{5})$/;

/** The digits, as many as a card has. */
export const cardDigits = (text: string): string => text.replaceAll(/\D/g, '').slice(0, length);

/** "4242 4242 4242 4242": in fours, as cards show it; also while it is being typed. */
export const cardText = (text: string): string => cardDigits(text).replaceAll(/(\d{4})(?=\d)/g, '$1 ');

/** Where the caret belongs after `text` was set in fours, when it stood at `caret` before. */
export function caretAfter(text: string, caret: number): number {
  const digits = cardDigits(text.slice(0, caret)).length;
  // Behind the space that follows a full four, so that typing goes on there.
  return Math.min(digits + Math.floor(digits / 4), cardText(text).length);
}

/** What is wrong with the number; nothing if it may be sent. */
export function cardProblem(text: string): string {
  const digits = cardDigits(text);
  if (digits === '') return 'Enter the number of a test card.';
  if (digits.length < length) return `A card has ${length} digits; ${length - digits.length} are missing.`;
  if (!isTestCard.test(digits)) return 'This is not one of the test cards. Never enter a real one here.';
  return '';
}
