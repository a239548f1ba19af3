/** The scripts by which Redis is compared with PostgreSQL and mended, straight against Redis. */
import { describe, expect, onTestFinished, test } from 'vitest';
import type { EventLook } from '../../src/redis/scripts/look-at-event.ts';
import { lookAtEvent } from '../../src/redis/scripts/look-at-event.ts';
import { mendBuyer } from '../../src/redis/scripts/mend-buyer.ts';
import { mendSeats, type SeatToMend } from '../../src/redis/scripts/mend-seats.ts';
import { retireEvent } from '../../src/redis/scripts/retire-event.ts';
import { type EventInRedis, fresh, loadedEvent, redis } from './event.ts';

const leaseMs = 10_000;

function look(event: EventInRedis, node = 'node-1', known = '') {
  return event.ask(lookAtEvent, { node, leaseMs, known });
}

/** A look by the node that has the lease. */
async function seen(event: EventInRedis): Promise<EventLook & { epoch: string; position: number }> {
  const answer = await look(event);
  if (answer.status !== 'map' || !event.effects) throw new Error(`the look was answered ${answer.status}`);
  const { epoch, position } = event.effects;
  return { ...answer, epoch, position };
}

const free = (seat: number, seenAs: string): SeatToMend => ({
  seat,
  seen: seenAs,
  bookingId: '',
  holdId: '',
});
const sold = (seat: number, seenAs: string, bookingId: string): SeatToMend => ({
  ...free(seat, seenAs),
  bookingId,
});
const held = (seat: number, seenAs: string, holdId: string): SeatToMend => ({
  ...free(seat, seenAs),
  holdId,
});

async function mend(event: EventInRedis, at: { epoch: string; position: number }, ...seats: SeatToMend[]) {
  const { epoch, position } = at;
  const answer = await event.ask(mendSeats, { epoch, position, seats });
  return answer.status === 'moved' ? 'moved' : answer.seats.map(({ seat, to }) => `${seat}${to}`).join(',');
}

describe('look-at-event', () => {
  test('answers the whole event, and that nothing has changed to who knows it', async () => {
    const event = await loadedEvent({ booked: [{ owner: 'bob', seats: 2 }], seats: `ss${'f'.repeat(18)}` });
    const holdId = await event.held('ada', [3, 4]);
    const first = await seen(event);
    expect(first).toMatchObject({
      seats: `ssfhh${'f'.repeat(15)}`,
      holds: [{ holdId, state: 'h', owner: 'ada', seats: [3, 4] }],
    });
    expect(first.buyers.sort((a, b) => (a.owner < b.owner ? -1 : 1))).toEqual([
      { owner: 'ada', booked: 0, text: `0|${holdId}` },
      { owner: 'bob', booked: 2, text: '2|' },
    ]);
    const known = `${first.epoch}:${first.position}`;
    expect((await look(event, 'node-1', known)).status).toBe('same');
    await event.makeDue([holdId]);
    expect(await look(event, 'node-1', known)).toMatchObject({ status: 'map', holds: [] });
    expect((await seen(event)).position).toBe(first.position + 1);
  });

  test('is answered to one node at a time, and to another when the lease is over', async () => {
    const event = await loadedEvent();
    expect((await look(event, 'node-1')).status).toBe('map');
    expect((await look(event, 'node-2')).status).toBe('elsewhere');
    expect((await look(event, 'node-1')).status).toBe('map');
    await redis.hincrby(event.metaKey, 'lookerUntil', -leaseMs - 1);
    expect((await look(event, 'node-2')).status).toBe('map');
    expect((await look(event, 'node-1')).status).toBe('elsewhere');
    // As after a clock that went back: no lease is that long.
    await redis.hincrby(event.metaKey, 'lookerUntil', 3_600_000);
    expect((await look(event, 'node-1')).status).toBe('map');
  });
});

