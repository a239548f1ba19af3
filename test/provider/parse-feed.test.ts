import { expect, test } from 'vitest';
import type { FeedEntry } from '../../src/provider/feed-entry.ts';
import { parseFeed } from '../../src/provider/parse-feed.ts';
import { entry, expectFailure, feedOf, limitsOf } from './support.ts';

const never = new AbortController().signal;
const parse = (xml: string, limits = {}, signal = never) =>
  parseFeed(Buffer.from(xml), limitsOf(limits), signal);

test('a feed is read in a thread of its own, and comes back as text', async () => {
  const { entries, counts, spoiled } = await parse(feedOf(entry(), entry({ id: '2', start: 'soon' })));
  expect((JSON.parse(entries) as FeedEntry[]).map(({ entryId }) => entryId)).toEqual(['1']);
  expect(counts).toMatchObject({ entries: 2, spoiled: 1 });
  expect(spoiled).toHaveLength(1);
});

test('[PROV-5] a failure comes back as what it was', async () => {
  await expectFailure(() => parse('<eventList>'), 'malformed');
  await expectFailure(() => parse('<!DOCTYPE x><x/>'), 'forbidden');
});

test('[PROV-6] the node goes on while a feed is read, and ends what takes too long', async () => {
  let turns = 0;
  let isReading = true;
  const count = () => {
    turns++;
    if (isReading) setImmediate(count);
  };
  setImmediate(count);
  const huge = feedOf(`<news>${'&#65;'.repeat(3_000_000)}</news>`, entry());
  expect((await parse(huge)).counts.entries).toBe(1);
  isReading = false;
  // In the node's own thread it would have been one turn.
  expect(turns).toBeGreaterThan(20);
  const failure = await expectFailure(() => parse(huge, { parseMs: 1 }), 'limits');
  expect(failure.message).toContain('1 ms');
});

test('a node that stops does not wait for a feed', async () => {
  const stopping = new AbortController();
  const reading = expectFailure(() => parse(feedOf(entry()), {}, stopping.signal), 'stopped');
  stopping.abort();
  await reading;
  await expectFailure(() => parse(feedOf(entry()), {}, stopping.signal), 'stopped');
});
