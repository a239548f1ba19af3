/** What a refused request means to a buyer. */
import type { RequestFailed } from '../client/client.ts';

const saleBegins = (from: unknown): string =>
  new Date(Number(from)).toLocaleString('en-GB', { dateStyle: 'full', timeStyle: 'short' });

export function refusalWords({ code, message, details }: RequestFailed): string {
  const { allowed } = details;
  const words: Partial<Record<RequestFailed['code'], string>> = {
    'seats-per-hold': `You can hold ${allowed} seats at a time at most.`,
    'seats-per-buyer': `You can have ${allowed} seats at this event at most.`,
    'sale-not-started': `The sale has not begun yet. It begins on ${saleBegins(details['from'])}.`,
    'payment-unavailable':
      'Paying is not possible right now. Your seats keep their time: try again in a moment.',
    'cancel-too-late': 'It is too late to give seats of this event back.',
    'connection-lost': 'No connection to the hub. Nothing was changed: try again in a moment.',
    timeout: 'The hub takes too long to answer. Try again in a moment.',
  };
  return words[code] ?? message;
}
