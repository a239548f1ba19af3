/** What each script does, in the words of `twin.ts`. Arguments come as Redis gets them, without the run id. */

import { isOffer, type RawReply, type Twin, TwinCall, type TwinHold } from './twin.ts';
import { loadEvent } from './twin-load.ts';
import { lookAtEvent, mendBuyer, mendSeats } from './twin-mending.ts';
import { waitingScripts } from './twin-waiting.ts';

type TwinScript = (call: TwinCall, args: string[]) => RawReply;
export type TwinScripts = Record<string, TwinScript>;

const maxAttempts = 10;
const maxLapsed = 100;
const unloaded: RawReply = ['unloaded', '', 0, [], -1, [], [], []];

/** Runs a script at a moment, as Redis would. `makeCall` lets a test plant a fault in what scripts share. */
export function runTwin(
  twin: Twin,
  name: string,
  args: readonly (string | number)[],
  now: number,
  scripts: TwinScripts = twinScripts,
  makeCall = (meta: NonNullable<Twin['meta']>) => new TwinCall(twin, meta, now),
): unknown {
  const [run = '', ...rest] = args.map(String);
  if (name === 'load-event') return loadEvent(twin, run, rest, now);
  const { meta } = twin;
  if (!meta || meta.run !== run) return unloaded;
  const script = scripts[name];
  if (!script) throw new Error(`there is no twin of ${name}`);
  const call = makeCall(meta);
  call.moreDue = call.sweep();
  return script(call, rest);
}

const seatsOf = (args: string[], from: number) => args.slice(from).map(Number);

/** A hold as the scripts answer it. */
function view(call: TwinCall, hold: TwinHold): string[] {
  const left = Math.max(0, call.meta.extensions - hold.extensions);
  return [hold.id, String(hold.till), String(left), hold.seats.join(',')];
}

function holdSeats(call: TwinCall, args: string[]): RawReply {
  const [owner = '', request = '', fingerprint = '', id = '', into = ''] = args;
  const first = call.recall(owner, request, fingerprint);
  if (first) return first;
  const { meta, twin, now } = call;
  if (now >= meta.closesAt) return call.finish('closed');
  const wanted = seatsOf(args, 5);
  const unknown = wanted.filter((seat) => seat >= meta.count);
  if (unknown.length > 0) return call.finish('unknown-seats', [unknown.join(','), String(meta.count)]);
  const notFree = () => wanted.filter((seat) => call.seat(seat) !== 'f');
  let taken = notFree();
  while (taken.length > 0 && call.moreDue) {
    call.moreDue = call.sweep();
    taken = notFree();
  }
  let hold: TwinHold | undefined = {
    id,
    state: 'h',
    owner,
    till: now + meta.holdMs,
    extensions: 0,
    attempts: 0,
    seats: [],
  };
  if (into !== '') {
    hold = call.ownHold(into, owner);
    if (!hold) return call.finish('unknown-hold');
    if (hold.state !== 'h') return call.finish('confirming');
  }
  if (hold.seats.length + wanted.length > meta.seatsPerHold) {
    return call.finish('seats-per-hold', [String(meta.seatsPerHold)]);
  }
  const buyer = call.buyer(owner);
  let has = buyer.booked;
  for (const held of buyer.holds) {
    const other = twin.holds.get(held);
    if (call.isLive(other)) has += other.seats.length;
  }
  if (has + wanted.length > meta.seatsPerBuyer) {
    const left = Math.max(0, meta.seatsPerBuyer - has);
    return call.finish('seats-per-buyer', [String(meta.seatsPerBuyer), String(left)]);
  }
  if (taken.length > 0) return call.finish('taken', [taken.join(',')]);
  for (const seat of wanted) call.setSeat(seat, 'h');
  hold.seats = [...hold.seats, ...wanted];
  call.writeHold(hold, hold.till);
  if (into === '') call.writeBuyer(owner, { booked: buyer.booked, holds: [...buyer.holds, id] });
  const fields = view(call, hold);
  call.remember(owner, request, fingerprint, 'held', fields);
  return call.finish('held', fields);
}

function extendHold(call: TwinCall, args: string[]): RawReply {
  const [owner = '', request = '', fingerprint = '', id = ''] = args;
  const first = call.recall(owner, request, fingerprint);
  if (first) return first;
  if (call.now >= call.meta.closesAt) return call.finish('closed');
  const hold = call.ownHold(id, owner);
  if (!hold) return call.finish('unknown-hold');
  if (hold.state !== 'h') return call.finish('confirming');
  if (hold.extensions >= call.meta.extensions) return call.finish('used-up');
  hold.extensions++;
  hold.till = call.now + call.meta.holdMs;
  call.writeHold(hold, hold.till);
  const left = String(call.meta.extensions - hold.extensions);
  const fields = [id, String(hold.till), left, hold.seats.join(',')];
  call.remember(owner, request, fingerprint, 'extended', fields);
  return call.finish('extended', fields);
}

