/** The twin of `load-event.lua`. */
import type { Twin, TwinHold } from './twin.ts';
import type { TwinEntry } from './twin-waitlist.ts';

export function loadEvent(twin: Twin, run: string, args: string[], now: number): [string, string] {
  if (twin.meta?.run !== undefined && twin.meta.run === run) return ['current', twin.meta.epoch];
  const [epoch = '', seats = '', ...rules] = args;
  const [
    closesAt = 0,
    holdMs = 0,
    seatsPerHold = 0,
    seatsPerBuyer = 0,
    extensions = 0,
    tickMs = 0,
    offerMs = 0,
  ] = rules.slice(0, 7).map(Number);
  const survivors = [...twin.holds.values()];
  const entryOf = twin.offers;
  const known = twin.entries;
  const waiting = readWaiting(twin, args[9] ?? '');
  twin.queue = new Set();
  twin.entries = waiting;
  twin.offers = new Map();
  twin.layout = new Map(
    linesOf(args[11] ?? '').map(([category = '', stretches = '']) => [category, stretches]),
  );
  twin.holds = new Map();
  twin.expiry = new Map();
  twin.dirty = new Map();
  twin.log = [];
  twin.buyers = new Map();
  twin.seats = [...seats];
  for (let i = 12; i + 1 < args.length; i += 2) {
    twin.buyers.set(args[i] as string, { booked: Number(args[i + 1]), holds: [] });
  }
  const allFree = (list: readonly number[]) => list.every((seat) => twin.seats[seat] === 'f');
  const install = (hold: TwinHold) => {
    for (const seat of hold.seats) twin.seats[seat] = 'h';
    twin.holds.set(hold.id, hold);
    // How one that was being booked ended is asked once whoever is at it had a moment to finish.
    twin.expiry.set(hold.id, hold.state === 'c' ? now + 3000 : hold.till);
    const buyer = twin.buyers.get(hold.owner) ?? { booked: 0, holds: [] };
    twin.buyers.set(hold.owner, { ...buyer, holds: [...buyer.holds, hold.id] });
  };
  const keepOffer = (entry: TwinEntry, hold: string, since: number) => {
    Object.assign(entry, { state: 'o', hold, since });
    twin.offers.set(hold, entry.id);
  };
  const restoreOffer = (id: string, entry: TwinEntry, since: number, till: number, seats: number[]) => {
    const { owner, order, missed, passes } = entry;
    if (allFree(seats)) {
      install({ id, state: 'o', owner, till, extensions: 0, attempts: 0, seats });
      keepOffer(entry, id, since);
      return;
    }
    entry.version = Math.max(entry.version + 1, now);
    const step = [
      'revoked',
      'waiting',
      owner,
      order,
      missed,
      passes,
      id,
      seats,
      since,
      till,
      now,
      0,
      'sold',
      '',
    ];
    twin.unrecorded.set(`${entry.id}:${entry.version}`, step.join('|'));
  };
  for (const hold of survivors) {
    if (hold.state === 'o') {
      const entry = waiting.get(entryOf.get(hold.id) ?? '');
      if (entry?.state !== 'w') continue;
      restoreOffer(hold.id, entry, known.get(entry.id)?.since ?? 0, hold.till, hold.seats);
    } else if ((hold.state === 'c' || hold.till > now) && hold.state !== 'g' && allFree(hold.seats))
      install(hold);
  }
  for (const [id = '', entryId = '', since, till, list = ''] of linesOf(args[10] ?? '')) {
    const entry = waiting.get(entryId);
    if (entry?.state !== 'w' || newer.has(entry) || entryOf.has(id)) continue;
    restoreOffer(id, entry, Number(since), Number(till), list.split(',').filter(Boolean).map(Number));
  }
  for (const entry of waiting.values()) if (entry.state === 'w') twin.queue.add(entry.id);
  const { looker, lookerUntil } = twin.meta ?? {};
  twin.meta = {
    ...(waiting.size > 0 || twin.unrecorded.size > 0 ? { waitlist: '2' } : {}),
    ...(looker === undefined ? {} : { looker }),
    ...(lookerUntil === undefined ? {} : { lookerUntil }),
    epoch,
    run,
    position: 0,
    cut: 0,
    cutAt: 0,
    promised: 0,
    repliesSince: now,
    count: seats.length,
    closesAt,
    holdMs,
    seatsPerHold,
    seatsPerBuyer,
    extensions,
    tickMs,
    offerMs,
  };
  return ['loaded', epoch];
}

const linesOf = (text: string): string[][] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split('|'));

/** Entries of which Redis knows more than PostgreSQL. */
const newer = new WeakSet<TwinEntry>();

/** Who waits, as PostgreSQL has it, with what this Redis knows of them besides. */
function readWaiting({ entries: known, unrecorded }: Twin, text: string): Map<string, TwinEntry> {
  const ended = new Set<string>();
  for (const [key, step] of unrecorded) {
    const state = step.split('|')[1] ?? '';
    if (state !== 'waiting' && state !== 'offered') ended.add(key.split(':')[0] ?? '');
  }
  const waiting = new Map<string, TwinEntry>();
  for (const [id = '', owner = '', quantity, category = '', together = '', ...numbers] of linesOf(text)) {
    if (ended.has(id)) continue;
    const [passes = 0, missed = 0, order = 0, version = 0] = numbers.map(Number);
    const wish = { quantity: Number(quantity), category, together };
    const entry: TwinEntry = {
      id,
      owner,
      ...wish,
      passes,
      missed,
      order,
      state: 'w',
      hold: '',
      since: 0,
      version,
    };
    const before = known.get(id);
    if (before && before.version > version) {
      const { passes, missed, order, version } = before;
      Object.assign(entry, { passes, missed, order, version });
      newer.add(entry);
    }
    waiting.set(id, entry);
  }
  return waiting;
}
