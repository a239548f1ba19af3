import { describe, expect, test } from 'vitest';
import { cutTick } from '../../src/redis/scripts/cut-tick.ts';
import { readMap } from '../../src/redis/scripts/read-map.ts';
import { readTicks } from '../../src/redis/scripts/read-ticks.ts';
import type { RawTick } from '../../src/redis/scripts/script.ts';
import { decodeRawTick } from '../../src/seats/codec.ts';
import { dayMs, type EventInRedis, hourMs, loadedEvent, redis, redisNow } from './event.ts';

/** Ticks this long do not become due by themselves while a test runs. */
const slow = { tickMs: 60_000 };
const changesOf = (tick: RawTick | undefined) => Object.fromEntries(decodeRawTick(tick?.seats ?? ''));
const logged = async (event: EventInRedis) => (await redis.xrange(event.logKey, '-', '+')).length;

describe('cutting', () => {
  test('[TICK-3] the first change of an idle map is cut at once', async () => {
    const event = await loadedEvent(slow);
    await event.held('ada', [3, 4]);
    expect(event.effects?.tick).toMatchObject({ from: 1, to: 1 });
    expect(changesOf(event.effects?.tick)).toEqual({ 3: 1, 4: 1 });
    expect(event.effects?.dueMs).toBeUndefined();
    await event.age(slow.tickMs);
    await event.held('ada', [5]);
    expect(event.effects?.tick).toMatchObject({ from: 2, to: 2 });
  });

  test('[TICK-2] changes that follow wait for the next tick, which one caller is asked to cut', async () => {
    const event = await loadedEvent(slow);
    await event.held('ada', [0]);
    const promises: (number | undefined)[] = [];
    for (const seat of [1, 2, 3]) {
      await event.held('ada', [seat]);
      expect(event.effects?.tick).toBeUndefined();
      promises.push(event.effects?.dueMs);
    }
    expect(promises.slice(1)).toEqual([undefined, undefined]);
    expect(promises[0]).toBeGreaterThan(slow.tickMs - 5000);
    expect(promises[0]).toBeLessThanOrEqual(slow.tickMs);
    await event.age(slow.tickMs);
    await event.ask(cutTick, undefined);
    expect(event.effects?.tick).toMatchObject({ from: 2, to: 4 });
    expect(changesOf(event.effects?.tick)).toEqual({ 1: 1, 2: 1, 3: 1 });
    // And there is one promise again for what comes next.
    await event.held('ada', [4]);
    expect(event.effects?.dueMs).toBeGreaterThan(0);
  });

  test('[TICK-2] a rush of changes gives a tick every 40 ms at most', async () => {
    const event = await loadedEvent({ seats: 'f'.repeat(5000), tickMs: 40 });
    const started = await redisNow();
    const ticks: RawTick[] = [];
    let holds = 0;
    while (ticks.length < 5) {
      await event.held(`buyer-${holds}`, [holds]);
      if (event.effects?.tick) ticks.push(event.effects.tick);
      holds++;
    }
    expect((await redisNow()) - started).toBeGreaterThanOrEqual(4 * 40);
    expect(ticks.at(-1)?.to).toBe(holds);
    for (const [index, tick] of ticks.slice(1).entries()) expect(tick.from).toBe((ticks[index]?.to ?? 0) + 1);
  });

  test('[TICK-7] the tick of a node that died is cut by whoever comes next', async () => {
    const event = await loadedEvent(slow);
    await event.held('ada', [0]);
    await event.held('ada', [1]);
    expect(event.effects?.dueMs).toBeGreaterThan(0);
    // Nobody kept the promise.
    await event.age(slow.tickMs);
    await event.sweep();
    expect(event.effects?.tick).toMatchObject({ from: 2, to: 2 });
    expect(changesOf(event.effects?.tick)).toEqual({ 1: 1 });
    await event.held('ada', [2]);
    await event.age(slow.tickMs);
    await event.held('ada', [3]);
    expect(changesOf(event.effects?.tick)).toEqual({ 2: 1, 3: 1 });
  });

  test('[TICK-7] a timer that fires early is asked to come again', async () => {
    const event = await loadedEvent(slow);
    await event.held('ada', [0]);
    await event.held('ada', [1]);
    await event.ask(cutTick, undefined);
    expect(event.effects?.tick).toBeUndefined();
    expect(event.effects?.dueMs).toBeGreaterThan(0);
  });

  test('two that come for the same tick cut it once', async () => {
    const event = await loadedEvent(slow);
    await event.held('ada', [0]);
    await event.held('ada', [1]);
    await event.age(slow.tickMs);
    await event.ask(cutTick, undefined);
    expect(event.effects?.tick).toBeDefined();
    await event.ask(cutTick, undefined);
    expect(event.effects).toMatchObject({ tick: undefined, dueMs: undefined });
    expect(await logged(event)).toBe(2);
  });

  test('[TICK-4] a tick carries absolute states: the last of each seat', async () => {
    const event = await loadedEvent(slow);
    await event.held('ada', [0]);
    const holdId = await event.held('ada', [1, 2]);
    await event.release('ada', holdId, [1]);
    await event.begin('ada', holdId);
    await event.finish('ada', holdId, [2]);
    await event.age(slow.tickMs);
    await event.sweep();
    expect(event.effects?.tick).toMatchObject({ from: 2, to: 4 });
    expect(changesOf(event.effects?.tick)).toEqual({ 1: 0, 2: 2 });
    expect(await redis.exists(event.dirtyKey)).toBe(0);
  });

  test('an idle event is swept without a write', async () => {
    const event = await loadedEvent(slow);
    await event.held('ada', [0]);
    const before = await Promise.all(event.keys.map((key) => redis.dump(key)));
    for (let i = 0; i < 3; i++) {
      await event.sweep();
      expect(event.effects).toMatchObject({ tick: undefined, dueMs: undefined, lapsed: [], unsettled: [] });
    }
    expect(await Promise.all(event.keys.map((key) => redis.dump(key)))).toEqual(before);
  });

  test('a sweep says where the map stands and when to come again', async () => {
    const event = await loadedEvent({ ...slow, holdMs: 50_000 });
    expect(await event.sweep()).toEqual({ status: 'swept', cut: 0, dueInMs: undefined });
    await event.held('ada', [0]);
    const swept = await event.sweep();
    expect(swept.cut).toBe(1);
    expect(swept.dueInMs).toBeGreaterThan(45_000);
    expect(swept.dueInMs).toBeLessThanOrEqual(50_000);
  });
});

