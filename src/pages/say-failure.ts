/** What a page that looks every few seconds says when the hub refuses to show something, or does not answer. */
import { RequestFailed } from '../client/client.ts';
import { Problem } from './api.ts';
import { el } from './dom.ts';

interface LookingPage {
  /** Words of its own, by code. Asking again is of no use then. */
  refusals: Readonly<Record<string, string>>;
  /** Shows this instead of all else. */
  note: (text: string, again?: HTMLElement) => void;
  /** The next look may go well. Answers whether what is shown stays until then. */
  later: () => boolean;
  begin: () => Promise<void>;
}

/** Throws what is no failure of the hub, once the page has said so. */
export function sayFailure(error: unknown, page: LookingPage): void {
  const failure = error instanceof Problem || error instanceof RequestFailed ? error : undefined;
  // Whoever is signed in now has asked for something else.
  if (failure?.code === 'signed-out') return;
  if (failure?.retry === 'later' && page.later()) return;
  const refused = page.refusals[failure?.code ?? ''];
  if (refused) {
    page.note(refused);
    return;
  }
  const again = el('button', { class: 'button', type: 'button' }, 'Try again');
  again.addEventListener('click', () => {
    page.begin().catch((error: unknown) => sayFailure(error, page));
  });
  page.note(failure?.message ?? 'Something went wrong.', again);
  if (!failure) throw error;
}
