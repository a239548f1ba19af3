import { describe, expect, test } from 'vitest';
import { abortConfirm } from '../../src/redis/scripts/abort-confirm.ts';
import { closeEvent } from '../../src/redis/scripts/close-event.ts';
import { readHold } from '../../src/redis/scripts/read-hold.ts';
import { readHolds } from '../../src/redis/scripts/read-holds.ts';
import { setRules } from '../../src/redis/scripts/set-rules.ts';
import { until } from '../support/client.ts';
import { dayMs, type EventInRedis, fresh, loadedEvent, redis, redisNow } from './event.ts';

/** A buyer's entry in the index: "booked|hold,hold". */
const buyer = (event: EventInRedis, owner: string) => redis.hget(event.buyersKey, owner);

describe('hold-seats', () => {
  test('[HOLD-1] holds all seats or none, and names the ones that are taken', async () => {
    const event = await loadedEvent({ seats: 'ffffsfbf' });
    expect(await event.hold('ada', [0, 1], { holdId: 'first' })).toMatchObject({
      status: 'held',
      holdId: 'first',
      seats: [0, 1],
      extensionsLeft: 2,
    });
    expect(await event.hold('bob', [2, 1, 4, 6, 3])).toEqual({ status: 'taken', seats: [1, 4, 6] });
    expect(await event.seats()).toBe('hhffsfbf');
    expect(await buyer(event, 'bob')).toBeNull();
    expect(await redis.hkeys(event.holdsKey)).toEqual(['first']);
  });

  test('runs out when the event says, by the clock of Redis', async () => {
    const event = await loadedEvent({ holdMs: 123_456 });
    const before = await redisNow();
    const answer = await event.hold('ada', [0]);
    const after = await redisNow();
    if (answer.status !== 'held') throw new Error(answer.status);
    expect(answer.expiresAt).toBeGreaterThanOrEqual(before + 123_456);
    expect(answer.expiresAt).toBeLessThanOrEqual(after + 123_456);
    expect(await redis.zscore(event.expiryKey, answer.holdId)).toBe(String(answer.expiresAt));
  });

  test('refuses seats the event does not have, before anything else is looked at', async () => {
    const event = await loadedEvent({ seats: 'ffff' });
    expect(await event.hold('ada', [0, 4, 99_999])).toEqual({
      status: 'unknown-seats',
      seats: [4, 99_999],
      count: 4,
    });
    expect(await event.seats()).toBe('ffff');
  });

  test.each([
    ['has closed', { closesAt: Date.now() - 1 }],
    ['was never on sale', { closesAt: 0 }],
  ])('an event that %s holds nothing', async (_, args) => {
    const event = await loadedEvent(args);
    expect(await event.hold('ada', [0])).toEqual({ status: 'closed' });
  });

  test('set-rules opens and ends the sale', async () => {
    const event = await loadedEvent({ closesAt: 0 });
    expect(await event.ask(setRules, { closesAt: Date.now() + dayMs })).toEqual({ status: 'set' });
    const holdId = await event.held('ada', [0]);
    await event.ask(setRules, { closesAt: Date.now() - 1 });
    expect(await event.hold('ada', [1])).toEqual({ status: 'closed' });
    expect(await event.extend('ada', holdId)).toEqual({ status: 'closed' });
    expect(await event.begin('ada', holdId)).toEqual({ status: 'closed' });
    // Giving back is always possible.
    expect(await event.release('ada', holdId)).toMatchObject({ status: 'released' });
  });
});