function releaseSeats(call: TwinCall, args: string[]): RawReply {
  const [owner = '', request = '', fingerprint = '', id = ''] = args;
  const first = call.recall(owner, request, fingerprint);
  if (first) return first;
  const hold = call.ownHold(id, owner);
  if (!hold) return call.finish('unknown-hold');
  const some = seatsOf(args, 4);
  if (hold.state === 'c' || (hold.state === 'p' && some.length > 0)) return call.finish('confirming');
  const unknown = some.filter((seat) => !hold.seats.includes(seat));
  if (unknown.length > 0) {
    return call.finish('unknown-seats', [unknown.join(','), String(hold.seats.length)]);
  }
  const leaves = (seat: number) => some.length === 0 || some.includes(seat);
  call.freeHeld(hold.seats.filter(leaves));
  hold.seats = hold.seats.filter((seat) => !leaves(seat));
  if (hold.seats.length === 0) call.dropHold(hold, 0);
  else call.writeHold(hold, hold.till);
  const fields = [...view(call, hold), hold.state];
  call.remember(owner, request, fingerprint, 'released', fields);
  return call.finish('released', fields);
}

function beginConfirm(call: TwinCall, [owner = '', id = '', graceMs]: string[]): RawReply {
  const hold = call.twin.holds.get(id);
  if (!call.isLive(hold)) return call.finish('unknown-hold');
  if (hold.owner !== owner || isOffer(hold)) return call.finish('foreign');
  if (hold.state !== 'c' && call.now >= call.meta.closesAt) return call.finish('closed');
  if (hold.attempts >= maxAttempts && call.now >= hold.till) return call.finish('exhausted');
  hold.state = 'c';
  hold.attempts++;
  const deadline = call.now + Number(graceMs);
  call.writeHold(hold, deadline);
  return call.finish('confirming', [String(deadline), hold.seats.join(','), String(hold.attempts)]);
}

function finishConfirm(call: TwinCall, args: string[]): RawReply {
  const [owner = '', id = '', booking = ''] = args;
  const cancelled = call.cancelledSeats(booking);
  const sold = seatsOf(args, 3).filter((seat) => !cancelled.has(seat));
  let missed = 0;
  for (const seat of sold) {
    if (call.seat(seat) === 's') continue;
    call.setSeat(seat, 's');
    missed++;
  }
  const hold = call.twin.holds.get(id);
  if (hold?.owner === owner) {
    call.freeHeld(hold.seats);
    call.dropHold(hold, sold.length);
  } else if (missed > 0) {
    const { booked, holds } = call.buyer(owner);
    call.writeBuyer(owner, { booked: booked + missed, holds });
  }
  return call.finish(sold.length === 0 ? 'cancelled' : 'sold');
}

function beginPayment(call: TwinCall, [owner = '', id = '', payingMs]: string[]): RawReply {
  const hold = call.ownHold(id, owner);
  if (!hold) return call.finish('unknown-hold');
  if (hold.state === 'c') return call.finish('confirming');
  if (call.now >= call.meta.closesAt) return call.finish('closed');
  if (hold.state === 'h') {
    hold.state = 'p';
    hold.till = Math.max(hold.till, call.now + Number(payingMs));
    call.writeHold(hold, hold.till);
  }
  return call.finish('paying', view(call, hold));
}

function resumeHold(call: TwinCall, [id = '', state = 'h']: string[]): RawReply {
  const hold = call.twin.holds.get(id);
  if (!hold) return call.finish('unknown-hold');
  if (hold.state !== 'c') return call.finish('resumed');
  if (hold.attempts > 1) return call.finish('confirming');
  hold.state = state;
  hold.attempts = 0;
  call.writeHold(hold, hold.till);
  return call.finish('resumed');
}

function abortConfirm(call: TwinCall, args: string[]): RawReply {
  const hold = call.twin.holds.get(args[0] ?? '');
  for (const seat of seatsOf(args, 1)) if (call.seat(seat) !== 's') call.setSeat(seat, 's');
  if (hold) {
    call.freeHeld(hold.seats);
    call.dropHold(hold, 0);
  }
  return call.finish('aborted');
}

