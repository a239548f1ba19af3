import { expect, test } from 'vitest';
import { Addresses } from '../../src/provider/addresses.ts';
import { GuardedFeed } from '../../src/provider/guarded-feed.ts';
import { until } from '../support/client.ts';
import { expectFailure, limitsOf, send, startFeedServer } from './support.ts';

const loopback = new Addresses(['127.0.0.0/8']);
const never = new AbortController().signal;

test('what may be over in a second is asked again, and nothing else', async () => {
  const server = await startFeedServer();
  const fetchWith = async (...statuses: number[]) => {
    const left = [...statuses];
    server.answer = (request, response) => send(left.shift() ?? 200)(request, response);
    let attempts = 0;
    const feed = new GuardedFeed(server.url, loopback, limitsOf());
    await feed.fetch(never, () => attempts++).catch(() => undefined);
    return attempts;
  };
  expect(await fetchWith(500, 503, 200)).toBe(3);
  expect(await fetchWith(500, 500, 500, 500)).toBe(3);
  expect(await fetchWith(404, 200)).toBe(1);
  expect(await fetchWith(302, 200)).toBe(1);
});

test('a provider that does not answer is left alone for a while, then one call finds out', async () => {
  const server = await startFeedServer(send(500));
  const feed = new GuardedFeed(
    server.url,
    loopback,
    limitsOf({ retries: 0, failuresInARow: 3, openMs: 200 }),
  );
  const fetchOnce = () => feed.fetch(never, () => undefined);
  for (let i = 0; i < 3; i++) await expectFailure(fetchOnce, 'unavailable');
  expect(feed.circuit).toBe('open');
  await expectFailure(fetchOnce, 'circuit-open');
  expect(server.asked).toBe(3);
  server.answer = send(200, 'x');
  await until(
    () =>
      fetchOnce().then(
        () => true,
        () => false,
      ),
    'the circuit to let one call through',
  );
  expect(feed.circuit).toBe('closed');
  expect(server.asked).toBe(4);
});

test('an answer that cannot be used says nothing about whether there are answers', async () => {
  const server = await startFeedServer(send(404));
  const feed = new GuardedFeed(server.url, loopback, limitsOf({ failuresInARow: 1 }));
  for (let i = 0; i < 3; i++) await expectFailure(() => feed.fetch(never, () => undefined), 'refused');
  expect(feed.circuit).toBe('closed');
});
