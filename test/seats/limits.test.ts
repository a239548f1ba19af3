import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { TokenBuckets } from '../../src/socket/limits.ts';

describe('token buckets', () => {
  const rate = fc.integer({ min: 1, max: 200 });
  /** ms until the next request, and what it costs. */
  const requests = fc.array(fc.tuple(fc.nat(3000), fc.integer({ min: 1, max: 20 })), {
    minLength: 1,
    maxLength: 80,
    size: 'max',
  });

  test('[GUARD-3] never give more than the rate and one burst, in whatever stretch of time', () => {
    fc.assert(
      fc.property(rate, requests, (perSecond, asked) => {
        const buckets = new TokenBuckets(perSecond);
        const burst = perSecond * 3;
        const given: { at: number; tokens: number }[] = [];
        let now = 1_000_000;
        for (const [wait, cost] of asked) {
          now += wait;
          if (buckets.take('ada', cost, now) > 0) continue;
          given.push({ at: now, tokens: Math.min(cost, burst) });
          let sum = 0;
          for (const { at, tokens } of given.toReversed()) {
            sum += tokens;
            expect(sum).toBeLessThanOrEqual(burst + ((now - at) / 1000) * perSecond + 1e-6);
          }
        }
      }),
    );
  });

  test('say truly when the tokens will be there', () => {
    fc.assert(
      fc.property(rate, requests, (perSecond, asked) => {
        const buckets = new TokenBuckets(perSecond);
        let now = 1_000_000;
        for (const [wait, cost] of asked) {
          now += wait;
          const until = buckets.take('ada', cost, now);
          if (until === 0) continue;
          expect(Number.isInteger(until)).toBe(true);
          // One more, as tokens are fractions.
          now += until + 1;
          expect(buckets.take('ada', cost, now)).toBe(0);
        }
      }),
    );
  });

  test('a refused request costs nothing', () => {
    const buckets = new TokenBuckets(1);
    expect(buckets.take('ada', 2, 0)).toBe(0);
    for (let i = 0; i < 100; i++) expect(buckets.take('ada', 2, 0)).toBe(1000);
    expect(buckets.take('ada', 1, 0)).toBe(0);
  });

  test('a request dearer than a full bucket passes when the bucket is full', () => {
    const buckets = new TokenBuckets(1);
    expect(buckets.take('ada', 50, 0)).toBe(0);
    expect(buckets.take('ada', 50, 0)).toBe(3000);
    expect(buckets.take('ada', 50, 3000)).toBe(0);
  });

  test('each sender has one of their own', () => {
    const buckets = new TokenBuckets(1);
    expect(buckets.take('ada', 3, 0)).toBe(0);
    expect(buckets.take('ada', 1, 0)).toBeGreaterThan(0);
    expect(buckets.take('bob', 3, 0)).toBe(0);
  });

  test('those that are full again are forgotten', () => {
    const buckets = new TokenBuckets(10);
    for (let n = 0; n < 1000; n++) buckets.take(`sender-${n}`, 1, 10_000);
    expect(buckets.size).toBe(1000);
    buckets.take('late', 1, 20_000);
    expect(buckets.size).toBe(1);
  });

  test('a clock that goes back gives nothing, and takes nothing', () => {
    const buckets = new TokenBuckets(1);
    expect(buckets.take('ada', 3, 1_000_000)).toBe(0);
    expect(buckets.take('ada', 1, 0)).toBe(1000);
    expect(buckets.take('ada', 1, 1000)).toBe(0);
  });
});
