/** What a provider may cost us. Feeds that are known have some kilobytes; the largest imaginable fits. */
export interface FeedLimits {
  /** For the whole answer, from the name look-up to the last byte: a drip is as bad as silence. */
  readonly answerMs: number;
  /** Attempts beside the first, within one sync. */
  readonly retries: number;
  /** About the first pause between attempts; the next ones double, with jitter. */
  readonly pauseMs: number;
  readonly maxPauseMs: number;
  /** After so many attempts without an answer in a row nobody asks for `openMs`. */
  readonly failuresInARow: number;
  readonly openMs: number;
  /** Bytes of an answer, as they come and again unpacked. */
  readonly maxBytes: number;
  /** For reading it, in a thread of its own. */
  readonly parseMs: number;
  /** Elements within each other. */
  readonly depth: number;
  /** Events and plans of all kinds in one feed. */
  readonly entries: number;
  /** Characters of an attribute. */
  readonly attributeLength: number;
  /** Attributes of an element. */
  readonly attributes: number;
}

export const defaultFeedLimits: FeedLimits = {
  answerMs: 15_000,
  retries: 2,
  pauseMs: 1000,
  maxPauseMs: 5000,
  failuresInARow: 6,
  openMs: 60_000,
  maxBytes: 32 * 1024 * 1024,
  parseMs: 20_000,
  depth: 16,
  entries: 50_000,
  attributeLength: 4000,
  attributes: 64,
};
