import { expect, test } from 'vitest';
import { History, opsOf } from './history.ts';

test('an invocation is paired with its end, and without an answer its end is unknown', () => {
  const history = new History();
  const answered = history.invoke({ proc: 'a', f: 'hold', requestId: 'r1', seats: [1] });
  history.invoke({ proc: 'b', f: 'confirm', holdId: 'h0' });
  const unheard = history.invoke({ proc: 'c', f: 'cancel', bookingId: 'b1' });
  history.end(unheard, 'info', { error: 'timeout' });
  history.end(answered, 'ok', { value: { holdId: 'h1', seats: [1] } });
  const [hold, confirm, cancel] = opsOf(history.lines);
  expect(hold).toMatchObject({ type: 'ok', holdId: 'h1', seats: [1], requestId: 'r1' });
  expect(hold?.endedAt).toBe(history.lines.at(-1)?.tMono);
  expect(confirm).toMatchObject({ type: 'info', endedAt: Number.POSITIVE_INFINITY, holdId: 'h0' });
  expect(cancel).toMatchObject({ type: 'info', endedAt: Number.POSITIVE_INFINITY, error: 'timeout' });
  expect(cancel?.heardAt).toBe(history.lines[3]?.tMono);
});