describe('running out', () => {
  test('[HOLD-3] a hold that runs out frees every seat of it in one change', async () => {
    const event = await loadedEvent({ holdMs: 30 });
    await event.hold('ada', [2, 3, 5], { holdId: 'short' });
    const { position = 0 } = event.effects ?? {};
    await until(async () => {
      await event.sweep();
      return (event.effects?.lapsed.length ?? 0) > 0;
    }, 'the hold to run out');
    expect(event.effects?.lapsed).toEqual([{ holdId: 'short', owner: 'ada', seats: [2, 3, 5] }]);
    expect(event.effects?.position).toBe(position + 1);
    expect(await event.seats()).toBe('f'.repeat(20));
    expect(await redis.exists(event.holdsKey, event.expiryKey, event.buyersKey)).toBe(0);
  });

  test('[HOLD-5] a due hold does not block the next, though nothing swept it', async () => {
    const event = await loadedEvent({ holdMs: 30 });
    await event.hold('ada', [0, 1], { holdId: 'late' });
    await until(
      async () => (await event.hold('bob', [1, 2])).status === 'held',
      'the seats of the late hold',
    );
    expect(event.effects?.lapsed).toEqual([{ holdId: 'late', owner: 'ada', seats: [0, 1] }]);
    expect(await event.seats()).toBe(`fhh${'f'.repeat(17)}`);
  });

  test('[HOLD-5] nor when far more holds are due than one call frees', async () => {
    const { event, holdIds } = await crowded(350);
    await event.makeDue(holdIds);
    // The last one to have run out is the last that would be swept.
    await event.makeDue([holdIds[0] as string], 0);
    expect(await event.hold('zoe', [0])).toMatchObject({ status: 'held', seats: [0] });
    expect((await event.seats())?.charAt(0)).toBe('h');
  });

  test.each<[string, (event: EventInRedis, holdId: string) => Promise<object>, object]>([
    ['to extend', (event, holdId) => event.extend('owner-0', holdId), { status: 'unknown-hold' }],
    ['to release', (event, holdId) => event.release('owner-0', holdId), { status: 'unknown-hold' }],
    ['to book', (event, holdId) => event.begin('owner-0', holdId), { status: 'unknown-hold' }],
    [
      'to add to',
      (event, holdId) => event.hold('owner-0', [130], { into: holdId }),
      { status: 'unknown-hold' },
    ],
    ['to be listed', (event) => event.ask(readHolds, { owner: 'owner-0' }), { status: 'holds', holds: [] }],
    ['to count', (event) => event.hold('owner-0', [130, 131]), { status: 'held', seats: [130, 131] }],
  ])('a due hold that was not swept yet is no longer there for its owner %s', async (_, call, expected) => {
    const { event, holdIds } = await crowded(130, { seats: 'f'.repeat(140), seatsPerBuyer: 2 });
    const [late = '', ...others] = holdIds;
    await event.makeDue(others, 10);
    await event.makeDue([late], 0);
    expect(await call(event, late)).toMatchObject(expected);
    expect(event.effects?.lapsed).toHaveLength(100);
  });

  test('one call frees a bounded number: 250 due holds take three', async () => {
    const { event, holdIds } = await crowded(250);
    await event.makeDue(holdIds);
    const counts: number[] = [];
    for (let i = 0; i < 4; i++) {
      const { dueInMs } = await event.sweep();
      counts.push(event.effects?.lapsed.length ?? 0);
      expect(dueInMs).toBe(i < 2 ? 0 : undefined);
    }
    expect(counts).toEqual([100, 100, 50, 0]);
    expect(await event.seats()).toBe('f'.repeat(250));
    expect(await redis.exists(event.holdsKey, event.expiryKey, event.buyersKey)).toBe(0);
  });

  test('a seat that was sold meanwhile stays sold', async () => {
    // A booking whose hold got lost with the last second of a Redis: its seats may be held anew before its commit shows.
    const event = await loadedEvent();
    const lapsing = await event.held('ada', [0, 1]);
    const released = await event.held('bob', [2, 3]);
    const refused = await event.held('cem', [4, 5]);
    await event.begin('cem', refused);
    for (const seat of [0, 2, 4]) await event.finish('zoe', 'lost', [seat]);
    await event.makeDue([lapsing]);
    await event.sweep();
    await event.release('bob', released);
    await event.ask(abortConfirm, { holdId: refused, soldSeats: [] });
    expect(await event.seats()).toBe(`sfsfsf${'f'.repeat(14)}`);
    const closing = await event.held('dan', [6, 7]);
    await event.finish('zoe', 'lost', [6]);
    expect(await event.ask(closeEvent, undefined)).toEqual({ status: 'closed' });
    expect(await redis.hexists(event.holdsKey, closing)).toBe(0);
    expect(await event.seats()).toBe(`sfsfsfsf${'f'.repeat(12)}`);
  });
});

/** One-seat holds of as many buyers. */
async function crowded(
  count: number,
  args: Parameters<typeof loadedEvent>[0] = {},
): Promise<{ event: EventInRedis; holdIds: string[] }> {
  const event = await loadedEvent({ seats: 'f'.repeat(count), ...args });
  const seats = Array.from({ length: count }, (_, seat) => seat);
  const holdIds = await Promise.all(seats.map((seat) => event.held(`owner-${seat}`, [seat])));
  return { event, holdIds };
}