describe('mend-seats', () => {
  test('shows seats as they should be, in one change', async () => {
    const event = await loadedEvent();
    const holdId = await event.held('ada', [3]);
    await redis.setrange(event.seatsKey, 0, 'shfffs');
    const at = await seen(event);
    const all = [free(0, 's'), free(1, 'h'), sold(2, 'f', 'booking-1'), held(3, 'f', holdId), free(5, 's')];
    expect(await mend(event, at, ...all)).toBe('0f,1f,2s,3h,5f');
    expect((await event.seats())?.slice(0, 6)).toBe('ffshff');
    expect(event.effects?.position).toBe(at.position + 1);
    expect(await mend(event, await seen(event), ...all)).toBe('');
  });

  test('leaves a seat alone that has changed since the look, also when it looks the same again', async () => {
    const event = await loadedEvent();
    await event.booked('ada', [3]);
    const at = await seen(event);
    // Cancelled, and booked by somebody else: as when PostgreSQL was asked in between.
    await event.free('ada', [3]);
    await event.booked('bob', [3]);
    expect((await event.seats())?.charAt(3)).toBe('s');
    expect(await mend(event, at, free(3, 's'))).toBe('');
    expect((await event.seats())?.charAt(3)).toBe('s');
  });

  test('and sees so in the ticks that were cut meanwhile, and in what is not cut yet', async () => {
    const event = await loadedEvent({ tickMs: 1000 });
    await event.booked('ada', [3]);
    await event.booked('ada', [4]);
    await event.age(1000);
    const at = await seen(event);
    for (const seat of [3, 4]) {
      await event.free('ada', [seat]);
      await event.booked('bob', [seat]);
      if (seat === 3) await event.age(1000);
      if (seat === 3) expect((await event.sweep()).status).toBe('swept');
    }
    expect(Number(await redis.hlen(event.dirtyKey))).toBeGreaterThan(0);
    expect(await mend(event, at, free(3, 's'), free(4, 's'), sold(5, 'f', 'booking-1'))).toBe('5s');
  });

  test('does nothing when the log does not reach back, or the map is another', async () => {
    const event = await loadedEvent();
    await event.booked('ada', [3]);
    const at = await seen(event);
    await event.age(1000);
    await event.held('bob', [5]);
    await event.age(1000);
    await event.sweep();
    expect(await mend(event, { ...at, epoch: 'epoch002' }, free(3, 's'))).toBe('moved');
    await redis.del(event.logKey);
    expect(await mend(event, at, free(3, 's'))).toBe('moved');
    expect((await event.seats())?.charAt(3)).toBe('s');
  });

  test('never takes a seat from a live hold, unless it is sold', async () => {
    const event = await loadedEvent();
    const holdId = await event.held('ada', [3, 4, 5]);
    const at = await seen(event);
    expect(await mend(event, at, free(3, 'h'), sold(4, 'h', 'booking-1'))).toBe('4s');
    expect(await event.seats()).toBe(`fffhsh${'f'.repeat(14)}`);
    // Shown sold over its head: who books it right now may have it by now.
    await redis.setrange(event.seatsKey, 5, 's');
    const before = await seen(event);
    await event.begin('ada', holdId);
    expect(await mend(event, before, held(5, 's', holdId), free(5, 's'))).toBe('');
    await event.finish('ada', holdId, [3, 5]);
    expect(await mend(event, before, held(5, 's', holdId))).toBe('');
    expect((await event.seats())?.charAt(5)).toBe('s');
  });

  test('does not show a sale that was cancelled meanwhile', async () => {
    const event = await loadedEvent();
    const at = await seen(event);
    await event.free('ada', [3], 'booking-1');
    expect(await mend(event, at, sold(3, 'f', 'booking-1'), sold(4, 'f', 'booking-1'))).toBe('4s');
  });
});

test('mend-buyer corrects a count, unless what is kept has changed', async () => {
  const event = await loadedEvent();
  const holdId = await event.held('ada', [1]);
  expect(await event.ask(mendBuyer, { owner: 'ada', seen: `0|${holdId}`, booked: 3 })).toEqual({
    status: 'mended',
  });
  expect(await redis.hget(event.buyersKey, 'ada')).toBe(`3|${holdId}`);
  expect(await event.ask(mendBuyer, { owner: 'ada', seen: `0|${holdId}`, booked: 9 })).toEqual({
    status: 'moved',
  });
  expect(await event.ask(mendBuyer, { owner: 'bob', seen: '', booked: 2 })).toEqual({ status: 'mended' });
  expect(await event.ask(mendBuyer, { owner: 'bob', seen: '2|', booked: 0 })).toEqual({ status: 'mended' });
  expect(await redis.hgetall(event.buyersKey)).toEqual({ ada: `3|${holdId}` });
});

test('retire-event removes every key of an event, but of none that has holds', async () => {
  const event = await loadedEvent();
  await event.booked('ada', [1]);
  const holdId = await event.held('ada', [2]);
  // One of the nine that only a day's work would bring about.
  await redis.hset(event.earlierKey, fresh('request'), 'answer');
  onTestFinished(async () => void (await redis.unlink(event.keys)));
  expect(await retireEvent(redis, event.keys)).toBe('holds');
  expect(await redis.exists(event.seatsKey)).toBe(1);
  await event.release('ada', holdId);
  expect(await retireEvent(redis, event.keys)).toBe('retired');
  expect(await redis.exists(event.keys)).toBe(0);
});
