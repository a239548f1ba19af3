/** Who waits, and who gets what becomes free, straight against Redis. */
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { abortConfirm } from '../../src/redis/scripts/abort-confirm.ts';
import { beginPayment } from '../../src/redis/scripts/begin-payment.ts';
import { closeEvent } from '../../src/redis/scripts/close-event.ts';
import { forgetSteps } from '../../src/redis/scripts/forget-steps.ts';
import { lookAtEvent } from '../../src/redis/scripts/look-at-event.ts';
import { mendSeats } from '../../src/redis/scripts/mend-seats.ts';
import { readHolds } from '../../src/redis/scripts/read-holds.ts';
import { setRules } from '../../src/redis/scripts/set-rules.ts';
import { hourMs, redis, redisNow } from './event.ts';
import { fullEvent, normalOrder, type WaitingEvent } from './waiting.ts';

/** Gives seats of `holder` back, each in a call of its own. */
async function release(event: WaitingEvent, holds: string[], ...seats: number[]): Promise<void> {
  for (const seat of seats) await event.release('holder', holds[seat] as string);
}

describe('[WAIT-1] what becomes free goes to the first who waits, in the script that frees it', () => {
  test('a hold that is released', async () => {
    const { event, holds } = await fullEvent();
    await event.join('ada');
    await event.join('bob');
    await event.age(1000);
    await release(event, holds, 4);
    expect(event.offered()).toMatchObject([{ owner: 'ada', seats: [4] }]);
    expect(event.effects?.tick?.seats).toBe('4h');
    expect(await event.seats()).toBe('h'.repeat(20));
  });

  test('a hold that ran out, though somebody else asks for its seat first', async () => {
    const { event, holds } = await fullEvent();
    await event.join('ada');
    await event.makeDue([holds[7] as string]);
    expect(await event.hold('eve', [7])).toEqual({ status: 'taken', seats: [7] });
    expect(event.offered()).toMatchObject([{ owner: 'ada', seats: [7] }]);
  });

  test('a booking that is cancelled', async () => {
    const { event, holds } = await fullEvent();
    await event.join('ada');
    await event.begin('holder', holds[3] as string);
    await event.finish('holder', holds[3] as string, [3]);
    await event.free('holder', [3]);
    expect(event.offered()).toMatchObject([{ owner: 'ada', seats: [3] }]);
  });

  test('a hold that PostgreSQL refused', async () => {
    const { event, holds } = await fullEvent();
    await event.join('ada');
    await event.begin('holder', holds[3] as string);
    await event.ask(abortConfirm, { holdId: holds[3] as string, soldSeats: [] });
    expect(event.offered()).toMatchObject([{ owner: 'ada', seats: [3] }]);
  });

  test('a seat that was shown as sold and is not', async () => {
    const { event } = await fullEvent({ seats: `${'f'.repeat(9)}s` });
    await event.join('ada');
    const look = await event.ask(lookAtEvent, { node: 'node', leaseMs: 1000, known: '' });
    expect(look.status).toBe('map');
    const seats = [{ seat: 9, seen: 's', bookingId: '', holdId: '' }];
    await event.ask(mendSeats, { epoch: 'epoch001', position: await event.meta('position'), seats });
    expect(event.offered()).toMatchObject([{ owner: 'ada', seats: [9] }]);
  });

  test('also where several ran out at once, to several', async () => {
    const { event, holds } = await fullEvent();
    for (const owner of ['ada', 'bob', 'cy']) await event.join(owner);
    await event.makeDue(holds.slice(0, 4));
    await event.sweep();
    expect(event.offered().map(({ owner, seats }) => [owner, ...seats])).toEqual([
      ['ada', 0],
      ['bob', 1],
      ['cy', 2],
    ]);
    expect(await event.seats()).toBe(`hhhf${'h'.repeat(16)}`);
  });

  test('nobody is offered what nobody waits for, and who asks for what is free is told so', async () => {
    const { event, holds } = await fullEvent();
    await event.join('ada', { category: 1 });
    await release(event, holds, 2);
    expect(event.offered()).toEqual([]);
    expect(await event.look('bob')).toEqual({ status: 'available', seats: [2] });
    expect(await event.look('bob', { category: 0 })).toEqual({ status: 'available', seats: [2] });
    expect(await event.look('bob', { category: 1 })).toEqual({ status: 'taken' });
    expect(await event.look('bob', { quantity: 2 })).toEqual({ status: 'taken' });
  });
});