describe('repeats', () => {
  test('[HOLD-6] a repeated request is answered with the first answer and does nothing', async () => {
    const event = await loadedEvent();
    const same = { requestId: 'request-hold', holdId: 'first' };
    const first = await event.hold('ada', [0, 1], same);
    const { position } = event.effects ?? {};
    expect(await event.hold('ada', [0, 1], { ...same, holdId: 'second' })).toEqual(first);
    expect(event.effects?.position).toBe(position);

    const extended = await event.extend('ada', 'first', 'request-extend');
    expect(await event.extend('ada', 'first', 'request-extend')).toEqual(extended);
    const released = await event.release('ada', 'first', [], 'request-release');
    expect(released).toMatchObject({ status: 'released', holdId: 'first', seats: [] });
    expect(await event.release('ada', 'first', [], 'request-release')).toEqual(released);
    // The seats are free again; the first answer stays the answer.
    expect(await event.hold('ada', [0, 1], same)).toEqual(first);
    expect(await event.seats()).toBe('f'.repeat(20));
  });

  test('a refusal is not remembered: it changed nothing, and is judged anew', async () => {
    const event = await loadedEvent();
    const holdId = await event.held('ada', [0]);
    const same = { requestId: 'request-b' };
    expect(await event.hold('bob', [0], same)).toEqual({ status: 'taken', seats: [0] });
    await event.release('ada', holdId);
    expect(await event.hold('bob', [0], same)).toMatchObject({ status: 'held' });
  });

  test('[HOLD-6] sent many times at once it is done once', async () => {
    const event = await loadedEvent();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => event.hold('ada', [3], { requestId: 'request-many' })),
    );
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).toBe(1);
    expect(await redis.hlen(event.holdsKey)).toBe(1);
    expect(event.effects?.position).toBe(1);
  });

  test('[HOLD-7] a request id used for something else is refused', async () => {
    const event = await loadedEvent();
    const holdId = await event.held('ada', [0]);
    await event.hold('ada', [1], { requestId: 'request-one' });
    expect(await event.hold('ada', [2], { requestId: 'request-one' })).toEqual({ status: 'reused' });
    expect(await event.extend('ada', holdId, 'request-one')).toEqual({ status: 'reused' });
    expect(await event.release('ada', holdId, [], 'request-one')).toEqual({ status: 'reused' });
    // Another buyer may have had the same idea.
    expect(await event.hold('bob', [2], { requestId: 'request-one' })).toMatchObject({ status: 'held' });
    expect(await event.seats()).toBe(`hhh${'f'.repeat(17)}`);
  });

  test('[HOLD-6] first answers are kept for a day at least, and are gone after two', async () => {
    const event = await loadedEvent();
    const old = { requestId: 'request-old', holdId: 'old' };
    const first = await event.hold('ada', [0], old);
    const yesterday = (await redisNow()) - dayMs - 1;

    await event.setMeta({ repliesSince: yesterday });
    await event.hold('ada', [1], { requestId: 'request-new' });
    expect(await redis.hkeys(event.earlierKey)).toEqual(['ada:request-old']);
    expect(await redis.hkeys(event.repliesKey)).toEqual(['ada:request-new']);
    expect(await event.meta('repliesSince')).toBeGreaterThan(yesterday + dayMs);
    expect(await event.hold('ada', [0], { ...old, holdId: 'other' })).toEqual(first);

    await event.setMeta({ repliesSince: yesterday });
    await event.hold('ada', [2], { requestId: 'request-newest' });
    expect(await redis.hkeys(event.earlierKey)).toEqual(['ada:request-new']);
    expect(await event.hold('ada', [0], { ...old, holdId: 'other' })).toEqual({
      status: 'taken',
      seats: [0],
    });
  });

  test('a quiet day, without any answer to keep, does not stop the change of days', async () => {
    const event = await loadedEvent();
    await event.setMeta({ repliesSince: (await redisNow()) - 3 * dayMs });
    expect(await event.hold('ada', [0])).toMatchObject({ status: 'held' });
    expect(await redis.exists(event.earlierKey)).toBe(0);
  });
});

