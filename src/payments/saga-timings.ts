/** How patient payments are. Passed in, because a test cannot wait for half an hour. */
export interface SagaTimings {
  /** How often a node looks for steps that are due; whoever writes one looks at once. */
  readonly pollMs: number;
  /** How long a step is one node's. Longer than all attempts at the provider together. */
  readonly leaseMs: number;
  /** After so many, about twenty minutes, somebody has to look at a step that fails. */
  readonly attempts: number;
  /** The pause after the first failure; the next ones double. */
  readonly firstPauseMs: number;
  readonly longestPauseMs: number;
  /** How long a buyer is kept waiting for the provider's answer. */
  readonly answerMs: number;
  /** A buyer who has just paid is there to confirm; only if they are gone the hub books for them. */
  readonly bookAfterMs: number;
  /** A pending payment is looked at so often. Notices are quicker; this is for those that never come. */
  readonly lookEveryMs: number;
  /** Payments that nobody decides are let go of when the time to pay has been over for so long. */
  readonly undecidedMs: number;
}

export const defaultSagaTimings: SagaTimings = {
  pollMs: 500,
  leaseMs: 60_000,
  attempts: 12,
  firstPauseMs: 1000,
  longestPauseMs: 300_000,
  answerMs: 15_000,
  bookAfterMs: 5000,
  lookEveryMs: 10_000,
  undecidedMs: 300_000,
};
