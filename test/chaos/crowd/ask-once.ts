import type { Booking, Hold, MessageName, Messages, WaitlistEntry } from '../../../src/contracts.gen.ts';
import type { Act, History, Line, Value } from '../history.ts';
import type { Connection } from './connection.ts';

/** What is known of a question before it is answered. */
export type Known = Pick<Line, 'seats' | 'holdId' | 'bookingId' | 'entryId'>;

/** `decided` without data is a no; not decided: ask again, under the same ids. */
export type Asked<M extends MessageName> =
  | { decided: true; data: Messages[M]['reply'] | undefined; error: string }
  | { decided: false; data: undefined; error: string };

/** Asks once, and writes question and answer down. */
export async function askOnce<M extends MessageName>(
  connection: Connection,
  history: History,
  line: Known & { proc: string; f: Act; requestId: string },
  message: M,
  request: Messages[M]['request'],
): Promise<Asked<M>> {
  const op = history.invoke({ ...line, node: connection.node });
  const answer = await connection.ask(message, request);
  if (answer.type === 'ok') {
    history.end(op, 'ok', { value: checkedParts(answer.data) });
    return { decided: true, data: answer.data, error: '' };
  }
  if (answer.type === 'unknown') {
    history.end(op, 'info', { error: answer.error });
    return { decided: false, data: undefined, error: answer.error };
  }
  const { code, retry, details } = answer.error;
  // Whatever says "later" has decided nothing; and that something must be paid first refuses no hold.
  const decided = retry !== 'later' && code !== 'internal';
  const isNo = decided && code !== 'payment-required';
  const taken = code === 'seats-taken' ? (details as { seats: number[] }).seats : undefined;
  history.end(op, isNo ? 'fail' : 'info', { error: code, ...(taken ? { value: { taken } } : {}) });
  return { decided, data: undefined, error: code };
}

/** The parts of an answer that are checked. */
function checkedParts(data: object): Value {
  const { hold, epoch, booking, bookings, entry } = data as {
    hold?: Hold | null;
    epoch?: string;
    booking?: Booking;
    bookings?: Booking[];
    entry?: WaitlistEntry;
  };
  const value: Value = {};
  if (epoch) value.epoch = epoch;
  if (entry) value.entryId = entry.id;
  if (hold) {
    value.holdId = hold.holdId;
    value.seats = hold.seats;
    value.expiresAt = hold.expiresAt - performance.timeOrigin;
  }
  if (booking) {
    value.seats = booking.seats.map(({ seat }) => seat);
    value.totalCents = booking.totalCents;
  }
  const all = booking ? [booking] : bookings;
  if (all) value.bookings = all.map(({ id, holdId, status }) => ({ id, holdId, status }));
  return value;
}
