import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { SeatsChanged, SeatsWatchReply } from '../../src/contracts.gen.ts';
import { makeLogger } from '../../src/log.ts';
import type { RawTick } from '../../src/redis/scripts/script.ts';
import {
  decodeChanges,
  decodeSnapshot,
  encodeChanges,
  letters,
  lettersOfStates,
  type SeatState,
  statesOfLetters,
} from '../../src/seats/codec.ts';
import { LiveMaps, type MapSource } from '../../src/seats/live-maps.ts';
import { Replica } from '../../src/seats/replica.ts';

const eventId = '0192f0c1-7c1e-7abc-8def-0123456789ab';
const count = 24;
const log = makeLogger('silent', false, 'live-maps');

type Changes = Record<number, string>;
type View = Pick<SeatsWatchReply, 'epoch' | 'position' | 'stale' | 'snapshot' | 'changes'>;

/** A map with its log, as it stands where the ticks are cut, and what the node sends to its viewers. */
class World implements MapSource {
  isWatched = () => true;

  epoch = 'epoch-01';
  seats = 'f'.repeat(count);
  position = 0;
  log: RawTick[] = [];
  away = false;
  failing = false;
  /** How long answers are on their way. */
  latencyMs = 0;
  asked: string[] = [];
  delivered: SeatsChanged[] = [];
  beacons: { epoch: string; position: number; stale: boolean }[] = [];
  readonly viewers: Viewer[] = [];
  readonly maps = new LiveMaps(this, log);

  /** One tick of so many positions. */
  change(changes: Changes, positions = 1): RawTick {
    const seats = Object.entries(changes);
    for (const [seat, letter] of seats) this.#put(Number(seat), letter);
    const tick = {
      from: this.position + 1,
      to: this.position + positions,
      seats: seats.map((pair) => pair.join('')).join(''),
    };
    this.position = tick.to;
    this.log.push(tick);
    return tick;
  }

  /** The same, as another node publishes it. */
  remote(changes: Changes, positions = 1): SeatsChanged {
    return this.message(this.change(changes, positions));
  }

  message(tick: RawTick): SeatsChanged {
    const seats = new Map<number, SeatState>();
    for (const [, seat, letter = ''] of tick.seats.matchAll(/(\d+)(\D)/g)) {
      seats.set(Number(seat), letters.indexOf(letter) as SeatState);
    }
    return { eventId, epoch: this.epoch, from: tick.from, to: tick.to, changes: encodeChanges(seats) };
  }

  /** The map is built anew. */
  rebuild(seats = this.seats): void {
    this.epoch = `epoch-${String(Number(this.epoch.slice(-2)) + 1).padStart(2, '0')}`;
    this.seats = seats;
    this.position = 0;
    this.log = [];
  }

  read() {
    this.asked.push('read');
    const seats = statesOfLetters(this.seats);
    if (this.away) {
      return this.#answer({ epoch: `database${this.asked.length}`, position: 0, seats, stale: true });
    }
    return this.#answer({ epoch: this.epoch, position: this.position, seats, stale: false });
  }

  ticksAfter(_: string, epoch: string, position: number): Promise<RawTick[] | 'gone'> {
    this.asked.push(`ticks after ${position}`);
    if (epoch !== this.epoch) return this.#answer('gone');
    const ticks = this.log.filter((tick) => tick.to > position);
    const reaches = ticks[0] ? ticks[0].from <= position + 1 : this.position <= position;
    return this.#answer(reaches ? ticks : 'gone');
  }

  deliver(_: string, tick: SeatsChanged): void {
    this.delivered.push(tick);
    for (const viewer of this.viewers) viewer.tick(tick);
  }

  beacon(_: string, epoch: string, position: number, stale: boolean): void {
    this.beacons.push({ epoch, position, stale });
    for (const viewer of this.viewers) viewer.beacon(epoch, position);
  }

  async viewer(): Promise<Viewer> {
    const viewer = new Viewer(this.maps);
    viewer.loaded(await this.maps.view(eventId, undefined));
    this.viewers.push(viewer);
    return viewer;
  }

  /** What the node itself has now. */
  async node(): Promise<string> {
    const { snapshot } = await this.maps.view(eventId, undefined);
    return snapshot ? lettersOfStates(decodeSnapshot(snapshot)) : '';
  }

  /** As it was when it was asked for, after its time on the way. */
  async #answer<T>(value: T): Promise<T> {
    if (this.failing) throw new Error('cannot read');
    if (this.latencyMs > 0) await new Promise((resolve) => setTimeout(resolve, this.latencyMs));
    return value;
  }

  #put(seat: number, letter: string): void {
    this.seats = this.seats.slice(0, seat) + letter + this.seats.slice(seat + 1);
  }
}

