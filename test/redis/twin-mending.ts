/** The twins of the scripts that compare an event with PostgreSQL and mend it. */
import type { RawReply, TwinCall, TwinHold } from './twin.ts';

export const buyerText = ({ booked, holds }: { booked: number; holds: string[] }): string =>
  `${booked}|${holds.join(',')}`;

export const holdText = ({ state, owner, till, extensions, attempts, seats }: TwinHold): string =>
  `${state}|${owner}|${till}|${extensions}|${attempts}|${seats.join(',')}`;

export function lookAtEvent(call: TwinCall, [node = '', lease, known]: string[]): RawReply {
  const { meta, twin, now } = call;
  const leaseMs = Number(lease);
  const leftMs = (meta.lookerUntil ?? 0) - now;
  if (meta.looker !== undefined && meta.looker !== node && leftMs > 0 && leftMs <= leaseMs) {
    return call.finish('elsewhere');
  }
  meta.looker = node;
  meta.lookerUntil = now + leaseMs;
  if (!call.hasChanged && known === `${meta.epoch}:${meta.position}`) return call.finish('same');
  const holds = [...twin.holds.values()].flatMap((hold) => [hold.id, holdText(hold)]);
  const buyers = [...twin.buyers].flatMap(([owner, buyer]) => [owner, buyerText(buyer)]);
  return call.finish('map', [twin.seats.join(''), String(twin.holds.size), ...holds, ...buyers]);
}

export function mendBuyer(call: TwinCall, [owner = '', seen = '', booked]: string[]): RawReply {
  const kept = call.twin.buyers.get(owner);
  if ((kept ? buyerText(kept) : '') !== seen) return call.finish('moved');
  call.writeBuyer(owner, { booked: Number(booked), holds: kept?.holds ?? [] });
  return call.finish('mended');
}

export function mendSeats(call: TwinCall, [epoch, position, ...seats]: string[]): RawReply {
  const { meta, twin } = call;
  const since = epoch === meta.epoch ? call.changedSince(Number(position)) : undefined;
  if (!since) return call.finish('moved');
  const inHold = new Set([...twin.holds.values()].flatMap((hold) => hold.seats));
  const target = (seat: number, booking: string, id: string): string | undefined => {
    if (booking !== '') return call.cancelledSeats(booking).has(seat) ? undefined : 's';
    if (id === '') return inHold.has(seat) ? undefined : 'f';
    const hold = twin.holds.get(id);
    return hold && hold.state !== 'c' && inHold.has(seat) ? 'h' : undefined;
  };
  const mended: string[] = [];
  for (let i = 0; i < seats.length; i += 4) {
    const [number = '', seen, booking = '', id = ''] = seats.slice(i, i + 4);
    const seat = Number(number);
    if (call.seat(seat) !== seen || since.has(seat)) continue;
    const state = target(seat, booking, id);
    if (state === undefined || state === seen) continue;
    call.setSeat(seat, state);
    mended.push(number + state);
  }
  return call.finish('mended', [mended.join(',')]);
}