function freeSeats(call: TwinCall, args: string[]): RawReply {
  const [owner = '', booking = '', id = ''] = args;
  const done = call.cancelledSeats(booking);
  const hold = call.twin.holds.get(id);
  const own = hold?.owner === owner ? hold.seats : [];
  const freed: number[] = [];
  let sold = 0;
  for (const seat of seatsOf(args, 3)) {
    if (done.has(seat)) continue;
    done.add(seat);
    const state = call.seat(seat);
    if (state === 's') sold++;
    if (state === 's' || (state === 'h' && own.includes(seat))) {
      call.setSeat(seat, 'f');
      freed.push(seat);
    }
  }
  if (hold && own.length > 0) {
    hold.seats = hold.seats.filter((seat) => !done.has(seat));
    if (hold.seats.length === 0) call.dropHold(hold, 0);
  }
  if (sold > 0) {
    const { booked, holds } = call.buyer(owner);
    call.writeBuyer(owner, { booked: Math.max(0, booked - sold), holds });
  }
  call.keep(`cancelled:${booking}`, [...done].join(','));
  return call.finish('freed', [freed.join(',')]);
}

function closeEvent(call: TwinCall): RawReply {
  call.meta.closesAt = 0;
  let freed = 0;
  for (const id of call.twin.byDue()) {
    const hold = call.twin.holds.get(id);
    if (!hold) call.twin.expiry.delete(id);
    else if (hold.state !== 'c') {
      if (freed === maxLapsed) return call.finish('more');
      call.lapse(hold);
      freed++;
    }
  }
  if (freed === maxLapsed) return call.finish('more');
  return call.finish(call.waits && call.waitlist.close() ? 'more' : 'closed');
}

function readTicks(call: TwinCall, [epoch, position]: string[]): RawReply {
  const since = Number(position);
  if (epoch !== call.meta.epoch) return call.finish('gone');
  const ticks = call.twin.log.filter(({ to }) => to > since);
  const first = ticks[0];
  if (first ? first.from > since + 1 : since < call.meta.cut) return call.finish('gone');
  return call.finish(
    'ticks',
    ticks.flatMap(({ from, to, seats }) => [String(from), String(to), seats]),
  );
}

function readHolds(call: TwinCall, [owner = '']: string[]): RawReply {
  const holds = call.buyer(owner).holds.map((id) => call.twin.holds.get(id));
  return call.finish(
    'holds',
    holds.flatMap((hold) => (call.isLive(hold) && !isOffer(hold) ? view(call, hold) : [])),
  );
}

function readHold(call: TwinCall, [id = '']: string[]): RawReply {
  const hold = call.twin.holds.get(id);
  if (!hold) return call.finish('unknown-hold');
  return call.finish('hold', [hold.owner, hold.state, hold.seats.join(',')]);
}

function sweepEvent(call: TwinCall): RawReply {
  const tendIn = call.waits ? call.waitlist.tend() : undefined;
  const result = call.finish('swept');
  const [next] = call.twin.byDue();
  const nextIn = next === undefined ? undefined : Math.max(0, (call.twin.expiry.get(next) ?? 0) - call.now);
  const due = Math.min(nextIn ?? Number.POSITIVE_INFINITY, tendIn ?? Number.POSITIVE_INFINITY);
  result[7] = [String(call.meta.cut), Number.isFinite(due) ? String(due) : ''];
  return result;
}

export const twinScripts: TwinScripts = {
  'hold-seats': holdSeats,
  'extend-hold': extendHold,
  'release-seats': releaseSeats,
  'begin-payment': beginPayment,
  'begin-confirm': beginConfirm,
  'resume-hold': resumeHold,
  'finish-confirm': finishConfirm,
  'abort-confirm': abortConfirm,
  'free-seats': freeSeats,
  'close-event': closeEvent,
  'read-ticks': readTicks,
  'read-holds': readHolds,
  'read-hold': readHold,
  'sweep-event': sweepEvent,
  'look-at-event': lookAtEvent,
  'mend-seats': mendSeats,
  'mend-buyer': mendBuyer,
  'cut-tick': (call) => {
    call.promised = 0;
    return call.finish('cut');
  },
  'read-map': (call) => call.finish('map', [call.twin.seats.join(''), String(call.meta.cut)]),
  ...waitingScripts,
  'set-rules': (call, [closesAt]) => {
    call.meta.closesAt = Number(closesAt);
    if (call.waits) call.waitlist.match();
    return call.finish('set');
  },
};
