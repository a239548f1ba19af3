import { describe, expect, test } from 'vitest';
import { holdSeats } from '../../src/redis/scripts/hold-seats.ts';
import { readMap } from '../../src/redis/scripts/read-map.ts';
import { evaluate, runScript } from '../../src/redis/scripts/script.ts';
import { takeWindow } from '../../src/redis/scripts/take-window.ts';
import { until } from '../support/client.ts';
import { EventInRedis, fresh, loadedEvent, redis, redisNow } from './event.ts';

describe('load-event', () => {
  test('the first loader installs the map, the others are told which it is', async () => {
    const event = new EventInRedis();
    const epochs = ['epoch-aa', 'epoch-bb', 'epoch-cc'];
    const answers = await Promise.all(epochs.map((epoch) => event.load({ epoch, seats: 'fsbf' })));
    expect(answers.map(({ status }) => status).sort()).toEqual(['current', 'current', 'loaded']);
    expect(new Set(answers.map(({ epoch }) => epoch)).size).toBe(1);
    expect(await event.ask(readMap, undefined)).toEqual({ status: 'map', seats: 'fsbf', cut: 0 });
    expect(event.effects).toMatchObject({ epoch: answers[0]?.epoch, position: 0, tick: undefined });
  });

  test('a later loader changes nothing', async () => {
    const event = await loadedEvent();
    await event.held('ada', [0]);
    const before = await Promise.all(event.keys.map((key) => redis.dump(key)));
    expect(await event.load({ epoch: 'other-01', seats: 'ssss' })).toEqual({
      status: 'current',
      epoch: 'epoch001',
    });
    expect(await Promise.all(event.keys.map((key) => redis.dump(key)))).toEqual(before);
  });

  test('[MAP-3] a rebuilt map has a new epoch, sold seats first, then the holds that survived', async () => {
    const event = await loadedEvent();
    const live = await event.held('ada', [0, 1]);
    const expired = await event.held('bob', [2, 3]);
    const booking = await event.held('cem', [4, 5]);
    await event.held('dan', [6, 7]);
    const bookingOvertaken = await event.held('eve', [8, 9]);
    await event.begin('cem', booking);
    await event.begin('eve', bookingOvertaken);
    await event.makeDue([expired]);
    const liveText = await redis.hget(event.holdsKey, live);
    const before = await redisNow();

    event.run = 'run-2';
    const seats = 'ffffffsffsffffffffbs';
    const booked = [
      { owner: 'zoe', seats: 2 },
      { owner: 'ada', seats: 1 },
    ];
    expect(await event.load({ epoch: 'epoch002', seats, booked, seatsPerBuyer: 5 })).toEqual({
      status: 'loaded',
      epoch: 'epoch002',
    });
    expect(await event.seats()).toBe('hhffhhsffsffffffffbs');
    expect((await redis.hkeys(event.holdsKey)).sort()).toEqual([live, booking].sort());
    expect(await redis.hget(event.holdsKey, live)).toBe(liveText);
    expect(await redis.hgetall(event.buyersKey)).toEqual({
      ada: `1|${live}`,
      cem: `0|${booking}`,
      zoe: '2|',
    });
    const [, , till] = liveText?.split('|') ?? [];
    expect(await redis.zscore(event.expiryKey, live)).toBe(till);
    // The confirm may still be under way; if it is not, PostgreSQL is asked soon.
    const due = Number(await redis.zscore(event.expiryKey, booking));
    expect(due).toBeGreaterThanOrEqual(before + 3000);
    expect(due).toBeLessThan(before + 10_000);
    expect(await redis.zcard(event.expiryKey)).toBe(2);
    expect(await redis.exists(event.dirtyKey, event.logKey)).toBe(0);

    await event.sweep();
    expect(event.effects).toMatchObject({ epoch: 'epoch002', position: 0 });
    // What survived is as good as before, and what the buyers have counts.
    expect(await event.hold('ada', [10, 11, 12])).toMatchObject({ status: 'seats-per-buyer', left: 2 });
    expect(await event.extend('ada', live)).toMatchObject({ status: 'extended', seats: [0, 1] });
    expect(await event.finish('cem', booking, [4, 5])).toEqual({ status: 'sold' });
    expect(await redis.hget(event.buyersKey, 'cem')).toBe('2|');
  });

  test('[MAP-3] of two survivors on one seat one stays', async () => {
    const event = await loadedEvent();
    const one = await event.held('ada', [0, 1]);
    const text = (await redis.hget(event.holdsKey, one)) ?? '';
    await redis.hset(event.holdsKey, 'twin', text.replace(/0,1$/, '1,2'));
    event.run = 'run-2';
    await event.load({ epoch: 'epoch002' });
    const [left = ''] = await redis.hkeys(event.holdsKey);
    expect(await redis.hlen(event.holdsKey)).toBe(1);
    expect(await event.seats()).toBe((left === one ? 'hhf' : 'fhh') + 'f'.repeat(17));
    expect(await redis.hget(event.buyersKey, 'ada')).toBe(`0|${left}`);
  });

  test('[MAP-3] a hold on a seat that the plan no longer has is dropped', async () => {
    const event = await loadedEvent();
    await event.held('ada', [3, 19]);
    event.run = 'run-2';
    await event.load({ epoch: 'epoch002', seats: 'ffff' });
    expect(await event.seats()).toBe('ffff');
    expect(await redis.exists(event.holdsKey, event.expiryKey, event.buyersKey)).toBe(0);
  });

  test('[HOLD-6] first answers survive it', async () => {
    const event = await loadedEvent();
    const same = { requestId: 'request-1', holdId: 'first' };
    const first = await event.hold('ada', [0], same);
    event.run = 'run-2';
    await event.load({ epoch: 'epoch002' });
    expect(await event.hold('ada', [0], { ...same, holdId: 'second' })).toEqual(first);
  });

  test('a hall sold out to as many buyers as it has seats', async () => {
    const count = 100_000;
    const event = new EventInRedis();
    const booked = Array.from({ length: count }, (_, n) => ({ owner: `buyer-${n}`, seats: 1 }));
    expect(await event.load({ seats: 's'.repeat(count), booked })).toMatchObject({ status: 'loaded' });
    expect(await redis.hlen(event.buyersKey)).toBe(count);
  });
});