describe('[WAIT-2] order is priority, then the time of joining', () => {
  test('whoever joined earlier comes first, whatever order they are queued in', async () => {
    const { event, holds } = await fullEvent();
    await event.join('late', {}, normalOrder + 20);
    await event.join('early', {}, normalOrder + 10);
    await event.join('important', {}, 8e14 + 30);
    await release(event, holds, 0, 1, 2);
    expect(event.offered().map(({ owner }) => owner)).toEqual(['important', 'early', 'late']);
  });

  test('whom the organizer puts first is first, and is served at once if there is something', async () => {
    const { event, holds } = await fullEvent();
    const ids = [await event.join('ada'), await event.join('bob'), await event.join('cy')];
    await event.promote(ids[2] as string);
    await setTimeout(2);
    await event.promote(ids[1] as string);
    expect(await event.queue()).toEqual([ids[2], ids[1], ids[0]]);
    await release(event, holds, 5);
    expect(event.offered()).toMatchObject([{ owner: 'cy' }]);
    expect(await event.promote('00000000-0000-7000-8000-999999999999')).toEqual({ status: 'unknown-entry' });
  });
});

describe('[WAIT-3] all seats of a wish or none, beside each other where it says so', () => {
  test('the first that can be served is', async () => {
    const { event, holds } = await fullEvent();
    await event.join('pair', { quantity: 2 });
    await event.join('one');
    await release(event, holds, 3);
    expect(event.offered()).toMatchObject([{ owner: 'one', seats: [3] }]);
    await release(event, holds, 8);
    expect(event.offered()).toEqual([]);
    expect((await event.seats())?.charAt(8)).toBe('f');
    await release(event, holds, 1);
    expect(event.offered()).toMatchObject([{ owner: 'pair', seats: [1, 8] }]);
  });

  test('neighbours of one row and category', async () => {
    const { event, holds } = await fullEvent();
    await event.join('three', { quantity: 3, together: true });
    await release(event, holds, 8, 9, 10, 11);
    expect(event.offered()).toEqual([]);
    await release(event, holds, 12);
    expect(event.offered()).toMatchObject([{ owner: 'three', seats: [10, 11, 12] }]);
    expect(await event.seats()).toBe(`${'h'.repeat(8)}ff${'h'.repeat(10)}`);
  });

  test('a category and any', async () => {
    const { event, holds } = await fullEvent();
    await event.join('balcony', { category: 1, quantity: 2 });
    await event.join('any', { quantity: 2 });
    await release(event, holds, 0, 15);
    expect(event.offered()).toMatchObject([{ owner: 'any', seats: [0, 15] }]);
    await release(event, holds, 14, 16);
    expect(event.offered()).toMatchObject([{ owner: 'balcony', seats: [14, 16] }]);
  });
});

