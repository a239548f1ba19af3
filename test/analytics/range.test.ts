import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bucketPieces, bucketsOf, type Piece, piecesOf, rangeOf } from '../../src/analytics/range.ts';

const dayMs = 86_400_000;
const minute = { '15min': 15, hour: 60, day: 1440 };
const range = fc
  .record({
    from: fc.integer({ min: 0, max: 3000 }),
    days: fc.nat(400),
    timeZone: fc.constantFrom('UTC', 'Europe/Brussels', 'Asia/Kathmandu', 'America/St_Johns', 'Pacific/Apia'),
  })
  .map(({ from, days, timeZone }) => {
    const day = (n: number) => new Date(Date.UTC(2018, 0, 1) + n * dayMs).toISOString().slice(0, 10);
    return rangeOf({ from: day(from), to: day(from + days), timeZone });
  });

/** One after the other without a gap, each beginning and ending where a sum of its length does. */
function expectWhole(pieces: Piece[], since: number, until: number): void {
  let at = since;
  for (const piece of pieces) {
    expect(piece.since).toBe(at);
    expect(piece.until).toBeGreaterThan(piece.since);
    for (const ms of [piece.since, piece.until])
      if (piece.grain === 'month') expect(new Date(ms).toISOString()).toMatch(/-01T00:00:00.000Z$/);
      else expect(ms % (minute[piece.grain] * 60_000)).toBe(0);
    at = piece.until;
  }
  expect(at).toBe(until);
}

test('[STATS-2] a range is cut into a handful of sums that cover it once', () => {
  fc.assert(
    fc.property(range, ({ since, until }) => {
      const pieces = piecesOf({ since, until }, until);
      expectWhole(pieces, since, until);
      expect(pieces.length).toBeLessThanOrEqual(5);
    }),
  );
});

test('[STATS-4] each day and hour of a zone is cut into sums of its own', () => {
  fc.assert(
    fc.property(range, fc.constantFrom('day' as const, 'hour' as const), fc.boolean(), (each, by, hours) => {
      const bounds = bucketsOf(each, by);
      const pieces = bucketPieces(bounds, { hours });
      if (!hours) expect(pieces.filter(({ grain }) => grain === 'hour')).toEqual([]);
      const byPlace = Map.groupBy(pieces, ({ place }) => place);
      for (const [i, since] of bounds.slice(0, -1).entries())
        expectWhole(byPlace.get(i + 1) ?? [], since, bounds[i + 1] ?? since);
    }),
    { numRuns: 10 },
  );
});

test('a range that ends in the future takes the whole of today, as days', () => {
  const now = Date.UTC(2026, 5, 10, 9, 30);
  const { since, until } = rangeOf({ from: '2026-06-09', to: '2026-06-10', timeZone: 'Europe/Brussels' });
  expect(piecesOf({ since, until }, now)).toEqual([
    { grain: '15min', since, until: Date.UTC(2026, 5, 9) },
    { grain: 'day', since: Date.UTC(2026, 5, 9), until: Date.UTC(2026, 5, 11) },
  ]);
});