describe('a clock that went back', () => {
  test.each([hourMs, 30 * dayMs])('by %d ms does not stop the ticks', async (ms) => {
    const event = await loadedEvent(slow);
    await event.held('ada', [0]);
    const future = (await redisNow()) + ms;
    await event.setMeta({ cutAt: future, promised: future + slow.tickMs });
    await event.held('ada', [1]);
    expect(event.effects?.tick).toMatchObject({ from: 2, to: 2 });
    expect(await event.meta('cutAt')).toBeLessThan(future);
  });

  test('does not leave a promise that nobody keeps', async () => {
    const event = await loadedEvent(slow);
    await event.held('ada', [0]);
    await event.setMeta({ promised: (await redisNow()) + hourMs });
    await event.held('ada', [1]);
    expect(event.effects?.dueMs).toBeGreaterThan(0);
    await event.held('ada', [2]);
    expect(event.effects?.dueMs).toBeUndefined();
  });
});

describe('large numbers', () => {
  test.each([2 ** 31, 2 ** 40 + 7, 2 ** 53 - 100])('positions past %d stay whole', async (start) => {
    const event = await loadedEvent(slow);
    await event.setMeta({ position: start, cut: start });
    await event.held('ada', [0]);
    expect(event.effects?.position).toBe(start + 1);
    expect(event.effects?.tick).toMatchObject({ from: start + 1, to: start + 1 });
    await event.held('ada', [1]);
    await event.age(slow.tickMs);
    await event.sweep();
    expect(event.effects?.tick).toMatchObject({ from: start + 2, to: start + 2 });
    expect(await redis.hmget(event.metaKey, 'position', 'cut')).toEqual([
      String(start + 2),
      String(start + 2),
    ]);
    const answer = await event.ask(readTicks, { epoch: 'epoch001', position: start + 1 });
    expect(answer).toEqual({ status: 'ticks', ticks: [{ from: start + 2, to: start + 2, seats: '1h' }] });
    expect(await event.ask(readMap, undefined)).toMatchObject({ cut: start + 2 });
  });

  test('times are written as whole milliseconds', async () => {
    const event = await loadedEvent(slow);
    const holdId = await event.held('ada', [0]);
    await event.extend('ada', holdId);
    await event.begin('ada', holdId);
    await event.held('ada', [1]);
    const meta = await redis.hgetall(event.metaKey);
    for (const field of ['cutAt', 'promised', 'repliesSince', 'closesAt'])
      expect(meta[field]).toMatch(/^\d{13}$/);
    expect(await redis.zscore(event.expiryKey, holdId)).toMatch(/^\d{13}$/);
    expect(await redis.hget(event.holdsKey, holdId)).toMatch(/^c\|ada\|\d{13}\|1\|1\|0$/);
    for (const reply of await redis.hvals(event.repliesKey)) expect(reply).toMatch(/\|\d{13}\|/);
  });
});

