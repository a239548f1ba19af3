import { Worker } from 'node:worker_threads';
import type { SpoiledEntry } from './feed-entry.ts';
import { FeedFailure, type FeedFailureCode } from './feed-failure.ts';
import type { FeedLimits } from './feed-limits.ts';
import type { FeedCounts, ReadingLimits } from './feed-reader.ts';

export interface ParseRequest {
  bytes: Uint8Array;
  limits: ReadingLimits;
}

export interface ParsedFeed {
  /** A JSON array of `FeedEntry`. */
  entries: string;
  spoiledIds: string[];
  spoiled: SpoiledEntry[];
  counts: FeedCounts;
}

export type ParseResult = ParsedFeed | { code: FeedFailureCode; message: string };

/** A feed at its limits takes about half of it. */
const heapMb = 512;

/** Reads a feed in a thread of its own. Rejects with FeedFailure and nothing else. */
export async function parseFeed(
  bytes: Uint8Array,
  limits: FeedLimits,
  signal: AbortSignal,
): Promise<ParsedFeed> {
  if (signal.aborted) throw new FeedFailure('stopped');
  const { depth, entries, attributeLength, attributes, parseMs } = limits;
  const workerData: ParseRequest = { bytes, limits: { depth, entries, attributeLength, attributes } };
  const thread = new Worker(new URL('./parse-thread.ts', import.meta.url), {
    workerData,
    env: {},
    execArgv: ['--disable-warning=ExperimentalWarning'],
    resourceLimits: { maxOldGenerationSizeMb: heapMb },
  });
  const late = AbortSignal.timeout(parseMs);
  try {
    const result = await new Promise<ParseResult>((resolve, reject) => {
      thread.once('message', resolve);
      thread.once('error', (error: NodeJS.ErrnoException) => {
        const isMemory = error.code === 'ERR_WORKER_OUT_OF_MEMORY';
        reject(isMemory ? new FeedFailure('limits', 'reading it needs too much memory') : error);
      });
      thread.once('exit', () => reject(new FeedFailure('unexpected', 'the thread that reads feeds ended')));
      AbortSignal.any([signal, late]).addEventListener('abort', () =>
        reject(
          signal.aborted
            ? new FeedFailure('stopped')
            : new FeedFailure('limits', `reading it takes more than ${parseMs} ms`),
        ),
      );
    });
    if ('code' in result) throw new FeedFailure(result.code, result.message);
    return result;
  } catch (error) {
    throw error instanceof FeedFailure ? error : new FeedFailure('unexpected', undefined, error);
  } finally {
    await thread.terminate();
  }
}