describe('[WAIT-4] whoever was passed over five times gathers', () => {
  /** A group of three waits, and five come after it and are served. */
  async function passedOver(together: boolean) {
    const { event, holds } = await fullEvent();
    const group = await event.join('group', { quantity: 3, category: 0, together });
    for (let n = 0; n < 5; n++) await event.join(`single-${n}`, { category: 0 });
    await release(event, holds, 0, 2, 4, 6, 8);
    expect(event.offered().map(({ owner }) => owner)).toEqual([0, 1, 2, 3, 4].map((n) => `single-${n}`));
    return { event, holds, group };
  }

  test('from then on seats are kept for it until there are enough', async () => {
    const { event, holds, group } = await passedOver(false);
    await event.join('last', { category: 0 });
    await release(event, holds, 1, 3);
    expect(event.offered()).toEqual([]);
    expect(await event.seats()).toBe('h'.repeat(20));
    expect((await event.entry(group))?.split('|')[7]).toBe('g');
    await release(event, holds, 5);
    expect(event.offered()).toMatchObject([{ entryId: group, seats: [1, 3, 5] }]);
    await release(event, holds, 7);
    expect(event.offered()).toMatchObject([{ owner: 'last' }]);
  });

  test('at most half an hour: then it is the next one’s, and its count begins again', async () => {
    const { event, holds, group } = await passedOver(false);
    await event.join('last', { category: 0 });
    await release(event, holds, 1);
    const [gathered = ''] = (await redis.hkeys(event.keys[12] as string)).filter(
      (id) => !event.steps.some(({ kind, holdId }) => kind === 'offered' && holdId === id),
    );
    const until = Number((await redis.hget(event.holdsKey, gathered))?.split('|')[2]);
    expect(until - (await redisNow())).toBeGreaterThan(hourMs / 2 - 60_000);
    await event.makeDue([gathered]);
    await event.sweep();
    expect(event.effects?.lapsed).toEqual([]);
    expect(event.offered()).toMatchObject([{ owner: 'last', seats: [1] }]);
    // Passed over once since.
    expect((await event.entry(group))?.split('|').slice(4, 8)).toEqual(['1', '0', expect.any(String), 'w']);
  });

  test('never so long that what was gathered in vain could not be sold any more', async () => {
    const { event, holds, group } = await passedOver(false);
    await event.join('last', { category: 0 });
    const now = await redisNow();
    // Ten times the least of an offer before the end.
    await event.ask(setRules, { closesAt: now + 900_000 });
    await release(event, holds, 1);
    expect((await event.entry(group))?.split('|')[7]).toBe('g');
    const [gathered = ''] = (await redis.hkeys(event.keys[12] as string)).filter(
      (id) => !event.steps.some(({ kind, holdId }) => kind === 'offered' && holdId === id),
    );
    const until = Number((await redis.hget(event.holdsKey, gathered))?.split('|')[2]);
    expect(Math.abs(until - (now + 300_000))).toBeLessThan(2000);

    const late = await passedOver(false);
    await late.event.join('last', { category: 0 });
    await late.event.ask(setRules, { closesAt: (await redisNow()) + 590_000 });
    await release(late.event, late.holds, 1);
    expect(late.event.offered()).toMatchObject([{ owner: 'last', seats: [1] }]);
  });

  test('who sits together gathers four times what it needs, and lets go of the rest', async () => {
    const { event, holds, group } = await passedOver(true);
    await release(event, holds, 1, 3);
    expect(event.offered()).toEqual([]);
    await release(event, holds, 5, 7, 9);
    expect(event.offered()).toEqual([]);
    // A single lets its seat between two of them go.
    const hold = event.steps.find(({ kind, seats }) => kind === 'offered' && seats[0] === 4);
    await event.decline(hold?.owner ?? '', hold?.holdId ?? '');
    // Who let it go waits on, and another of those that are not needed any more will do.
    expect(event.offered()).toMatchObject([
      { entryId: group, seats: [3, 4, 5] },
      { owner: hold?.owner, seats: [1] },
    ]);
    expect(await event.seats()).toBe(`hhhhhhhfhf${'h'.repeat(10)}`);
  });

  test('one at a time in a category', async () => {
    const { event, holds } = await passedOver(false);
    const other = await event.join('others', { quantity: 4, category: 0 }, normalOrder + 1);
    for (let n = 0; n < 3; n++) await release(event, holds, 1 + 2 * n);
    expect(
      event.steps.filter(({ kind }) => kind === 'gathered').every(({ owner }) => owner === 'group'),
    ).toBe(true);
    expect(event.kindsOf(other)).not.toContain('gathered');
  });

  test('who may not have so many is passed by without being passed over', async () => {
    const { event, holds } = await fullEvent({ seatsPerBuyer: 20 });
    const full = await event.join('holder');
    await event.join('ada');
    await event.release('holder', holds[0] as string);
    // 19 are left, so one more fits.
    expect(event.offered()).toMatchObject([{ owner: 'holder' }]);
    const second = await event.join('holder', { category: 1 });
    await event.free('nobody', []);
    expect(event.kindsOf(second)).toEqual([]);
    expect(event.kindsOf(full)).toEqual(['offered']);
  });
});