/** Somebody on this node who watches, and who counts what does not come in order. */
class Viewer {
  readonly replica = new Replica();
  readonly #maps: LiveMaps;
  /** What comes while it loads, as the client keeps it; undefined while it does not load. */
  #kept: SeatsChanged[] | undefined;
  gaps = 0;

  constructor(maps: LiveMaps) {
    this.#maps = maps;
  }

  get letters(): string {
    return lettersOfStates(this.replica.seats);
  }

  loaded(view: View): void {
    if (view.snapshot) {
      this.replica.load(view.epoch, view.position, decodeSnapshot(view.snapshot));
    } else {
      const { epoch, position, changes = '' } = view;
      const from = this.replica.position + 1;
      this.replica.apply({ epoch, from, to: position, changes: decodeChanges(changes) });
    }
  }

  tick(message: SeatsChanged): void {
    if (this.#kept) {
      this.#kept.push(message);
      return;
    }
    const { epoch, from, to, changes } = message;
    if (this.replica.apply({ epoch, from, to, changes: decodeChanges(changes) }) === 'gap') this.gaps++;
  }

  beacon(epoch: string, position: number): void {
    if (!this.#kept && this.replica.isBehind(epoch, position)) void this.resync();
  }

  async resync(): Promise<View> {
    const { epoch, position } = this.replica;
    const kept: SeatsChanged[] = [];
    this.#kept = kept;
    const view = await this.#maps.view(eventId, { epoch, position });
    this.loaded(view);
    this.#kept = undefined;
    for (const message of kept) this.tick(message);
    return view;
  }
}

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

/** Longer than a tick that overtook another is given to wait. */
const patience = () => vi.advanceTimersByTimeAsync(50);

describe('following', () => {
  test('[TICK-8] what comes while the map is read for the first time is not lost', async () => {
    const world = new World();
    world.latencyMs = 20;
    const opening = world.viewer();
    await vi.advanceTimersByTimeAsync(5);
    world.maps.receive(world.remote({ 3: 'h' }));
    await patience();
    const viewer = await opening;
    expect(viewer.letters).toBe(world.seats);
    expect(world.asked).toEqual(['read']);
  });

  test('a tick of this node goes to its viewers, and comes back in the form for the others', async () => {
    const world = new World();
    const viewer = await world.viewer();
    const tick = world.change({ 3: 'h', 7: 's' }, 2);
    const message = world.maps.cut(eventId, world.epoch, tick);
    expect(message).toEqual({ eventId, epoch: 'epoch-01', from: 1, to: 2, changes: 'h3;s7' });
    expect(world.delivered).toEqual([message]);
    expect(viewer.letters).toBe(world.seats);
    expect(await world.node()).toBe(world.seats);
  });

  test('a tick of a map that nobody watches here is only handed on', async () => {
    const world = new World();
    const message = world.maps.cut(eventId, world.epoch, world.change({ 1: 'h' }));
    world.maps.receive(message);
    expect(message.changes).toBe('h1');
    expect(world.delivered).toEqual([]);
    expect(world.maps.has(eventId)).toBe(false);
    expect(world.asked).toEqual([]);
  });

  test('many that come at once are one reading', async () => {
    const world = new World();
    await Promise.all(Array.from({ length: 50 }, () => world.viewer()));
    expect(world.asked).toEqual(['read']);
    expect([...world.maps.watched()]).toEqual([eventId]);
  });

  test('a reading that fails is tried again by whoever comes next', async () => {
    const world = new World();
    world.failing = true;
    await expect(world.maps.view(eventId, undefined)).rejects.toThrow('cannot read');
    expect(world.maps.has(eventId)).toBe(false);
    world.failing = false;
    expect((await world.viewer()).letters).toBe(world.seats);
  });

  test('a map that was dropped is read anew', async () => {
    const world = new World();
    await world.viewer();
    world.maps.drop(eventId);
    world.change({ 2: 'h' });
    expect((await world.viewer()).letters).toBe(world.seats);
    expect(world.asked).toEqual(['read', 'read']);
  });
});

describe('[TICK-8] a node that misses a tick', () => {
  test('holds back what is newer, for a moment in which the missing one may come', async () => {
    const world = new World();
    const viewer = await world.viewer();
    const [first, second, third] = [
      world.remote({ 0: 'h' }),
      world.remote({ 1: 'h' }),
      world.remote({ 2: 'h' }),
    ];
    world.maps.receive(third);
    world.maps.receive(second);
    expect(world.delivered).toEqual([]);
    world.maps.receive(first);
    expect(world.delivered).toEqual([first, second, third]);
    await patience();
    expect(viewer.letters).toBe(world.seats);
    expect(world.asked).toEqual(['read']);
    expect(world.maps.counts).toMatchObject({ gaps: 0, ticks: 3 });
  });

  test('fetches it from the log, and lets what is newer follow', async () => {
    const world = new World();
    const viewer = await world.viewer();
    world.maps.receive(world.remote({ 0: 'h' }));
    world.remote({ 1: 'h' });
    world.remote({ 1: 's', 2: 'h' });
    world.maps.receive(world.remote({ 3: 'h' }));
    await patience();
    expect(world.asked).toEqual(['read', 'ticks after 1']);
    expect(viewer.gaps).toBe(0);
    expect(viewer.letters).toBe(world.seats);
    expect(world.delivered.map(({ from, to }) => [from, to])).toEqual([
      [1, 1],
      [2, 4],
    ]);
    // What was fetched again does not come twice.
    world.maps.receive(world.message(world.log[3] as RawTick));
    expect(world.delivered).toHaveLength(2);
  });

  test('lets follow what came while the log was asked, which is asked once', async () => {
    const world = new World();
    const viewer = await world.viewer();
    world.latencyMs = 10;
    world.remote({ 0: 'h' });
    world.maps.receive(world.remote({ 1: 'h' }));
    world.maps.receive(world.remote({ 2: 'h' }));
    await vi.advanceTimersByTimeAsync(20);
    expect(world.asked).toEqual(['read', 'ticks after 0']);
    world.maps.receive(world.remote({ 3: 's' }));
    expect(world.delivered).toEqual([]);
    await vi.advanceTimersByTimeAsync(10);
    expect(world.delivered.map(({ from, to }) => [from, to])).toEqual([
      [1, 3],
      [4, 4],
    ]);
    expect(viewer.letters).toBe(world.seats);
    expect(world.asked).toHaveLength(2);
  });

  test('does so even when nothing newer comes: the sweeper sees it', async () => {
    const world = new World();
    const viewer = await world.viewer();
    world.remote({ 5: 's' });
    world.maps.check(eventId, world.epoch, world.position);
    await patience();
    expect(viewer.letters).toBe(world.seats);
    expect(world.asked).toEqual(['read', 'ticks after 0']);
    world.maps.check(eventId, world.epoch, world.position);
    await patience();
    expect(world.asked).toHaveLength(2);
  });

  test('also when it cut the newer one itself', async () => {
    const world = new World();
    const viewer = await world.viewer();
    world.remote({ 0: 'h' });
    world.maps.cut(eventId, world.epoch, world.change({ 1: 'h' }));
    expect(world.delivered).toEqual([]);
    await patience();
    expect(viewer.gaps).toBe(0);
    expect(viewer.letters).toBe(world.seats);
  });

  test('reads the whole map when the log does not reach back, and beacons its viewers', async () => {
    const world = new World();
    const viewer = await world.viewer();
    world.remote({ 0: 'h' });
    world.log = [];
    world.maps.receive(world.remote({ 1: 'h' }));
    await patience();
    expect(world.asked).toEqual(['read', 'ticks after 0', 'read']);
    expect(world.beacons).toEqual([{ epoch: 'epoch-01', position: 2, stale: false }]);
    expect(viewer.gaps).toBe(0);
    expect(viewer.letters).toBe(world.seats);
    expect(world.maps.counts).toMatchObject({ gaps: 1, rebuilt: 1 });
  });

  test('[MAP-3] reads a rebuilt map, whose first tick tells of its epoch', async () => {
    const world = new World();
    const viewer = await world.viewer();
    world.maps.receive(world.remote({ 0: 'h' }));
    world.rebuild('s'.repeat(count));
    world.maps.receive(world.remote({ 4: 'f' }));
    expect(viewer.letters).not.toBe(world.seats);
    await patience();
    expect(world.beacons).toEqual([{ epoch: 'epoch-02', position: 1, stale: false }]);
    expect(viewer.letters).toBe(world.seats);
    expect(viewer.replica.epoch).toBe('epoch-02');
    // A straggler of the old epoch disturbs nobody for long.
    world.maps.receive({ eventId, epoch: 'epoch-01', from: 2, to: 2, changes: 'f0.1.1' });
    await patience();
    expect(viewer.letters).toBe(world.seats);
    expect(await world.node()).toBe(world.seats);
  });

  test('tries again when the log could not be asked', async () => {
    const world = new World();
    const viewer = await world.viewer();
    world.remote({ 0: 'h' });
    world.failing = true;
    world.maps.receive(world.remote({ 1: 'h' }));
    await patience();
    expect(world.delivered).toEqual([]);
    world.failing = false;
    world.maps.check(eventId, world.epoch, world.position);
    await patience();
    expect(viewer.letters).toBe(world.seats);
  });
});

describe('[MAP-2] who comes back', () => {
  test('with the position they had gets only what changed', async () => {
    const world = new World();
    await world.viewer();
    const position = (n: number) => ({ epoch: world.epoch, position: n });
    world.maps.receive(world.remote({ 0: 'h', 1: 'h' }));
    world.maps.receive(world.remote({ 0: 's' }));
    expect(await world.maps.view(eventId, position(1))).toMatchObject({ position: 2, changes: 's0' });
    expect(await world.maps.view(eventId, position(2))).toMatchObject({ position: 2, changes: '' });
    for (const since of [position(3), { epoch: 'epoch-00', position: 2 }]) {
      const view = await world.maps.view(eventId, since);
      expect(view.changes).toBeUndefined();
      expect(view.snapshot?.count).toBe(count);
    }
  });

  test('gets the whole map when the node itself does not know what happened in between', async () => {
    const world = new World();
    await world.viewer();
    world.maps.receive(world.remote({ 0: 'h' }));
    world.remote({ 1: 'h' });
    world.log = [];
    world.maps.receive(world.remote({ 2: 'h' }));
    await patience();
    world.maps.receive(world.remote({ 3: 'h' }));
    const since = (position: number) => world.maps.view(eventId, { epoch: world.epoch, position });
    for (const position of [0, 1, 2]) expect((await since(position)).snapshot).toBeDefined();
    expect(await since(3)).toMatchObject({ position: 4, changes: 'h3' });
  });

  test('gets the whole map when that is shorter', async () => {
    const world = new World();
    await world.viewer();
    const all = Object.fromEntries(Array.from({ length: count }, (_, seat) => [seat, 's']));
    world.maps.receive(world.remote(all));
    const view = await world.maps.view(eventId, { epoch: world.epoch, position: 0 });
    expect(view.changes).toBeUndefined();
    expect(view.snapshot).toEqual({ encoding: 'runs', count, seats: `s${count.toString(36)}` });
  });

  test('after more ticks than are kept gets the whole map', async () => {
    const world = new World();
    await world.viewer();
    for (let n = 0; n < 1100; n++) world.maps.receive(world.remote({ 0: n % 2 ? 'f' : 'h' }));
    const since = (position: number) => world.maps.view(eventId, { epoch: world.epoch, position });
    expect((await since(0)).snapshot).toBeDefined();
    expect((await since(1000)).changes).toBe('f0');
  });
});

describe('[MAP-4] while Redis is away', () => {
  test('the last map is shown as stale, and beacons say so', async () => {
    const world = new World();
    const viewer = await world.viewer();
    world.maps.receive(world.remote({ 0: 'h' }));
    world.maps.setStale(eventId);
    world.maps.setStale(eventId);
    expect(world.beacons).toEqual([{ epoch: 'epoch-01', position: 1, stale: true }]);
    expect(await world.maps.view(eventId, undefined)).toMatchObject({ stale: true, position: 1 });
    expect(viewer.letters).toBe(world.seats);
  });

  test('a new viewer gets what the database knows, and the true map once it is back', async () => {
    const world = new World();
    world.away = true;
    expect(await world.maps.view(eventId, undefined)).toMatchObject({ stale: true });
    const viewer = await world.viewer();
    world.away = false;
    world.rebuild(`hs${'f'.repeat(count - 2)}`);
    world.maps.check(eventId, world.epoch, world.position);
    await patience();
    expect(world.beacons.at(-1)).toEqual({ epoch: world.epoch, position: 0, stale: false });
    expect(viewer.letters).toBe(world.seats);
    expect(await world.maps.view(eventId, undefined)).toMatchObject({ stale: false, epoch: world.epoch });
  });

  test('a tick shows that Redis is back', async () => {
    const world = new World();
    await world.viewer();
    world.maps.setStale(eventId);
    world.maps.receive(world.remote({ 0: 'h' }));
    expect(await world.maps.view(eventId, undefined)).toMatchObject({ stale: false, position: 1 });
  });

  test('a map that came back unchanged is fresh again, and its viewers are told', async () => {
    const world = new World();
    await world.viewer();
    world.maps.setStale(eventId);
    world.maps.check(eventId, world.epoch, world.position);
    await patience();
    expect(world.beacons.map(({ stale }) => stale)).toEqual([true, false]);
  });
});

test('[TICK-6] a beacon comes a second after the last tick, then every ten', async () => {
  const world = new World();
  await world.viewer();
  world.maps.beaconIfDue(eventId);
  world.beacons = [];
  world.maps.receive(world.remote({ 0: 'h' }));
  const at: number[] = [];
  for (let ms = 500; ms <= 25_000; ms += 500) {
    await vi.advanceTimersByTimeAsync(500);
    const before = world.beacons.length;
    world.maps.beaconIfDue(eventId);
    if (world.beacons.length > before) at.push(ms);
  }
  expect(at).toEqual([1000, 11_000, 21_000]);
  expect(world.beacons.at(-1)).toEqual({ epoch: 'epoch-01', position: 1, stale: false });
});

describe('whatever happens to the ticks on their way', () => {
  const change = fc.dictionary(
    fc.integer({ min: 0, max: count - 1 }).map(String),
    fc.constantFrom('f', 'h', 's'),
    {
      minKeys: 1,
      maxKeys: 4,
    },
  );
  const step = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.record({
        do: fc.constantFrom('cut', 'send'),
        change,
        positions: fc.integer({ min: 1, max: 4 }),
      }),
    },
    { weight: 6, arbitrary: fc.record({ do: fc.constantFrom('late', 'lose', 'twice'), change }) },
    { weight: 3, arbitrary: fc.record({ do: fc.constantFrom('arrive', 'wait', 'check') }) },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('view'), back: fc.nat(12) }) },
    { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('trim', 'rebuild', 'stale', 'fail') }) },
  );
  type Step = { do: string; change?: Changes; positions?: number; back?: number };

  async function take(world: World, late: SeatsChanged[], kept: Viewer[], each: Step): Promise<void> {
    const { change = {}, positions = 1 } = each;
    world.failing = false;
    switch (each.do) {
      case 'cut':
        world.maps.cut(eventId, world.epoch, world.change(change, positions));
        break;
      case 'send':
        world.maps.receive(world.remote(change, positions));
        break;
      case 'twice': {
        const message = world.remote(change);
        world.maps.receive(message);
        world.maps.receive(message);
        break;
      }
      case 'late':
        late.push(world.remote(change));
        break;
      case 'lose':
        world.remote(change);
        break;
      case 'arrive':
        for (const message of late.splice(0).reverse()) world.maps.receive(message);
        break;
      case 'check':
        world.maps.check(eventId, world.epoch, world.position);
        break;
      case 'view': {
        // A viewer of some time ago comes back, and what it is told makes its map the node's.
        const viewer = kept.at(-1 - (each.back ?? 0)) ?? kept[0];
        if (!viewer) break;
        await viewer.resync();
        expect(viewer.letters).toBe(await world.node());
        break;
      }
      case 'trim':
        world.log = world.log.slice(-2);
        break;
      case 'rebuild':
        world.rebuild();
        break;
      case 'stale':
        world.maps.setStale(eventId);
        break;
      case 'fail':
        world.failing = true;
        await patience();
        break;
      default:
        await vi.advanceTimersByTimeAsync(5);
    }
  }

  test('[TICK-8] [MAP-2] viewers get them in order, and end with the true map', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.nat(20),
        fc.array(step, { minLength: 1, maxLength: 60, size: 'max' }),
        async (latencyMs, steps) => {
          const world = new World();
          const viewer = await world.viewer();
          world.latencyMs = latencyMs;
          const late: SeatsChanged[] = [];
          const kept: Viewer[] = [];
          for (const each of steps as Step[]) {
            await take(world, late, kept, each);
            const left = new Viewer(world.maps);
            left.loaded(await world.maps.view(eventId, undefined));
            kept.push(left);
          }
          expect(viewer.gaps, 'ticks that came out of order').toBe(0);
          world.failing = false;
          for (let sweeps = 0; sweeps < 3; sweeps++) {
            world.maps.check(eventId, world.epoch, world.position);
            await patience();
          }
          expect(await world.node()).toBe(world.seats);
          expect(viewer.gaps).toBe(0);
          expect(viewer.letters).toBe(world.seats);
          expect(viewer.replica).toMatchObject({ epoch: world.epoch, position: world.position });
        },
      ),
      { numRuns: 300 },
    );
  });
});
