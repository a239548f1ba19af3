import { describe, expect, test } from 'vitest';
import { abortConfirm } from '../../src/redis/scripts/abort-confirm.ts';
import { beginPayment } from '../../src/redis/scripts/begin-payment.ts';
import { closeEvent } from '../../src/redis/scripts/close-event.ts';
import { resumeHold } from '../../src/redis/scripts/resume-hold.ts';
import { setRules } from '../../src/redis/scripts/set-rules.ts';
import { type EventInRedis, loadedEvent, redis, redisNow } from './event.ts';

/** An event with a hold of Ada's on seats 0 and 1 that is being booked. */
async function confirming(): Promise<{ event: EventInRedis; holdId: string }> {
  const event = await loadedEvent();
  const holdId = await event.held('ada', [0, 1]);
  const answer = await event.begin('ada', holdId);
  if (answer.status !== 'confirming') throw new Error(answer.status);
  return { event, holdId };
}

describe('begin-confirm', () => {
  test('gives the booking its time, and the seats with it', async () => {
    const event = await loadedEvent();
    const holdId = await event.held('ada', [3, 1]);
    const before = await redisNow();
    const answer = await event.begin('ada', holdId, 12_000);
    expect(answer).toEqual({ status: 'confirming', deadline: expect.any(Number), seats: [3, 1], attempt: 1 });
    if (answer.status !== 'confirming') throw new Error(answer.status);
    expect(answer.deadline).toBeGreaterThanOrEqual(before + 12_000);
    expect(answer.deadline).toBeLessThanOrEqual((await redisNow()) + 12_000);
    expect(await redis.zscore(event.expiryKey, holdId)).toBe(String(answer.deadline));
    expect((await event.seats())?.slice(0, 4)).toBe('fhfh');
  });

  test('leaves nothing for the owner to change', async () => {
    const { event, holdId } = await confirming();
    const answer = { status: 'confirming' };
    expect(await event.extend('ada', holdId)).toEqual(answer);
    expect(await event.release('ada', holdId)).toEqual(answer);
    expect(await event.hold('ada', [5], { into: holdId })).toEqual(answer);
  });

  test('may be tried as long as the hold has time, and ten times in all once it has none', async () => {
    const holdMs = 500;
    const event = await loadedEvent({ holdMs });
    const holdId = await event.held('ada', [0, 1]);
    const begin = () => event.begin('ada', holdId);
    for (let i = 0; i < 9; i++) expect(await begin()).toMatchObject({ status: 'confirming' });
    await new Promise((resolve) => setTimeout(resolve, holdMs));
    expect(await begin()).toMatchObject({ status: 'confirming', attempt: 10 });
    expect(await begin()).toEqual({ status: 'exhausted' });
    const other = await event.held('bob', [5]);
    for (let i = 0; i < 12; i++)
      expect(await event.begin('bob', other)).toMatchObject({ status: 'confirming' });
  });

  test('[BOOK-3] never refuses on its own what PostgreSQL may just be committing', async () => {
    const { event, holdId } = await confirming();
    await event.ask(setRules, { closesAt: 0 });
    expect(await event.begin('ada', holdId)).toMatchObject({ status: 'confirming', seats: [0, 1] });
  });
});

