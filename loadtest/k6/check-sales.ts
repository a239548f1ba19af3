/** What everybody has bought, as the hub lists it over HTTP: whether any seat was sold twice. */
import http from 'k6/http';
import type { BookingsListReply } from '../../src/contracts.gen.ts';
import { count } from './journal.ts';

const atOnce = 20;
const attempts = 10;

interface Question {
  token: string;
  cursor?: string;
}

/** Counts the seats that are sold, and those that are sold more than once. */
export function checkSales(node: string, eventId: string, tokens: readonly string[]): void {
  const bookingOf = new Map<number, string>();
  const twice = new Set<number>();
  let open: Question[] = tokens.map((token) => ({ token }));
  while (open.length > 0) {
    const questions = open.slice(0, atOnce);
    open = open.slice(atOnce);
    for (const [i, page] of askAll(node, eventId, questions).entries()) {
      for (const { id, seats } of page.bookings) {
        for (const { seat, cancelledAt } of seats) {
          if (cancelledAt !== null) continue;
          if (bookingOf.has(seat) && bookingOf.get(seat) !== id) twice.add(seat);
          bookingOf.set(seat, id);
        }
      }
      if (page.nextCursor) open.push({ token: questions[i]?.token as string, cursor: page.nextCursor });
    }
  }
  count('sold', bookingOf.size);
  count('soldTwice', twice.size);
}

/** A node that is busy answers later; one that does not answer at all ends the test. */
function askAll(node: string, eventId: string, questions: readonly Question[]): BookingsListReply[] {
  for (let attempt = 1; ; attempt++) {
    const responses = http.batch(
      questions.map(({ token, cursor }) => ({
        method: 'GET',
        url: `${node}/api/v1/bookings?eventId=${eventId}&status=confirmed&limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
        params: { headers: { authorization: `Bearer ${token}` } },
      })),
    );
    if (responses.every(({ status }) => status === 200)) {
      return responses.map((response) => response.json() as unknown as BookingsListReply);
    }
    if (attempt === attempts) throw new Error('the bookings could not be listed');
  }
}