describe('reading', () => {
  test('[TICK-5] the ticks after a position', async () => {
    const event = await loadedEvent({ tickMs: 0 });
    const seats = [0, 1, 2, 3];
    for (const seat of seats) await event.held('ada', [seat]);
    const ticksAfter = (position: number) => event.ask(readTicks, { epoch: 'epoch001', position });
    const all = seats.map((seat) => ({ from: seat + 1, to: seat + 1, seats: `${seat}h` }));
    for (const position of [0, 1, 2, 3, 4]) {
      expect(await ticksAfter(position)).toEqual({ status: 'ticks', ticks: all.slice(position) });
    }
  });

  test('a tick that overlaps the position is answered whole', async () => {
    const event = await loadedEvent(slow);
    for (const seat of [0, 1, 2]) await event.held('ada', [seat]);
    await event.age(slow.tickMs);
    await event.sweep();
    const answer = await event.ask(readTicks, { epoch: 'epoch001', position: 2 });
    expect(answer).toMatchObject({ status: 'ticks', ticks: [{ from: 2, to: 3 }] });
  });

  test('another epoch is gone', async () => {
    const event = await loadedEvent();
    await event.held('ada', [0]);
    expect(await event.ask(readTicks, { epoch: 'epoch000', position: 0 })).toEqual({ status: 'gone' });
  });

  test.each(['part of', 'all of'])('what the log has lost %s is gone', async (much) => {
    const event = await loadedEvent({ tickMs: 0 });
    for (const seat of [0, 1, 2, 3]) await event.held('ada', [seat]);
    await redis.xtrim(event.logKey, 'MAXLEN', much === 'all of' ? 0 : 2);
    const ticksAfter = async (position: number) =>
      (await event.ask(readTicks, { epoch: 'epoch001', position })).status;
    expect(await ticksAfter(1)).toBe('gone');
    expect(await ticksAfter(2)).toBe(much === 'all of' ? 'gone' : 'ticks');
    expect(await ticksAfter(4)).toBe('ticks');
  });

  test('the log is kept short', async () => {
    const event = await loadedEvent({ tickMs: 0, seatsPerBuyer: 9 });
    for (let round = 0; round < 10; round++) {
      await Promise.all(
        Array.from({ length: 100 }, async (_, n) => {
          const owner = `buyer-${round}-${n}`;
          const answer = await event.hold(owner, [0]);
          if (answer.status === 'held') await event.release(owner, answer.holdId);
        }),
      );
      for (let n = 0; n < 100; n++) await event.release('ada', await event.held('ada', [1]));
    }
    const length = await logged(event);
    expect(length).toBeGreaterThanOrEqual(1024);
    expect(length).toBeLessThan(1300);
  });

  test('the map, which may be ahead of the last tick', async () => {
    const event = await loadedEvent(slow);
    await event.held('ada', [0]);
    await event.held('ada', [1]);
    const map = await event.ask(readMap, undefined);
    expect(map).toEqual({ status: 'map', seats: `hh${'f'.repeat(18)}`, cut: 1 });
    expect(event.effects?.position).toBe(2);
  });
});