describe('finish-confirm', () => {
  test('[BOOK-9] frees what was cancelled before it was ever shown as sold', async () => {
    const event = await loadedEvent();
    const holdId = await event.held('ada', [3, 4]);
    await event.begin('ada', holdId);
    expect(await event.finish('ada', holdId, [3])).toEqual({ status: 'sold' });
    expect((await event.seats())?.slice(0, 6)).toBe('fffsff');
    expect(await redis.hget(event.buyersKey, 'ada')).toBe('1|');
  });

  test('shows the seats sold and ends the hold; again changes nothing', async () => {
    const { event, holdId } = await confirming();
    expect(await event.finish('ada', holdId, [0, 1])).toEqual({ status: 'sold' });
    const { position } = event.effects ?? {};
    const after = await Promise.all([event.seats(), redis.hgetall(event.buyersKey)]);
    expect(after).toEqual([`ss${'f'.repeat(18)}`, { ada: '2|' }]);
    expect(await redis.exists(event.holdsKey, event.expiryKey)).toBe(0);
    await event.finish('ada', holdId, [0, 1]);
    expect(event.effects?.position).toBe(position);
    expect(await Promise.all([event.seats(), redis.hgetall(event.buyersKey)])).toEqual(after);
  });

  test('mends a map that missed the booking', async () => {
    const event = await loadedEvent();
    await event.finish('ada', 'lost', [0, 1]);
    expect(await event.seats()).toBe(`ss${'f'.repeat(18)}`);
    expect(await redis.hget(event.buyersKey, 'ada')).toBe('2|');
  });
});

describe('abort-confirm', () => {
  test('frees the seats of a refused hold', async () => {
    const { event, holdId } = await confirming();
    expect(await event.ask(abortConfirm, { holdId, soldSeats: [] })).toEqual({ status: 'aborted' });
    expect(await event.seats()).toBe('f'.repeat(20));
    expect(await redis.exists(event.holdsKey, event.expiryKey, event.buyersKey)).toBe(0);
  });

  test('but for those that somebody else has bought; again changes nothing', async () => {
    const { event, holdId } = await confirming();
    await event.ask(abortConfirm, { holdId, soldSeats: [1] });
    expect(await event.seats()).toBe(`fs${'f'.repeat(18)}`);
    const { position } = event.effects ?? {};
    await event.ask(abortConfirm, { holdId, soldSeats: [1] });
    expect(event.effects?.position).toBe(position);
  });
});

describe('a confirm without an end', () => {
  test('[BOOK-5] is asked about when its grace is over, again and again, and keeps its seats', async () => {
    const { event, holdId } = await confirming();
    await event.sweep();
    expect(event.effects?.unsettled).toEqual([]);
    for (let round = 0; round < 3; round++) {
      await event.makeDue([holdId]);
      const before = await redisNow();
      await event.sweep();
      expect(event.effects?.unsettled).toEqual([holdId]);
      expect(event.effects?.lapsed).toEqual([]);
      // One node at a time, and the next one if that one dies too.
      expect(Number(await redis.zscore(event.expiryKey, holdId))).toBeGreaterThanOrEqual(before + 3000);
      await event.sweep();
      expect(event.effects?.unsettled).toEqual([]);
    }
    expect(await event.hold('bob', [0])).toEqual({ status: 'taken', seats: [0] });
  });
});

describe('free-seats', () => {
  test('[BOOK-7] frees the seats of a cancelled booking once, even if somebody else has bought them since', async () => {
    const event = await loadedEvent({ seatsPerBuyer: 3 });
    await event.booked('ada', [0, 1]);
    const freed = { status: 'freed', seats: [0, 1] };
    expect(await event.free('ada', [0, 1], 'cancel-1')).toEqual(freed);
    expect(await redis.exists(event.buyersKey)).toBe(0);
    await event.booked('bob', [0]);
    expect(await event.free('ada', [0, 1], 'cancel-1')).toEqual({ status: 'freed', seats: [] });
    expect(await event.seats()).toBe(`s${'f'.repeat(19)}`);
    expect(await event.hold('ada', [2, 3, 4])).toMatchObject({ status: 'held' });
  });

  test('leaves alone what is not sold', async () => {
    const event = await loadedEvent();
    await event.booked('ada', [1]);
    await event.held('bob', [0]);
    expect(await event.free('ada', [0, 1, 2])).toEqual({ status: 'freed', seats: [1] });
    expect(await event.seats()).toBe(`h${'f'.repeat(19)}`);
  });

  test('[BOOK-9] frees some seats of a booking, and the others later', async () => {
    const event = await loadedEvent();
    await event.booked('ada', [0, 1, 2]);
    expect(await event.free('ada', [1], 'booking-1')).toEqual({ status: 'freed', seats: [1] });
    await event.booked('bob', [1]);
    expect(await event.free('ada', [0, 1, 2], 'booking-1')).toEqual({ status: 'freed', seats: [0, 2] });
    expect((await event.seats())?.slice(0, 3)).toBe('fsf');
  });

  test('keeps what else the buyer has', async () => {
    const event = await loadedEvent();
    await event.booked('ada', [0, 1, 2]);
    const holdId = await event.held('ada', [5]);
    await event.free('ada', [0, 2]);
    expect(await redis.hget(event.buyersKey, 'ada')).toBe(`1|${holdId}`);
    expect((await event.seats())?.slice(0, 6)).toBe('fsfffh');
  });
});