describe('[WAIT-5] one offer at a time for a user and event', () => {
  test('what else they wait for waits', async () => {
    const { event, holds } = await fullEvent();
    await event.join('ada', { category: 0 });
    const second = await event.join('ada', { category: 1 });
    await event.join('bob');
    await release(event, holds, 0, 12, 13);
    const made = event.offered();
    expect(made).toMatchObject([
      { owner: 'ada', seats: [0] },
      { owner: 'bob', seats: [12] },
    ]);
    expect(event.kindsOf(second)).toEqual([]);
    await event.accept('ada', made[0]?.holdId ?? '');
    expect(event.offered()).toMatchObject([{ entryId: second, seats: [13] }]);
  });
});

describe('[WAIT-6] an offer that is declined or runs out goes to the next at once', () => {
  test('declined', async () => {
    const { event, holds } = await fullEvent();
    const ada = await event.join('ada');
    await event.join('bob');
    await release(event, holds, 6);
    const [first] = event.offered();
    await event.age(1000);
    expect(await event.decline('ada', first?.holdId ?? '')).toEqual({ status: 'declined', entryId: ada });
    expect(event.offered()).toMatchObject([{ owner: 'bob', seats: [6] }]);
    // With it seats that were held a moment before, in the same millisecond.
    expect(event.effects?.tick?.seats).toMatch(/(?<!\d)6h/);
    expect(await event.queue()).toEqual([ada]);
    expect(await event.decline('ada', first?.holdId ?? '')).toEqual({ status: 'unknown-offer' });
  });

  test('run out, and its owner is not told of a hold', async () => {
    const { event, holds } = await fullEvent();
    const ada = await event.join('ada');
    const bob = await event.join('bob');
    await release(event, holds, 6);
    const [first] = event.offered();
    await event.makeDue([first?.holdId ?? '']);
    await event.sweep();
    expect(event.effects?.lapsed).toEqual([]);
    expect(event.kindsOf(ada)).toEqual(['offered', 'expired']);
    expect(event.offered()).toMatchObject([{ entryId: bob, seats: [6] }]);
  });

  test('nobody is offered at once what they have just let go of, but other seats; three ends it', async () => {
    const { event, holds } = await fullEvent();
    const ada = await event.join('ada');
    await release(event, holds, 6);
    const [first] = event.offered();
    await event.decline('ada', first?.holdId ?? '');
    expect(event.offered()).toEqual([]);
    await release(event, holds, 7);
    const [second] = event.offered();
    expect(second?.seats).toEqual([6]);
    await event.decline('ada', second?.holdId ?? '');
    const [third] = event.offered();
    expect(third?.seats).toEqual([7]);
    await event.decline('ada', third?.holdId ?? '');
    expect(event.steps.at(-1)).toMatchObject({
      kind: 'declined',
      state: 'expired',
      reason: 'offers-missed',
      missed: 3,
    });
    expect(await event.entry(ada)).toBeNull();
    await release(event, holds, 9);
    expect(event.offered()).toEqual([]);
  });

  test('leaving with an offer frees it for the next', async () => {
    const { event, holds } = await fullEvent();
    const ada = await event.join('ada');
    await event.join('bob');
    await release(event, holds, 6);
    event.offered();
    expect(await event.leave('bob', ada)).toEqual({ status: 'unknown-entry' });
    expect(await event.leave('ada', ada)).toEqual({ status: 'left' });
    expect(event.offered()).toMatchObject([{ owner: 'bob', seats: [6] }]);
    expect(event.kindsOf(ada)).toEqual(['offered', 'left']);
  });
});

