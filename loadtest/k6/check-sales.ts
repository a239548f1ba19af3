/** What everybody has bought and given back, as the hub lists it over HTTP: whether any seat was ever sold twice. */
import http from 'k6/http';
import type { BookingsListReply } from '../../src/contracts.gen.ts';
import { count } from './journal.ts';

const atOnce = 20;
const attempts = 10;

interface Question {
  token: string;
  cursor?: string;
}

interface Sale {
  booking: string;
  /** ms since 1970; whoever still has it has it for ever. */
  from: number;
  to: number;
}

/** Counts the seats that are sold, and those that two bookings had at the same time, also if one was cancelled since. */
export function checkSales(node: string, eventId: string, tokens: readonly string[]): void {
  const sales = new Map<number, Sale[]>();
  let open: Question[] = tokens.map((token) => ({ token }));
  while (open.length > 0) {
    const questions = open.slice(0, atOnce);
    open = open.slice(atOnce);
    for (const [i, page] of askAll(node, eventId, questions).entries()) {
      for (const { id, createdAt, seats } of page.bookings) {
        for (const { seat, cancelledAt } of seats) {
          const to = cancelledAt === null ? Number.POSITIVE_INFINITY : Date.parse(cancelledAt);
          sales.set(seat, [...(sales.get(seat) ?? []), { booking: id, from: Date.parse(createdAt), to }]);
        }
      }
      if (page.nextCursor) open.push({ token: questions[i]?.token as string, cursor: page.nextCursor });
    }
  }
  const all = [...sales.values()];
  count('sold', all.filter((one) => one.some(({ to }) => to === Number.POSITIVE_INFINITY)).length);
  count('soldTwice', all.filter(overlap).length);
}

/** Whether any two of them had the seat at the same moment. A page that changed while it was read shows one twice. */
function overlap(sales: Sale[]): boolean {
  const sorted = [...sales].sort((a, b) => a.from - b.from);
  return sorted.some((sale, i) => {
    const next = sorted[i + 1];
    return next !== undefined && next.booking !== sale.booking && next.from < sale.to;
  });
}

/** A node that is busy answers later; one that does not answer at all ends the test. */
function askAll(node: string, eventId: string, questions: readonly Question[]): BookingsListReply[] {
  for (let attempt = 1; ; attempt++) {
    const responses = http.batch(
      questions.map(({ token, cursor }) => ({
        method: 'GET',
        url: `${node}/api/v1/bookings?eventId=${eventId}&limit=100${cursor ? `&cursor=${encodeURIComponent(cursor)}` : ''}`,
        params: { headers: { authorization: `Bearer ${token}` } },
      })),
    );
    if (responses.every(({ status }) => status === 200)) {
      return responses.map((response) => response.json() as unknown as BookingsListReply);
    }
    if (attempt === attempts) throw new Error('the bookings could not be listed');
  }
}
