import { expect, test } from 'vitest';
import { HubClock } from '../../src/pages/hub-clock.ts';

test('the countdown follows the hub, whatever happens to the wall clock', () => {
  let stopwatch = 1000;
  let wall = 500_000;
  const clock = new HubClock(
    () => stopwatch,
    () => wall,
  );
  clock.sync(7000);
  expect(clock.now()).toBe(507_000);
  stopwatch += 30_000;
  wall -= 3_600_000;
  expect(clock.now()).toBe(537_000);
  // The same measurement again is not a new one: the wall clock has moved since.
  clock.sync(7000);
  expect(clock.now()).toBe(537_000);
  clock.sync(3_637_000);
  expect(clock.now()).toBe(500_000 - 3_600_000 + 3_637_000);
});