describe('an event that is not in this Redis', () => {
  const args = {
    owner: 'ada',
    requestId: 'request-1',
    fingerprint: 'x',
    holdId: 'h',
    into: undefined,
    seats: [0],
  };

  test('is "unloaded", and nothing is written', async () => {
    const event = new EventInRedis();
    expect(await runScript(redis, holdSeats, event.keys, event.run, args)).toEqual({ loaded: false });
    expect(await redis.exists(...event.keys)).toBe(0);
  });

  test('nor is one that was loaded before Redis restarted', async () => {
    const event = await loadedEvent();
    const due = await event.held('ada', [1]);
    await event.makeDue([due]);
    const before = await Promise.all(event.keys.map((key) => redis.dump(key)));
    expect(await runScript(redis, holdSeats, event.keys, 'run-2', args)).toEqual({ loaded: false });
    expect(await Promise.all(event.keys.map((key) => redis.dump(key)))).toEqual(before);
  });
});

test('a Redis that forgot the scripts is sent them again', async () => {
  const event = await loadedEvent();
  await redis.script('FLUSH');
  const answers = await Promise.all([0, 1, 2].map((seat) => event.hold(fresh('buyer'), [seat])));
  expect(answers.map(({ status }) => status)).toEqual(['held', 'held', 'held']);
});

test('a script that fails is not sent twice', async () => {
  const source = `redis.call('INCR', KEYS[1]) error('broken')`;
  const sha = (await redis.script('LOAD', source)) as string;
  const key = new EventInRedis().seatsKey;
  await expect(evaluate(redis, { name: 'broken', source, sha }, [key], [])).rejects.toThrow('broken');
  expect(await redis.get(key)).toBe('1');
});

test('take-window gives so many in a window, and says when there are more', async () => {
  const key = new EventInRedis().seatsKey;
  const take = () => takeWindow(redis, key, { limit: 3, windowMs: 200 });
  const [wait = 0, ...given] = (await Promise.all([take(), take(), take(), take()])).reverse();
  expect(given).toEqual([0, 0, 0]);
  expect(wait).toBeGreaterThan(0);
  expect(wait).toBeLessThanOrEqual(200);
  await until(async () => (await take()) === 0, 'the next window', 2000);
});