describe('[WAIT-7] an offer is no hold until it is accepted, and then an ordinary one', () => {
  test('nothing that is done with holds can be done with it', async () => {
    const { event, holds } = await fullEvent();
    await event.join('ada');
    await release(event, holds, 6);
    const holdId = event.offered()[0]?.holdId ?? '';
    expect(holdId).toMatch(/^[A-Za-z0-9_-]{22}$/);
    expect(await event.extend('ada', holdId)).toEqual({ status: 'unknown-hold' });
    expect(await event.release('ada', holdId)).toEqual({ status: 'unknown-hold' });
    expect(await event.begin('ada', holdId)).toEqual({ status: 'foreign' });
    expect(await event.ask(beginPayment, { owner: 'ada', holdId, payingMs: 1000 })).toEqual({
      status: 'unknown-hold',
    });
    expect(await event.hold('ada', [1], { into: holdId })).toMatchObject({ status: 'unknown-hold' });
    expect(await event.ask(readHolds, { owner: 'ada' })).toEqual({ status: 'holds', holds: [] });
  });

  test('accepted once, by whom it is for, with the full time of a hold', async () => {
    const { event, holds } = await fullEvent({ offerMs: 60_000 });
    const ada = await event.join('ada');
    await release(event, holds, 6);
    const holdId = event.offered()[0]?.holdId ?? '';
    expect(await event.accept('bob', holdId)).toEqual({ status: 'unknown-offer' });
    const accepted = await event.accept('ada', holdId, 'once');
    expect(accepted).toMatchObject({ status: 'accepted', holdId, seats: [6], extensionsLeft: 2 });
    if (accepted.status === 'accepted')
      expect(accepted.expiresAt - (await redisNow())).toBeGreaterThan(300_000);
    expect(await event.accept('ada', holdId, 'once')).toEqual(accepted);
    expect(await event.accept('ada', holdId)).toEqual({ status: 'unknown-offer' });
    expect(await event.entry(ada)).toBeNull();
    expect(await event.extend('ada', holdId)).toMatchObject({ status: 'extended' });
    expect(await event.begin('ada', holdId)).toMatchObject({ status: 'confirming' });
  });

  test('not if a sale of before a lost Redis went over it: then its owner waits where they did', async () => {
    const { event, holds } = await fullEvent();
    const ada = await event.join('ada', { quantity: 2, together: true });
    await release(event, holds, 4, 5);
    const bob = await event.join('bob');
    const [{ holdId } = { holdId: '' }] = event.offered();
    await redis.setrange(event.seatsKey, 4, 's');
    expect((await event.accept('ada', holdId)).status).toBe('unknown-offer');
    expect(await event.queue()).toEqual([ada]);
    expect(event.steps.filter(({ kind }) => kind === 'revoked')).toMatchObject([
      { entryId: ada, holdId, state: 'waiting', reason: 'sold' },
    ]);
    expect(event.offered()).toMatchObject([{ entryId: bob, seats: [5] }]);
    expect(await event.seats()).toBe(`hhhhs${'h'.repeat(15)}`);
  });

  test('not after its time', async () => {
    const { event, holds } = await fullEvent();
    await event.join('ada');
    await release(event, holds, 6);
    const holdId = event.offered()[0]?.holdId ?? '';
    await event.makeDue([holdId]);
    expect(await event.accept('ada', holdId)).toEqual({ status: 'unknown-offer' });
    expect(event.steps.at(-1)?.kind).toBe('expired');
  });
});

