/** The twin of `load-event.lua`. */
import type { Twin } from './twin.ts';

export function loadEvent(twin: Twin, run: string, args: string[], now: number): [string, string] {
  if (twin.meta?.run !== undefined && twin.meta.run === run) return ['current', twin.meta.epoch];
  const [epoch = '', seats = '', ...rules] = args;
  const [closesAt = 0, holdMs = 0, seatsPerHold = 0, seatsPerBuyer = 0, extensions = 0, tickMs = 0, offerMs = 0] =
    rules.slice(0, 7).map(Number);
  const survivors = [...twin.holds.values()];
  twin.holds = new Map();
  twin.expiry = new Map();
  twin.dirty = new Map();
  twin.log = [];
  twin.buyers = new Map();
  twin.seats = [...seats];
  for (let i = 12; i + 1 < args.length; i += 2) {
    twin.buyers.set(args[i] as string, { booked: Number(args[i + 1]), holds: [] });
  }
  for (const hold of survivors) {
    const live = hold.state === 'c' || hold.till > now;
    if (!live || hold.seats.some((seat) => twin.seats[seat] !== 'f')) continue;
    for (const seat of hold.seats) twin.seats[seat] = 'h';
    twin.holds.set(hold.id, hold);
    // How one that was being booked ended is asked once whoever is at it had a moment to finish.
    twin.expiry.set(hold.id, hold.state === 'c' ? now + 3000 : hold.till);
    const buyer = twin.buyers.get(hold.owner) ?? { booked: 0, holds: [] };
    twin.buyers.set(hold.owner, { ...buyer, holds: [...buyer.holds, hold.id] });
  }
  const { looker, lookerUntil } = twin.meta ?? {};
  twin.meta = {
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