describe('close-event', () => {
  const closed = async (event: EventInRedis): Promise<string[]> => {
    const told: string[] = [];
    for (let calls = 0; calls < 20; calls++) {
      const { status } = await event.ask(closeEvent, undefined);
      expect(event.effects?.lapsed.length).toBeLessThanOrEqual(200);
      told.push(...(event.effects?.lapsed.map(({ holdId }) => holdId) ?? []));
      if (status === 'closed') return told;
    }
    throw new Error('close-event does not come to an end');
  };

  test('[EVENT-3] ends the sale, frees the holds and says whose they were', async () => {
    const event = await loadedEvent();
    const [one, two] = [await event.held('ada', [0, 1]), await event.held('bob', [5])];
    await event.booked('cem', [7]);
    expect((await closed(event)).sort()).toEqual([one, two].sort());
    expect(await event.seats()).toBe(`${'f'.repeat(7)}s${'f'.repeat(12)}`);
    expect(await event.hold('ada', [0])).toEqual({ status: 'closed' });
    expect(await closed(event)).toEqual([]);
  });

  test('[EVENT-3] leaves what is being booked to whoever asks PostgreSQL', async () => {
    const { event, holdId } = await confirming();
    const other = await event.held('bob', [5]);
    expect(await closed(event)).toEqual([other]);
    expect((await event.seats())?.slice(0, 6)).toBe('hhffff');
    expect(await redis.hkeys(event.holdsKey)).toEqual([holdId]);
  });

  test('[EVENT-3] frees every hold of a rush, a bounded number a call', async () => {
    const count = 330;
    const event = await loadedEvent({ seats: 'f'.repeat(count) });
    const holdIds = await Promise.all(
      Array.from({ length: count }, (_, seat) => event.held(`owner-${seat}`, [seat])),
    );
    // Many are being booked, and are due before all others; many have run out already.
    const booking = holdIds.slice(0, 120);
    await Promise.all(booking.map((holdId, n) => event.begin(`owner-${n}`, holdId)));
    await event.makeDue(holdIds.slice(120, 250));
    expect((await closed(event)).sort()).toEqual(holdIds.slice(120).sort());
    expect(await event.seats()).toBe('h'.repeat(120) + 'f'.repeat(210));
    expect((await redis.hkeys(event.holdsKey)).sort()).toEqual([...booking].sort());
  });
});

