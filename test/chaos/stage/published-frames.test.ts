import { expect, test } from 'vitest';
import { seeded } from '../random.ts';
import { disturbPublished } from './published-frames.ts';

const message = (payload: string) =>
  `*3\r\n$8\r\nsmessage\r\n$4\r\nroom\r\n$${Buffer.byteLength(payload)}\r\n${payload}\r\n`;
const payloads = (text: string) =>
  [...text.matchAll(/room\r\n\$\d+\r\n(\w+)\r\n/g)].map(([, payload]) => payload);

test('messages are lost, doubled and swapped, but never torn', () => {
  const { pass } = disturbPublished(seeded(3))();
  const sent = Array.from({ length: 300 }, (_, i) => `m${i}`);
  const got = payloads(String(pass(Buffer.from(sent.map(message).join('')))));
  const counts = Map.groupBy(got, (payload) => payload);
  expect(counts.size).toBeLessThan(sent.length);
  expect([...counts.values()].some((same) => same.length === 2)).toBe(true);
  expect(got).not.toEqual(got.toSorted((a, b) => Number(a?.slice(1)) - Number(b?.slice(1))));
  expect(got.every((payload) => sent.includes(payload ?? ''))).toBe(true);
});

test('what is no message passes as it is, and a message in pieces is put together', () => {
  const { pass, rest } = disturbPublished({ ...seeded(1), next: () => 0.9 })();
  const all = `+PONG\r\n${message('one')}*3\r\n$10\r\nssubscribe\r\n$1\r\na\r\n:1\r\n${message('two')}`;
  const pieces = [all.slice(0, 12), all.slice(12, 45), all.slice(45, 100), all.slice(100)];
  expect(pieces.map((piece) => String(pass(Buffer.from(piece)))).join('')).toBe(all);
  pass(Buffer.from(all.slice(0, 40)));
  expect(String(rest())).toBe(all.slice(7, 40));
});
