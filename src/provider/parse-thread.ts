/** The thread in which a feed is read: however long it takes, the node goes on, and ends it if it takes too long. */
import { parentPort, workerData } from 'node:worker_threads';
import { FeedFailure } from './feed-failure.ts';
import { readFeed } from './feed-reader.ts';
import type { ParseRequest, ParseResult } from './parse-feed.ts';

const { bytes, limits } = workerData as ParseRequest;

function parse(): ParseResult {
  try {
    const { entries, spoiledIds, spoiled, counts } = readFeed(bytes, limits);
    // As text, which goes on to PostgreSQL as it is: thousands of objects would have to be made once more.
    return { entries: JSON.stringify(entries), spoiledIds, spoiled, counts };
  } catch (error) {
    if (error instanceof FeedFailure) return { code: error.code, message: error.message };
    throw error;
  }
}

parentPort?.postMessage(parse());