describe('[WAIT-8] an offer never outlasts the sale', () => {
  test('it gets a tenth of what is left, but a minute, and none when there is less', async () => {
    const untilOf = async (closesInMs: number) => {
      const { event, holds } = await fullEvent({ closesAt: (await redisNow()) + closesInMs });
      await event.join('ada');
      await release(event, holds, 6);
      const [made] = event.steps;
      return made && made.until - made.at;
    };
    expect(await untilOf(10 * hourMs)).toBe(600_000);
    const tenth = (await untilOf(hourMs)) ?? 0;
    expect(tenth).toBeLessThanOrEqual(360_000);
    expect(tenth).toBeGreaterThan(350_000);
    expect(await untilOf(120_000)).toBe(60_000);
    expect(await untilOf(50_000)).toBeUndefined();
  });

  test('what became free too late for an offer is offered when the sale is extended', async () => {
    const { event, holds } = await fullEvent({ closesAt: (await redisNow()) + 50_000 });
    await event.join('ada');
    await release(event, holds, 6);
    expect(event.offered()).toEqual([]);
    await event.ask(setRules, { closesAt: (await redisNow()) + hourMs });
    expect(event.offered()).toMatchObject([{ owner: 'ada', seats: [6] }]);
  });

  test('[WAIT-9] when the sale is over everybody’s waiting is', async () => {
    const { event, holds } = await fullEvent();
    const ids = [await event.join('ada'), await event.join('bob')];
    await release(event, holds, 6);
    await event.ask(setRules, { closesAt: (await redisNow()) - 1 });
    await event.sweep();
    expect(event.kindsOf(ids[0] as string)).toEqual(['offered', 'revoked']);
    expect(event.kindsOf(ids[1] as string)).toEqual(['closed']);
    expect(await event.queue()).toEqual([]);
    expect((await event.seats())?.charAt(6)).toBe('f');
  });

  test('[WAIT-9] also when it is ended, however many there are', async () => {
    const { event, holds } = await fullEvent();
    for (let n = 0; n < 250; n++) await event.join(`waiter-${n}`);
    await release(event, holds, 6, 7);
    let calls = 1;
    while ((await event.ask(closeEvent, undefined)).status === 'more') calls++;
    expect(calls).toBeGreaterThan(2);
    expect(await event.queue()).toEqual([]);
    expect(event.steps.filter(({ state }) => state === 'closed')).toHaveLength(250);
    expect(await event.seats()).toBe('f'.repeat(20));
  });
});

describe('[WAIT-10] a step is handed out until it is written down', () => {
  test('a few at a time however many there are, all in the end; meanwhile nobody else’s waiting ends', async () => {
    const { event } = await fullEvent({ closesAt: (await redisNow()) + 1000 });
    await event.join('ada');
    const [unrecorded = ''] = event.keys.slice(-1);
    const old = (await redisNow()) - 10_000;
    const text = 'expired|waiting|bob|1|1|0|||0|0|0|0||';
    const keys = Array.from(
      { length: 2500 },
      (_, i) => `00000000-0000-7000-9000-${String(i).padStart(12, '0')}:${old}`,
    );
    await redis.hset(unrecorded, ...keys.flatMap((key) => [key, text]));
    await event.ask(setRules, { closesAt: (await redisNow()) - 1 });
    const seen = new Set<string>();
    for (let i = 0; i < 200 && seen.size < 2500; i++) {
      const swept = await event.sweep();
      const steps = event.effects?.steps ?? [];
      expect(steps.length).toBeLessThanOrEqual(500);
      for (const { key } of steps) seen.add(key);
      expect(swept.status === 'swept' && swept.dueInMs).toBe(200);
    }
    expect(seen.size).toBe(2500);
    expect(await event.queue()).toHaveLength(1);
    await event.ask(forgetSteps, { keys });
    await event.sweep();
    expect(await event.queue()).toEqual([]);
  });

  test('again after three seconds, and no more once it is forgotten', async () => {
    const { event, holds } = await fullEvent();
    const ada = await event.join('ada');
    await release(event, holds, 6);
    const key = event.steps[0]?.key ?? '';
    await event.sweep();
    expect(event.effects?.steps).toEqual([]);
    const [unrecorded = ''] = event.keys.slice(-1);
    const text = (await redis.hget(unrecorded, key)) ?? '';
    const old = `${ada}:${(await redisNow()) - 3100}`;
    await redis.hset(unrecorded, old, text);
    const swept = await event.sweep();
    expect(event.effects?.steps.map((step) => step.key)).toEqual([old]);
    expect(swept.status === 'swept' && swept.dueInMs).toBeLessThanOrEqual(3000);
    await event.ask(forgetSteps, { keys: [old, key] });
    await event.sweep();
    expect(event.effects?.steps).toEqual([]);
    expect(await event.meta('waitlist')).toBe(1);
    await event.leave('ada', ada);
    await event.ask(forgetSteps, { keys: event.steps.map((step) => step.key) });
    expect(await redis.hget(event.metaKey, 'waitlist')).toBeNull();
  });
});
