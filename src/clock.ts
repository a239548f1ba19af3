/**
 * Where time comes from, and what waits for it. Passed in, so that a test can run years of it in a moment and the same
 * way twice; everything else takes {@link systemClock}. Runs in browsers too.
 */
export interface Clock {
  /** Wall clock time, ms since 1970. It may jump. */
  now(): number;
  /** Time that only goes forward, ms since some moment of this process. For measuring. */
  monotonic(): number;
  /** Does `work` once, in `ms`. Returns what cancels it. What waits does not keep the process alive. */
  after(ms: number, work: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  after(ms, work) {
    const timer: NodeJS.Timeout | number = setTimeout(work, ms);
    // In a browser it is a number.
    if (typeof timer === 'object') timer.unref();
    return () => clearTimeout(timer);
  },
};