test('[HOLD-8] to everybody but its owner a hold does not exist', async () => {
  const event = await loadedEvent();
  const holdId = await event.held('ada', [0, 1]);
  const unknown = { status: 'unknown-hold' };
  for (const [owner, id] of [
    ['bob', holdId],
    ['ada', 'no-such-hold'],
  ] as const) {
    expect(await event.extend(owner, id)).toEqual(unknown);
    expect(await event.release(owner, id)).toEqual(unknown);
    const nobodys = id === holdId ? { status: 'foreign' } : unknown;
    expect(await event.begin(owner, id)).toEqual(nobodys);
    expect(await event.hold(owner, [5], { into: id })).toEqual(unknown);
  }
  expect(await event.ask(readHolds, { owner: 'bob' })).toEqual({ status: 'holds', holds: [] });
  expect(await event.seats()).toBe(`hh${'f'.repeat(18)}`);
});

describe('a live hold', () => {
  test('[HOLD-9] takes more seats and runs out with them at its own time', async () => {
    const event = await loadedEvent();
    const first = await event.hold('ada', [0], { holdId: 'mine' });
    const more = await event.hold('ada', [7, 3], { into: 'mine', holdId: 'unused' });
    expect(more).toEqual({ ...first, seats: [0, 7, 3] });
    expect(await redis.hkeys(event.holdsKey)).toEqual(['mine']);
    expect(await buyer(event, 'ada')).toBe('0|mine');
    expect(await event.hold('ada', [3], { into: 'mine' })).toEqual({ status: 'taken', seats: [3] });
    await event.makeDue(['mine']);
    await event.sweep();
    expect(event.effects?.lapsed).toEqual([{ holdId: 'mine', owner: 'ada', seats: [0, 7, 3] }]);
    expect(await event.seats()).toBe('f'.repeat(20));
  });

  test('[HOLD-10] is extended as often as the event allows, and no more', async () => {
    const event = await loadedEvent({ extensions: 2, holdMs: 60_000 });
    const holdId = await event.held('ada', [0]);
    // As if most of its time had passed.
    await event.makeDue([holdId], -5000);
    const extended = await event.extend('ada', holdId);
    expect(extended).toMatchObject({ status: 'extended', holdId, extensionsLeft: 1, seats: [0] });
    if (extended.status !== 'extended') throw new Error(extended.status);
    expect(extended.expiresAt).toBeGreaterThan((await redisNow()) + 55_000);
    expect(await redis.zscore(event.expiryKey, holdId)).toBe(String(extended.expiresAt));
    expect(await event.extend('ada', holdId)).toMatchObject({ status: 'extended', extensionsLeft: 0 });
    expect(await event.extend('ada', holdId)).toEqual({ status: 'used-up' });
    // Adding seats gives no time.
    expect(await event.hold('ada', [1], { into: holdId })).toMatchObject({ extensionsLeft: 0 });
  });

  test('[HOLD-10] is not extended at all where the event allows none', async () => {
    const event = await loadedEvent({ extensions: 0 });
    expect(await event.extend('ada', await event.held('ada', [0]))).toEqual({ status: 'used-up' });
  });

  test('[HOLD-11] keeps what is not released, and ends with its last seat', async () => {
    const event = await loadedEvent();
    const first = await event.hold('ada', [0, 1, 2], { holdId: 'mine' });
    expect(await event.release('ada', 'mine', [1])).toEqual({
      ...first,
      status: 'released',
      seats: [0, 2],
      wasBeingPaid: false,
    });
    expect(await event.seats()).toBe(`hfh${'f'.repeat(17)}`);
    expect(await event.release('ada', 'mine', [2, 1, 9])).toEqual({
      status: 'unknown-seats',
      seats: [1, 9],
      count: 2,
    });
    expect(await event.release('ada', 'mine', [2, 0])).toMatchObject({ status: 'released', seats: [] });
    expect(await event.seats()).toBe('f'.repeat(20));
    expect(await redis.exists(event.holdsKey, event.expiryKey, event.buyersKey)).toBe(0);
    expect(await event.release('ada', 'mine')).toEqual({ status: 'unknown-hold' });
  });

  test('[MAP-5] is read with the others of its owner', async () => {
    const event = await loadedEvent();
    const one = await event.hold('ada', [4, 2]);
    const two = await event.hold('ada', [9]);
    await event.hold('bob', [1]);
    const answer = await event.ask(readHolds, { owner: 'ada' });
    expect(answer.holds.map((hold) => ({ status: 'held', ...hold }))).toEqual([one, two]);
  });

  test('is read by its id, whoever asks', async () => {
    const event = await loadedEvent();
    const holdId = await event.held('ada', [4, 2]);
    const hold = { status: 'hold', owner: 'ada', confirming: false, seats: [4, 2] };
    expect(await event.ask(readHold, { holdId })).toEqual(hold);
    await event.begin('ada', holdId);
    expect(await event.ask(readHold, { holdId })).toEqual({ ...hold, confirming: true });
    expect(await event.ask(readHold, { holdId: 'none' })).toEqual({ status: 'unknown-hold' });
  });
});

