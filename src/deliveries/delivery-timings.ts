/** How patient deliveries are. */
export interface DeliveryTimings {
  /** Attempts in all. */
  readonly attempts: number;
  /** Before the second attempt; before each further one `backoff` times as long. Half of it is chance. */
  readonly firstPauseMs: number;
  readonly backoff: number;
  readonly longestPauseMs: number;
  /** After so long nobody wants to hear of it any more, however few attempts there were: its endpoint was paused. */
  readonly longestAgeMs: number;
  /** For so long a delivery belongs to the node that took it on. Longer than any attempt. */
  readonly leaseMs: number;
  /** For so long the answer of a receiver is waited for. */
  readonly answerMs: number;
  /** How often each node looks for what is due. */
  readonly sweepMs: number;
  /** How often each node ends what nobody sends any more, and forgets what is over. */
  readonly tidyMs: number;
  /** What is later than this is in no queue, or the queue is too long. */
  readonly lateMs: number;
  /** After so many failures in a row a webhook is left alone, */
  readonly failuresInARow: number;
  /** for so long at first, and twice as long each time its trial fails. */
  readonly restMs: number;
  readonly longestRestMs: number;
}

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

/** 8 attempts take 4 to 8 hours. */
export const defaultDeliveryTimings: DeliveryTimings = {
  attempts: 8,
  firstPauseMs: 5000,
  backoff: 4,
  longestPauseMs: 6 * hourMs,
  longestAgeMs: 72 * hourMs,
  leaseMs: minuteMs,
  answerMs: 10_000,
  sweepMs: 1000,
  tidyMs: minuteMs,
  lateMs: 2000,
  failuresInARow: 5,
  restMs: minuteMs,
  longestRestMs: hourMs,
};

/** How long to wait after the n-th attempt failed, ms. With chance, so that those who failed together come back apart. */
export function pauseAfter(attempts: number, timings: DeliveryTimings, random = Math.random()): number {
  const { firstPauseMs, backoff, longestPauseMs } = timings;
  const pauseMs = Math.min(firstPauseMs * backoff ** (attempts - 1), longestPauseMs);
  return pauseMs * (0.5 + random / 2);
}