describe('a cancellation that overtakes what shows the seats as sold', () => {
  test('[BOOK-7] ends the hold, and the late finish paints nothing', async () => {
    const event = await loadedEvent();
    const holdId = await event.held('ada', [3, 4]);
    await event.begin('ada', holdId);
    expect(await event.free('ada', [3, 4], `booking-${holdId}`, holdId)).toEqual({
      status: 'freed',
      seats: [3, 4],
    });
    expect(await event.seats()).toBe('f'.repeat(20));
    const other = await event.held('bob', [3]);
    expect(await event.finish('ada', holdId, [3, 4])).toEqual({ status: 'cancelled' });
    expect(await event.seats()).toBe(`fffh${'f'.repeat(16)}`);
    expect(other).not.toBe(holdId);
  });

  test('[BOOK-9] of some seats: the late finish sells the others', async () => {
    const event = await loadedEvent();
    const holdId = await event.held('ada', [3, 4]);
    await event.begin('ada', holdId);
    expect(await event.free('ada', [3], `booking-${holdId}`, holdId)).toEqual({
      status: 'freed',
      seats: [3],
    });
    expect((await event.seats())?.slice(0, 6)).toBe('ffffhf');
    expect(await event.finish('ada', holdId, [3, 4])).toEqual({ status: 'sold' });
    expect((await event.seats())?.slice(0, 6)).toBe('ffffsf');
    expect(await redis.hget(event.buyersKey, 'ada')).toBe('1|');
  });
});

describe('begin-payment', () => {
  const pay = (event: EventInRedis, owner: string, holdId: string, payingMs = 900_000) =>
    event.ask(beginPayment, { owner, holdId, payingMs });

  test('[PAY-1] gives the time to pay once, and settles the seats', async () => {
    const event = await loadedEvent();
    const holdId = await event.held('ada', [0, 1]);
    const first = await pay(event, 'ada', holdId);
    expect(first).toMatchObject({ status: 'paying', seats: [0, 1] });
    expect(await pay(event, 'ada', holdId, 3_600_000)).toEqual(first);
    expect(await event.hold('ada', [2], { into: holdId })).toEqual({ status: 'confirming' });
    expect(await event.extend('ada', holdId)).toEqual({ status: 'confirming' });
    expect(await event.release('ada', holdId, [0])).toEqual({ status: 'confirming' });
    expect(await event.release('ada', holdId)).toMatchObject({ status: 'released', seats: [] });
    expect((await event.seats())?.slice(0, 3)).toBe('fff');
  });

  test('refuses what is not a live hold of this buyer, is being booked, or not on sale', async () => {
    const event = await loadedEvent();
    const holdId = await event.held('ada', [0]);
    expect(await pay(event, 'bob', holdId)).toEqual({ status: 'unknown-hold' });
    expect(await pay(event, 'ada', 'long gone')).toEqual({ status: 'unknown-hold' });
    await event.begin('ada', holdId);
    expect(await pay(event, 'ada', holdId)).toEqual({ status: 'confirming' });
    const other = await event.held('ada', [1]);
    await redis.hset(event.metaKey, 'closesAt', '0');
    expect(await pay(event, 'ada', other)).toEqual({ status: 'closed' });
  });

  test('one whose time to pay is over is freed like any other', async () => {
    const event = await loadedEvent();
    const holdId = await event.held('ada', [0]);
    await pay(event, 'ada', holdId);
    await event.makeDue([holdId]);
    await event.sweep();
    expect(event.effects?.lapsed.map((hold) => hold.holdId)).toEqual([holdId]);
    expect(await event.seats()).toBe('f'.repeat(20));
  });
});

describe('resume-hold', () => {
  test('[BOOK-5] a hold that PostgreSQL wrote nothing about goes on; one that is tried twice is left to be settled', async () => {
    const { event, holdId } = await confirming();
    expect(await event.ask(resumeHold, { holdId, state: 'h' })).toEqual({ status: 'resumed' });
    expect(await event.ask(resumeHold, { holdId, state: 'h' })).toEqual({ status: 'resumed' });
    expect(await event.release('ada', holdId)).toMatchObject({ status: 'released' });
    expect(await event.ask(resumeHold, { holdId, state: 'h' })).toEqual({ status: 'unknown-hold' });
    const other = await event.held('ada', [5]);
    await event.begin('ada', other);
    await event.begin('ada', other);
    expect(await event.ask(resumeHold, { holdId: other, state: 'p' })).toEqual({ status: 'confirming' });
  });
});
