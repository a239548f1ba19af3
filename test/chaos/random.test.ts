import { expect, test } from 'vitest';
import { seeded } from './random.ts';

const first = (seed: number) =>
  Array.from(
    { length: 5 },
    (
      (random) => () =>
        random.whole(0, 1000)
    )(seeded(seed)),
  );

test('a seed brings the same numbers again, and another seed others', () => {
  expect(first(7)).toEqual(first(7));
  expect(first(7)).not.toEqual(first(8));
});

test('a fork does not depend on how much of its source was used', () => {
  const random = seeded(1);
  const before = random.fork('a').next();
  random.next();
  expect(random.fork('a').next()).toBe(before);
  expect(random.fork('b').next()).not.toBe(before);
});