describe('[HOLD-12] limits', () => {
  test('of a hold, with what is added later', async () => {
    const event = await loadedEvent({ seatsPerHold: 3, seatsPerBuyer: 9 });
    expect(await event.hold('ada', [0, 1, 2, 3])).toEqual({ status: 'seats-per-hold', allowed: 3 });
    const holdId = await event.held('ada', [0, 1]);
    expect(await event.hold('ada', [2, 3], { into: holdId })).toEqual({
      status: 'seats-per-hold',
      allowed: 3,
    });
    expect(await event.hold('ada', [2], { into: holdId })).toMatchObject({ status: 'held' });
  });

  test('of a buyer, held and booked together', async () => {
    const event = await loadedEvent({ seatsPerHold: 4, seatsPerBuyer: 5 });
    await event.booked('ada', [0, 1]);
    const holdId = await event.held('ada', [2, 3]);
    expect(await event.hold('ada', [4, 5])).toEqual({ status: 'seats-per-buyer', allowed: 5, left: 1 });
    expect(await event.hold('ada', [4, 5], { into: holdId })).toMatchObject({
      status: 'seats-per-buyer',
      left: 1,
    });
    // What is being booked counts, what was released or ran out does not, and others have their own.
    await event.begin('ada', holdId);
    expect(await event.hold('ada', [4, 5])).toMatchObject({ status: 'seats-per-buyer', left: 1 });
    const last = await event.held('ada', [4]);
    expect(await event.hold('ada', [5])).toMatchObject({ status: 'seats-per-buyer', left: 0 });
    await event.release('ada', last);
    const short = await event.held('ada', [4]);
    await event.makeDue([short]);
    expect(await event.hold('ada', [5])).toMatchObject({ status: 'held' });
    expect(await event.hold('bob', [6, 7, 8, 9])).toMatchObject({ status: 'held' });
  });

  test('of a buyer are not raised by asking many times at once', async () => {
    const event = await loadedEvent({ seatsPerBuyer: 5 });
    const answers = await Promise.all(Array.from({ length: 12 }, (_, seat) => event.hold('ada', [seat])));
    expect(answers.filter(({ status }) => status === 'held')).toHaveLength(5);
  });

  test('of a buyer count a booking that Redis learns of only when it is booked', async () => {
    const event = await loadedEvent({ seatsPerBuyer: 3 });
    await event.finish('ada', 'lost', [0, 1]);
    await event.finish('ada', 'lost', [0, 1]);
    expect(await event.hold('ada', [2, 3])).toEqual({ status: 'seats-per-buyer', allowed: 3, left: 1 });
  });
});

describe('[HOLD-2] races', () => {
  test('of fifty buyers for one seat have one winner', async () => {
    const event = await loadedEvent();
    const answers = await Promise.all(
      Array.from({ length: 50 }, (_, n) => event.hold(`buyer-${n}`, [7], { holdId: `hold-${n}` })),
    );
    expect(answers.filter(({ status }) => status === 'held')).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 'taken')).toHaveLength(49);
  });

  test('of overlapping blocks have a winner for each seat, and never half a block', async () => {
    const event = await loadedEvent({ seats: 'f'.repeat(12) });
    const blocks = Array.from({ length: 30 }, (_, n) => [n % 12, (n * 5 + 1) % 12, (n * 7 + 2) % 12]);
    const wanted = blocks.map((block) => [...new Set(block)]);
    const answers = await Promise.all(wanted.map((seats) => event.hold(fresh('buyer'), seats)));
    const held = answers.flatMap((answer) => (answer.status === 'held' ? answer.seats : []));
    expect(new Set(held).size).toBe(held.length);
    const map = Array.from({ length: 12 }, (_, seat) => (held.includes(seat) ? 'h' : 'f')).join('');
    expect(await event.seats()).toBe(map);
  });
});
