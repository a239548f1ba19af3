import fc from 'fast-check';
import { Decoder, Encoder } from 'socket.io-parser';
import { expect, test } from 'vitest';
import { isPlainFrame, maxDepth } from '../../src/socket/guard.ts';

const plain = (frame: string) => isPlainFrame(new TextEncoder().encode(frame));

/** How deep JSON.parse says a text is nested. */
function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test('[GUARD-2] whatever JSON a client of ours sends passes, if it is not nested too deep', () => {
  fc.assert(
    fc.property(
      fc.array(fc.jsonValue({ maxDepth: 20 })),
      fc.option(fc.nat(), { nil: undefined }),
      (args, id) => {
        const packet = { type: 2, nsp: '/', data: ['name', ...args], ...(id === undefined ? {} : { id }) };
        const [frame] = new Encoder().encode(packet) as [string];
        expect(plain(`4${frame}`)).toBe(depthOf(packet.data) <= maxDepth);
      },
    ),
    { numRuns: 3000 },
  );
});

test('[GUARD-2] no text gets past the count with more depth than it counted', () => {
  const pieces = fc.constantFrom(
    '[',
    '{',
    '"a":',
    ']',
    '}',
    '"',
    '\\',
    '\\"',
    ',',
    '0',
    ' ',
    '/',
    '42',
    '\u00e9',
    'x',
  );
  fc.assert(
    fc.property(
      fc.constantFrom('40', '42', '421', '43', '41'),
      fc.array(pieces, { maxLength: 200 }),
      (start, rest) => {
        const frame = start + rest.join('');
        if (!plain(frame)) return;
        const decoder = new Decoder();
        decoder.on('decoded', (packet: { data?: unknown; nsp: string }) => {
          expect(depthOf(packet.data)).toBeLessThanOrEqual(maxDepth);
          expect(packet.nsp).toBe('/');
        });
        try {
          decoder.add(frame.slice(1));
        } catch {
          // Not a packet: the connection is closed.
        }
      },
    ),
    { numRuns: 20_000 },
  );
});

test.each([
  ['', false],
  ['4', false],
  ['40', true],
  ['41', true],
  ['42[]', true],
  ['43[]', true],
  ['44', false],
  ['451-[]', false],
  ['461-[]', false],
  ['42/a,[]', false],
  ['3', true],
  ['3probe', true],
  ['3-more-than-8-bytes', false],
  ['0{}', false],
  ['b4', false],
])('[GUARD-2] the frame "%s" is plain: %s', (frame, expected) => {
  expect(plain(frame)).toBe(expected);
});

test('[GUARD-2] looking at the longest frame takes less than a millisecond', () => {
  const frame = new TextEncoder().encode(`42["${'\\"['.repeat(5000)}`);
  for (let i = 0; i < 200; i++) isPlainFrame(frame);
  const from = performance.now();
  for (let i = 0; i < 200; i++) isPlainFrame(frame);
  expect((performance.now() - from) / 200).toBeLessThan(1);
});
