/**
 * Random calls against the real scripts and against a plain model of them (`model.ts`): the same answers, the
 * same map, and after every call what must always be true of the keys.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { abortConfirm } from '../../src/redis/scripts/abort-confirm.ts';
import { closeEvent } from '../../src/redis/scripts/close-event.ts';
import { cutTick } from '../../src/redis/scripts/cut-tick.ts';
import { readHolds } from '../../src/redis/scripts/read-holds.ts';
import { readMap } from '../../src/redis/scripts/read-map.ts';
import { readTicks } from '../../src/redis/scripts/read-ticks.ts';
import { setRules } from '../../src/redis/scripts/set-rules.ts';
import { decodeRawTick, letters } from '../../src/seats/codec.ts';
import { seed } from '../support/seed.ts';
import { dayMs, EventInRedis, redis } from './event.ts';
import { InventoryModel, type ModelBooking } from './model.ts';

const seatCount = 10;
const owners = ['ada', 'bob', 'cem'];
const rules = { seatsPerHold: 4, seatsPerBuyer: 6, extensions: 2 };

/** Holds and bookings are picked by a number among those there are at that moment. */
const owner = fc.constantFrom(...owners);
const pick = fc.nat(8);
const seats = fc.uniqueArray(fc.nat(seatCount), { minLength: 1, maxLength: 4 });
/** Few ids, so that requests repeat and clash. Most are new. */
const request = fc.option(fc.constantFrom('request-a', 'request-b'), { freq: 3 });

const call = fc.oneof(
  { weight: 10, arbitrary: fc.record({ do: fc.constant('hold'), owner, seats, request }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('add'), owner, seats, pick, request }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('extend'), pick, request }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('release'), pick, seats: fc.option(seats), request }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('steal'), owner, pick }) },
  { weight: 5, arbitrary: fc.record({ do: fc.constant('begin'), pick }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('finish'), pick }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('finish-again'), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('abort'), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('cancel'), pick }) },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('expire'), pick }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('sweep') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cut') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close') }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('reopen') }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reload') }) },
);
type Call = {
  do: string;
  owner?: string;
  seats?: number[] | null;
  pick?: number;
  request?: string | null;
};

class Run {
  readonly event = new EventInRedis();
  readonly model = new InventoryModel(seatCount, rules);
  #ids = 0;
  #lives = 0;
  #position = 0;
  #lastTo = 0;
  /** The map as it was loaded: where the ticks begin. */
  #base = '';

