/** Random calls of the scripts that fit the state they meet, or nearly. */
import fc from 'fast-check';
import type { Twin } from './twin.ts';
import { buyerText } from './twin-mending.ts';
import { twinScripts } from './twin-scripts.ts';

const owners = ['ada', 'bob'];
const onSaleUntil = '1900000000000';
/** Two rows of four: each is a category. */
const layout = [
  ['*', '0-7:0-3,4-7'],
  ['0', '0-3:0-3'],
  ['1', '4-7:4-7'],
];
const actor = 'user,session,request';

/** Numbers, from which a call is made when the state it meets is known: so that most of them hit something. */
export type Draft = { name: string; picks: number[]; afterMs: number };
export class Picks {
  readonly #numbers: number[];
  readonly #twin: Twin;
  #at = 0;

  constructor(numbers: number[], twin: Twin) {
    this.#numbers = numbers;
    this.#twin = twin;
  }

  number(below: number): number {
    return (this.#numbers[this.#at++ % this.#numbers.length] ?? 0) % below;
  }

  of<T>(...list: T[]): T {
    return list[this.number(list.length)] as T;
  }

  hold(): { id: string; owner: string; seats: number[] } {
    const holds = [...this.#twin.holds.values()];
    const hold = holds[this.number(holds.length || 1)];
    if (!hold || this.number(12) === 0) return { id: 'no-such-hold', owner: 'ada', seats: [] };
    return { ...hold, owner: this.number(12) === 0 ? this.of(...owners) : hold.owner };
  }

  seats(from: number[]): number[] {
    const list = this.number(6) === 0 ? [0, 1, 2, 3, 4, 5, 6, 7, 8] : [...from];
    const count = 1 + this.number(3);
    const seats: number[] = [];
    while (seats.length < count && list.length > 0) seats.push(...list.splice(this.number(list.length), 1));
    return seats.length > 0 ? seats : [0];
  }

  free(): number[] {
    return this.#twin.seats.flatMap((state, seat) => (state === 'f' ? [seat] : []));
  }

  /** Those every map has. */
  known(some: number[]): number[] {
    return this.seats(some).filter((seat) => seat < this.#twin.seats.length);
  }

  /** Where the map stands, or nearly. */
  position(): number {
    return Math.max(0, (this.#twin.meta?.position ?? 0) - this.of(0, 0, 1, 2, 9));
  }

  state(seat: number): string {
    return this.#twin.seats[seat] ?? 'f';
  }

  buyer(owner: string): string {
    const kept = this.#twin.buyers.get(owner);
    return kept && this.number(3) > 0 ? buyerText(kept) : '';
  }

  standing(): string {
    return this.number(2) === 0 ? '' : `${this.#twin.meta?.epoch}:${this.position()}`;
  }

  /** An entry that lives, or nearly. */
  entry(): { id: string; owner: string } {
    const entries = [...this.#twin.entries.values()];
    const entry = entries[this.number(entries.length || 1)];
    if (!entry || this.number(12) === 0) return { id: 'no-such-entry', owner: 'ada' };
    return { id: entry.id, owner: this.number(12) === 0 ? this.of(...owners) : entry.owner };
  }

  offer(): { id: string; owner: string } {
    const offers = [...this.#twin.offers.keys()];
    const hold = this.#twin.holds.get(offers[this.number(offers.length || 1)] ?? '');
    return hold && this.number(8) > 0 ? hold : this.hold();
  }

  wish(): unknown[] {
    return [this.of('*', '*', '0', '1'), 1 + this.number(3), this.of('a', 'a', 't')];
  }

  /** Behind all others, or nearly. */
  order(): number {
    return 9e14 + 1_800_000_000_000 + ++entries - this.of(0, 0, 0, 2);
  }

  steps(): string[] {
    const keys = [...this.#twin.unrecorded.keys()];
    return this.number(3) > 0 ? keys : keys.slice(0, 1 + this.number(3));
  }

  /** Lines as PostgreSQL would have them. */
  waiting(): [waiting: string, offers: string, layout: string] {
    const { entries, holds, offers } = this.#twin;
    if (entries.size === 0 || this.number(8) === 0) return ['', '', ''];
    const older = this.number(4) === 0 ? 1 : 0;
    const waiting = [...entries.values()].map((entry) => {
      const { id, owner, quantity, category, together, passes, missed, order, version } = entry;
      // Five times passed over is rare otherwise.
      const known = [Math.max(passes, this.of(0, 0, 4, 5, 5)), missed, order, Math.max(0, version - older)];
      return `${[id, owner, quantity, category, together, ...known].join('|')}\n`;
    });
    const live = [...offers].flatMap(([hold, entry]) => {
      const { state, till, seats } = holds.get(hold) ?? {};
      const id = this.number(2) === 0 ? hold : `${hold}x`;
      return state === 'o' ? [`${id}|${entry}|${(till ?? 0) - 500}|${till}|${seats}\n`] : [];
    });
    return [waiting.join(''), live.join(''), layout.map((line) => `${line.join('|')}\n`).join('')];
  }

  /** Most are new. */
  request(): [id: string, fingerprint: string] {
    const id = this.number(4) === 0 ? `request-${this.number(3)}` : `request-${this.#twin.replies.size + 3}`;
    return [id, this.number(8) === 0 ? 'other' : 'print'];
  }
}

let holds = 0;
let entries = 0;
export const args: Record<string, (picks: Picks) => unknown[]> = {
  'hold-seats': (p) => {
    const into = p.number(4) === 0 ? p.hold() : { id: '', owner: p.of(...owners) };
    return [into.owner, ...p.request(), `hold-${++holds}`, into.id, ...p.seats(p.free())];
  },
  'extend-hold': (p) => {
    const { id, owner } = p.hold();
    return [owner, ...p.request(), id];
  },
  'release-seats': (p) => {
    const { id, owner, seats } = p.hold();
    return [owner, ...p.request(), id, ...(p.number(2) === 0 ? [] : p.seats(seats))];
  },
  'begin-payment': (p) => {
    const { id, owner } = p.hold();
    return [owner, id, p.of(500, 5000)];
  },
  'begin-confirm': (p) => {
    const { id, owner } = p.hold();
    return [owner, id, p.of(1200, 50)];
  },
  'resume-hold': (p) => [p.hold().id, p.of('h', 'p')],
  'finish-confirm': (p) => {
    const { id, owner, seats } = p.hold();
    return [owner, id, `booking-${p.number(3)}`, ...(p.number(4) > 0 ? seats : p.known(seats))];
  },
  'abort-confirm': (p) => {
    const { id, seats } = p.hold();
    return [id, ...(p.number(3) > 0 ? [] : p.known(seats))];
  },
  'free-seats': (p) => {
    const { id, owner, seats } = p.hold();
    return [owner, `booking-${p.number(3)}`, id, ...p.known(p.number(2) === 0 ? seats : [0, 1, 2, 3])];
  },
  'look-at-event': (p) => [p.of('node-1', 'node-1', 'node-2'), p.of(1000, 15_000), p.standing()],
  'mend-buyer': (p) => {
    const owner = p.of(...owners);
    return [owner, p.buyer(owner), p.number(4)];
  },
  'mend-seats': (p) => {
    const seats = p.known([0, 1, 2, 3, 4, 5]).flatMap((seat) => {
      const because = p.of(['', ''], ['booking-0', ''], ['booking-1', ''], ['', p.hold().id]);
      return [seat, p.of(p.state(seat), p.state(seat), 's'), ...because];
    });
    return [p.of('epoch-1', 'epoch-1', 'epoch-2'), p.position(), ...seats];
  },
  'look-for-seats': (p) => [p.of(...owners), ...p.wish()],
  'queue-entry': (p) => {
    const known = p.number(12) === 0;
    const order = p.order();
    return [known ? p.entry().id : `entry-${entries}`, p.of(...owners, 'cyd', 'dan'), ...p.wish(), order];
  },
  'accept-offer': (p) => {
    const { id, owner } = p.offer();
    return [owner, ...p.request(), id, actor];
  },
  'decline-offer': (p) => {
    const { id, owner } = p.offer();
    return [owner, ...p.request(), id, actor];
  },
  'leave-waitlist': (p) => {
    const { id, owner } = p.entry();
    return [owner, id, actor];
  },
  'promote-entry': (p) => [p.entry().id, actor],
  'read-waitlist': (p) => [p.entry().id, p.entry().id],
  'forget-steps': (p) => p.steps(),
  'set-layout': () => layout.flat(),
  'read-ticks': (p) => [p.of('epoch-1', 'epoch-2'), p.number(12)],
  'read-holds': (p) => [p.of(...owners)],
  'read-hold': (p) => [p.hold().id],
  'set-rules': (p) => [p.number(4) === 0 ? 0 : onSaleUntil],
  'load-event': (p) => [
    p.of('epoch-1', 'epoch-2'),
    // So few that whoever wants more can only gather.
    p.of('ffffffff', 'ffffffff', 'fffsfb', 'fffffffs', 'fsssfsss', 'sfsssssf'),
    p.number(8) === 0 ? 0 : onSaleUntil,
    ...p.of([2000, 4, 6, 1, 40], [2000, 3, 12, 2, 40], [900, 2, 6, 0, 7], [60_000, 4, 8, 3, 40]),
    p.of(600_000, 1500),
    ...p.waiting(),
    ...p.of<unknown[]>([], [], ['ada', 1, 'dan', 2], ['bob', 4]),
  ],
};
const weights: Record<string, number> = {
  'hold-seats': 16,
  'begin-confirm': 10,
  'resume-hold': 5,
  'queue-entry': 14,
  'accept-offer': 6,
  'decline-offer': 6,
  'free-seats': 6,
  'load-event': 3,
};
/** After these little is left. */
const rare = new Set(['close-event', 'set-rules', 'rebuild', 'abort-confirm']);
/** `rebuild` forgets the run id, as `Inventory.rebuild` does. */
const names = [...Object.keys(twinScripts), 'load-event', 'rebuild'];
const afterMs = fc.oneof(
  { weight: 12, arbitrary: fc.constantFrom(0, 1, 7, 20, 39, 40, 41) },
  { weight: 2, arbitrary: fc.constantFrom(50, 51, 300, 900, 1200, 2001, 3000, -50) },
  { weight: 1, arbitrary: fc.constantFrom(-5000, 4_000, 90_000_000) },
);
export const picks = fc.array(fc.nat(9999), { minLength: 12, maxLength: 12 });
const call: fc.Arbitrary<Draft> = fc.oneof(
  ...names.map((name) => ({
    weight: weights[name] ?? (rare.has(name) ? 1 : 4),
    arbitrary: fc.record({ name: fc.constant(name), picks, afterMs }),
  })),
);
export const list = fc.array(call, { minLength: 5, maxLength: 35, size: 'max' });
