/** What is hard to bring about with real connections; those are in `slow-reader.test.ts`. */
import { afterEach, expect, test } from 'vitest';
import { encodeSnapshot } from '../../src/seats/codec.ts';
import type { GuardedSocket } from '../../src/socket/guard.ts';
import { SlowReaders } from '../../src/socket/slow-readers.ts';
import { until } from '../support/client.ts';

const started: SlowReaders[] = [];
afterEach(() => {
  for (const readers of started.splice(0)) readers.stop();
});

/** A connection whose reader is the test: what is sent waits until it is read. */
class Connection {
  readonly topics = new Set<string>();
  readonly told: [name: string, data: Record<string, unknown>][] = [];
  waiting = 0;

  send(frame: string): void {
    this.told.push(JSON.parse(frame.slice(2)));
    this.waiting += frame.length;
  }
  getBufferedAmount = () => this.waiting;
  getTopics = () => [...this.topics];
  subscribe = (topic: string) => this.topics.add(topic);
  unsubscribe = (topic: string) => this.topics.delete(topic);
  isSubscribed = (topic: string) => this.topics.has(topic);
}

/** One viewer of `events` who lags, and maps that all stand at `at`. */
async function lagging(events: string[]) {
  const at = { epoch: 'AAAAAAAA', position: 4, stale: false };
  const snapshot = encodeSnapshot(Uint8Array.from({ length: 20_000 }, (_, i) => i % 4));
  const maps = { standing: () => ({ ...at }), viewNow: () => ({ ...at, snapshot }) };
  const readers = new SlowReaders(
    () => maps,
    () => undefined,
  );
  started.push(readers);
  const connection = new Connection();
  const ws = connection as unknown as GuardedSocket;
  for (const eventId of events) readers.watch(ws, eventId);
  expect(connection.topics.size).toBe(events.length);
  connection.waiting = readers.limits.softBytes + 1;
  await until(() => readers.lagging === 1, 'the viewer to be noticed');
  expect(connection.topics.size).toBe(0);
  return { readers, connection, ws, at };
}

test('[GUARD-7] who watches many events catches up with one after the other, as fast as they read', async () => {
  const events = Array.from({ length: 20 }, (_, i) => `event-${i}`);
  const { readers, connection, ws, at } = await lagging(events);
  at.position = 900;
  let most = 0;
  for (let rounds = 0; readers.lagging > 0 && rounds < 100; rounds++) {
    connection.waiting = 0;
    readers.drained(ws);
    most = Math.max(most, connection.waiting);
  }
  expect(most).toBeLessThan(readers.limits.softBytes);
  expect(connection.topics.size).toBe(20);
  const snapshots = connection.told.filter(([name]) => name === 'seats:snapshot');
  expect(snapshots.map(([, data]) => data.eventId)).toEqual(events);
  expect(readers.counts).toEqual({ marked: 1, caughtUp: 1 });
});

test('[GUARD-7] who missed nothing, or the end of an epoch, gets the beacon that was held back', async () => {
  const { readers, connection, ws, at } = await lagging(['E']);
  connection.waiting = 0;
  readers.drained(ws);
  expect(connection.told).toEqual([['seats:position', { eventId: 'E', ...at }]]);
  connection.waiting = readers.limits.softBytes + 1;
  await until(() => readers.lagging === 1, 'the viewer to be noticed again');
  // Lower than the position they were sent, and yet newer.
  Object.assign(at, { epoch: 'BBBBBBBB', position: 2, stale: true });
  connection.waiting = 0;
  readers.drained(ws);
  expect(connection.told.slice(1)).toEqual([['seats:position', { eventId: 'E', ...at }]]);
  expect(connection.topics.size).toBe(1);
});

test('[GUARD-7] a viewer whose reading nobody reported is found all the same', async () => {
  const { readers, connection } = await lagging(['E']);
  connection.waiting = 0;
  await until(() => readers.lagging === 0, 'the next look');
  expect(connection.topics.size).toBe(1);
});