  async load(): Promise<void> {
    this.#lives++;
    this.event.run = `run-${this.#lives}`;
    const { bookings } = this.model;
    const truth = new Array<string>(seatCount).fill('f');
    for (const { seats } of bookings) for (const seat of seats) truth[seat] = 's';
    const booked = owners
      .map((owner) => ({
        owner,
        seats: bookings.filter((each) => each.owner === owner).flatMap((b) => b.seats),
      }))
      .filter(({ seats }) => seats.length > 0)
      .map(({ owner, seats }) => ({ owner, seats: seats.length }));
    const answer = await this.event.load({
      epoch: this.#epoch,
      seats: truth.join(''),
      booked,
      closesAt: this.model.onSale ? Date.now() + dayMs : 0,
      // Short, so that some calls of a run cut a tick and others do not.
      tickMs: 2,
      ...rules,
    });
    expect(answer).toEqual({ status: 'loaded', epoch: this.#epoch });
    this.model.reload();
    this.#base = this.model.seats.join('');
    this.#position = 0;
    this.#lastTo = 0;
  }

  get #epoch(): string {
    return `epoch-${String(this.#lives).padStart(2, '0')}`;
  }

  async step(call: Call): Promise<void> {
    const { event, model } = this;
    if (call.do === 'reload') {
      await this.load();
      return this.check();
    }
    const hold = pickOf([...model.holds.values()], call.pick);
    if (call.do === 'expire') {
      if (!hold) return;
      hold.due = true;
      return event.makeDue([hold.id]);
    }
    const before = this.#position;
    const done = await this.#call(call, hold?.id);
    if (!done) return;
    const { expected, got } = done;
    expect(withoutTimes(got), call.do).toEqual(expected);
    const { effects } = event;
    expect(effects?.lapsed.map(({ holdId }) => holdId).sort()).toEqual([...model.lapsed].sort());
    expect([...(effects?.unsettled ?? [])].sort()).toEqual([...model.unsettled].sort());
    this.#position = effects?.position ?? Number.NaN;
    expect(this.#position, 'the position').toBe(before + (model.changed ? 1 : 0));
    if (effects?.tick) {
      expect(effects.tick.from).toBe(this.#lastTo + 1);
      expect(effects.tick.to).toBe(this.#position);
      this.#lastTo = effects.tick.to;
    }
    await this.check();
  }

  /** Makes the call on both sides, or answers undefined when there is nothing to make it on. */
  async #call(call: Call, held: string | undefined) {
    const { event, model } = this;
    const { seats = null } = call;
    const requestId = call.request ?? `new-${++this.#ids}`;
    const holdId = held ?? 'no-such-hold';
    const who = call.owner ?? model.holds.get(holdId)?.owner ?? 'ada';
    model.begin();
    switch (call.do) {
      case 'hold':
      case 'add': {
        const id = `hold-${++this.#ids}`;
        const into = call.do === 'add' ? holdId : undefined;
        const fingerprint = `${call.do} ${into} ${seats}`;
        const options = { requestId, fingerprint, holdId: id, ...(into === undefined ? {} : { into }) };
        const wanted = seats ?? [];
        const expected = model.once(who, requestId, fingerprint, () => model.hold(who, wanted, id, into));
        return { expected, got: await event.hold(who, wanted, options) };
      }
      case 'extend': {
        const expected = model.once(who, requestId, `extend ${holdId}`, () => model.extend(who, holdId));
        return { expected, got: await event.extend(who, holdId, requestId) };
      }
      case 'release': {
        const some = seats ?? [];
        const fingerprint = `release ${some}`;
        const expected = model.once(who, requestId, fingerprint, () => model.release(who, holdId, some));
        return { expected, got: await event.release(who, holdId, some, requestId) };
      }
      case 'steal':
        return { expected: model.release(who, holdId, []), got: await event.release(who, holdId) };
      case 'begin':
        return { expected: model.beginConfirm(who, holdId), got: await event.begin(who, holdId) };
      case 'finish': {
        const hold = model.holds.get(holdId);
        if (!hold?.booking) return this.#idle();
        const booking = { holdId, owner: hold.owner, seats: hold.seats };
        model.bookings.push(booking);
        return { expected: model.finish(booking), got: await event.finish(hold.owner, holdId, hold.seats) };
      }
      case 'finish-again': {
        const booking = pickOf(model.bookings, call.pick);
        if (!booking) return this.#idle();
        const got = await event.finish(booking.owner, booking.holdId, booking.seats);
        return { expected: model.finish(booking), got };
      }
      case 'abort':
        if (!model.holds.get(holdId)?.booking) return this.#idle();
        return {
          expected: model.abort(holdId),
          got: await event.ask(abortConfirm, { holdId, soldSeats: [] }),
        };
      case 'cancel': {
        const booking: ModelBooking | undefined = pickOf(model.bookings, call.pick);
        if (!booking) return this.#idle();
        model.bookings = model.bookings.filter((each) => each !== booking);
        return { expected: model.free(booking), got: await event.free(booking.owner, booking.seats) };
      }
      case 'cut':
        return { expected: { status: 'cut' }, got: await event.ask(cutTick, undefined) };
      case 'close':
        return { expected: model.close(), got: await event.ask(closeEvent, undefined) };
      case 'reopen':
        model.onSale = true;
        return {
          expected: { status: 'set' },
          got: await event.ask(setRules, { closesAt: Date.now() + dayMs }),
        };
      default:
        return this.#idle();
    }
  }

  async #idle() {
    const { status } = await this.event.sweep();
    return { expected: { status: 'swept' }, got: { status } };
  }

  /** What must be true after every call. */
  async check(): Promise<void> {
    const { event, model } = this;
    const [map, holds, expiry, buyers, meta, dirty, log] = await Promise.all([
      event.seats(),
      redis.hgetall(event.holdsKey),
      redis.zrange(event.expiryKey, '0', '-1'),
      redis.hgetall(event.buyersKey),
      redis.hgetall(event.metaKey),
      redis.hgetall(event.dirtyKey),
      redis.xrange(event.logKey, '-', '+'),
    ]);
    expect(map).toBe(model.seats.join(''));

    expect([...expiry].sort(), 'every hold runs out').toEqual(Object.keys(holds).sort());
    const heldSeats = Object.values(holds).flatMap((text) =>
      (text.split('|')[5] ?? '').split(',').map(Number),
    );
    const heldOnMap = [...(map ?? '')].flatMap((letter, seat) => (letter === 'h' ? [seat] : []));
    expect(
      heldSeats.sort((a, b) => a - b),
      'every held seat has one hold',
    ).toEqual(heldOnMap);

    const index: Record<string, string[]> = {};
    for (const [id, text] of Object.entries(holds)) {
      const [, owner = ''] = text.split('|');
      index[owner] = [...(index[owner] ?? []), id].sort();
    }
    const indexed: Record<string, string[]> = {};
    for (const [owner, text] of Object.entries(buyers)) {
      const [booked, list = ''] = text.split('|');
      const theirs = model.bookings.filter((each) => each.owner === owner);
      expect(Number(booked), `booked by ${owner}`).toBe(theirs.flatMap(({ seats }) => seats).length);
      if (list !== '') indexed[owner] = list.split(',').sort();
      else expect(Number(booked), `${owner} is kept for a reason`).toBeGreaterThan(0);
    }
    expect(indexed, 'the buyers and their holds').toEqual(index);

    const folded = [...this.#base];
    let last = 0;
    const put = (text: string) => {
      for (const [seat, state] of decodeRawTick(text)) folded[seat] = letters.charAt(state);
    };
    for (const [id, [, from, , text = '']] of log) {
      expect(Number(from), 'ticks follow each other').toBe(last + 1);
      last = Number(id.split('-')[0]);
      put(text);
    }
    expect(Number(meta.cut)).toBe(last);
    expect(Number(meta.position)).toBeGreaterThanOrEqual(last);
    expect(Object.keys(dirty).length > 0, 'what is dirty is not cut yet').toBe(Number(meta.position) > last);
    put(Object.entries(dirty).flat().join(''));
    expect(folded.join(''), 'the ticks and what is dirty make the map').toBe(map);
  }

  /** Reading answers what the keys say. */
  async checkReads(): Promise<void> {
    const { event, model } = this;
    model.begin();
    const map = await event.ask(readMap, undefined);
    expect(map.seats).toBe(model.seats.join(''));
    for (const owner of owners) {
      const { holds } = await event.ask(readHolds, { owner });
      const theirs = [...model.holds.values()].filter((hold) => hold.owner === owner);
      expect(holds.map(({ expiresAt: _, ...hold }) => hold)).toEqual(theirs.map((hold) => model.view(hold)));
    }
    const answer = await event.ask(readTicks, { epoch: this.#epoch, position: 0 });
    expect(answer.status).toBe('ticks');
  }
}

const pickOf = <T>(list: T[], number = 0): T | undefined => list[number % Math.max(1, list.length)];

/** Answers but for the times in them, which the model does not know. */
function withoutTimes(answer: object): Record<string, unknown> {
  const { expiresAt: _, deadline: __, ...rest } = answer as Record<string, unknown>;
  return rest;
}

test('[HOLD-1] any sequence of calls answers as the model does and leaves the keys in order', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(call, { minLength: 1, maxLength: 60, size: 'max' }), async (calls) => {
      const run = new Run();
      await run.load();
      for (const each of calls) await run.step(each);
      await run.checkReads();
    }),
    { seed, numRuns: 150, interruptAfterTimeLimit: 15_000, markInterruptAsFailure: false },
  );
});
