/** The twins of the scripts of the waitlist. */
import type { RawReply, TwinCall, TwinHold } from './twin.ts';
import { choose, possessions, runsIn } from './twin-matching.ts';
import type { TwinEntry } from './twin-waitlist.ts';

function lookForSeats(
  call: TwinCall,
  [owner = '', category = '*', quantity, together = 'a']: string[],
): RawReply {
  if (call.now >= call.meta.closesAt) return call.finish('closed');
  if (!call.twin.layout.has('*')) return call.finish('no-layout');
  const left = Math.max(0, call.meta.seatsPerBuyer - possessions(call.waitlist, owner).has);
  if (left < Number(quantity)) return call.finish('seats-per-buyer', [String(left)]);
  const runs = runsIn(call.twin.seats, call.twin.layout.get(category));
  const seats = choose(runs, Number(quantity), together);
  return seats ? call.finish('available', [seats.join(',')]) : call.finish('taken');
}

function queueEntry(call: TwinCall, args: string[]): RawReply {
  const [id = '', owner = '', category = '*', quantity, together = 'a', order] = args;
  const { twin } = call;
  if (twin.entries.has(id) || call.kept(`ended:${id}`)) return call.finish('known');
  if (!twin.layout.has('*')) return call.finish('no-layout');
  const wish = { owner, category, quantity: Number(quantity), together };
  const entry: TwinEntry = {
    ...wish,
    id,
    passes: 0,
    missed: 0,
    order: Number(order),
    state: 'w',
    hold: '',
    since: 0,
    version: 0,
  };
  twin.entries.set(id, entry);
  twin.queue.add(id);
  if (!call.waits) {
    call.meta.waitlist = '1';
    call.waits = true;
  }
  call.waitlist.match();
  return call.finish('queued');
}

function ownOffer(call: TwinCall, id: string, owner: string): TwinHold | undefined {
  const hold = call.twin.holds.get(id);
  return call.isLive(hold) && hold.owner === owner && hold.state === 'o' ? hold : undefined;
}

function acceptOffer(call: TwinCall, args: string[]): RawReply {
  const [owner = '', request = '', fingerprint = '', id = '', actor] = args;
  const first = call.recall(owner, request, fingerprint);
  if (first) return first;
  const { twin, meta, now } = call;
  if (now >= meta.closesAt) return call.finish('closed');
  const hold = ownOffer(call, id, owner);
  if (!hold) return call.finish('unknown-offer');
  const entry = call.waitlist.read(twin.offers.get(id) ?? '');
  twin.offers.delete(id);
  if (hold.seats.some((seat) => call.seat(seat) !== 'h')) {
    call.freeHeld(hold.seats);
    call.dropHold(hold, 0);
    if (entry) {
      Object.assign(entry, { state: 'w', hold: '' });
      twin.queue.add(entry.id);
      call.waitlist.step(entry, 'revoked', '', hold, 'sold');
    }
    call.waitlist.match();
    return call.finish('unknown-offer');
  }
  hold.state = 'h';
  hold.till = now + meta.holdMs;
  call.writeHold(hold, hold.till);
  if (entry) call.waitlist.stop(entry, 'accepted', 'accepted', hold, '', actor);
  call.waitlist.match();
  const fields = [id, String(hold.till), String(meta.extensions), hold.seats.join(',')];
  call.remember(owner, request, fingerprint, 'accepted', fields);
  return call.finish('accepted', fields);
}

function declineOffer(call: TwinCall, args: string[]): RawReply {
  const [owner = '', request = '', fingerprint = '', id = '', actor] = args;
  const first = call.recall(owner, request, fingerprint);
  if (first) return first;
  const hold = ownOffer(call, id, owner);
  if (!hold) return call.finish('unknown-offer');
  const entryId = call.twin.offers.get(id) ?? '';
  call.freeHeld(hold.seats);
  call.dropHold(hold, 0);
  call.waitlist.missed(hold, 'declined', actor);
  call.waitlist.match();
  call.remember(owner, request, fingerprint, 'declined', [entryId]);
  return call.finish('declined', [entryId]);
}

function leaveWaitlist(call: TwinCall, [owner = '', id = '', actor]: string[]): RawReply {
  const entry = call.waitlist.read(id);
  if (entry?.owner !== owner) return call.finish('unknown-entry');
  const hold = call.waitlist.letGo(entry);
  call.waitlist.stop(entry, 'left', 'left', hold, '', actor);
  call.waitlist.match();
  return call.finish('left');
}

function promoteEntry(call: TwinCall, [id = '', actor]: string[]): RawReply {
  if (call.now >= call.meta.closesAt) return call.finish('closed');
  const entry = call.waitlist.read(id);
  if (!entry) return call.finish('unknown-entry');
  if (entry.state !== 'o' && entry.order >= 1e14) {
    entry.order = call.now;
    call.waitlist.step(entry, 'advanced', '', undefined, '', actor);
    call.waitlist.match();
  }
  return call.finish('promoted');
}

function readWaitlist(call: TwinCall, ids: string[]): RawReply {
  const fields = [String(call.twin.queue.size)];
  for (const id of ids) {
    const entry = call.waitlist.read(id);
    if (!entry) continue;
    const hold = entry.state === 'o' ? call.twin.holds.get(entry.hold) : undefined;
    const offer = [hold?.id ?? '', String(hold?.till ?? 0), hold?.seats.join(',') ?? ''];
    const gathered = entry.state === 'g' ? call.twin.holds.get(entry.hold) : undefined;
    const counts = [entry.missed, gathered?.seats.length ?? 0].map(String);
    fields.push(id, call.waitlist.rank(id), ...offer, ...counts);
  }
  return call.finish('waitlist', fields);
}

function forgetSteps(call: TwinCall, keys: string[]): RawReply {
  const { twin, meta } = call;
  for (const key of keys) twin.unrecorded.delete(key);
  if (twin.unrecorded.size === 0 && twin.entries.size === 0) delete meta.waitlist;
  return call.finish('forgotten');
}

function setLayout(call: TwinCall, args: string[]): RawReply {
  for (let i = 0; i + 1 < args.length; i += 2) call.twin.layout.set(args[i] as string, args[i + 1] as string);
  return call.finish('set');
}

export const waitingScripts = {
  'look-for-seats': lookForSeats,
  'queue-entry': queueEntry,
  'accept-offer': acceptOffer,
  'decline-offer': declineOffer,
  'leave-waitlist': leaveWaitlist,
  'promote-entry': promoteEntry,
  'read-waitlist': readWaitlist,
  'forget-steps': forgetSteps,
  'set-layout': setLayout,
};
