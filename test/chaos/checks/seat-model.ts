/**
 * One seat as a state machine: free, held by h until e, sold to h. Makes of what buyers did the steps that
 * a search may put in order (`linearizability.ts`).
 */
import type { Op } from '../history.ts';
import { bookingsByHold, type Evidence, type Excuse, type Rest } from './evidence.ts';
import { expiries, losses } from './seat-by-itself.ts';

export interface Step {
  /**
   * act: changes the seat, once. look: says what it was, and changes nothing. own: happens by itself, as
   * often as it can, without anybody having asked.
   */
  kind: 'act' | 'look' | 'own';
  /** Not before, and (if it must happen at all) not after. */
  from: number;
  till: number;
  /** May never have happened. */
  optional: boolean;
  /** The states this leads to; none if it cannot happen in this one. */
  apply(state: State): State[];
  /** A state that must be over when its time is up. */
  ends?: State;
  op?: Op;
  name: string;
}

/** 'free', 'held hold until', 'sold hold' */
export type State = string;

export const free = 'free';
export const held = (hold: string, until: number | '?') => `held ${hold} ${until}`;
const sold = (hold: string) => `sold ${hold}`;
const isOk = (op: Op) => op.type === 'ok';
export const isHeldBy = (state: State, hold: string) => state.startsWith(`held ${hold} `);

/** Every step that touches a seat, and the last look at it when all was quiet. */
export function stepsOf(seat: number, { ops, rest, excuse }: Evidence): Step[] {
  const mine = ops.filter((op) => op.seats.includes(seat) || op.value.seats?.includes(seat));
  const facts = factsOf(seat, mine, rest);
  const steps: Step[] = [];
  const attempts = new Map<string, Op[]>();
  for (const op of mine) {
    // What is asked again under the same id is one thing, done once; a refusal is a look of its own.
    const key = op.f === 'confirm' ? `confirm ${op.holdId}` : `${op.proc} ${op.requestId}`;
    if (op.type === 'fail' && op.f !== 'checkout') steps.push(...refusalOf(op, seat, excuse));
    else if (op.f !== 'list') attempts.set(key, [...(attempts.get(key) ?? []), op]);
  }
  for (const tries of attempts.values()) {
    // Only a Redis that forgot can do one request twice; then each is a hold of its own.
    const done = [...new Map(tries.filter(isOk).map((op) => [op.holdId, op])).values()];
    const first = tries[0] as Op;
    for (const op of done.length > 0 ? done : [first]) {
      const effect = effectOf(op, seat, facts);
      if (!effect) continue;
      // PostgreSQL forgets nothing, so of sales and cancellations it is known whether they happened.
      const known = op.f === 'confirm' || op.f === 'cancel';
      const till = isOk(op) ? lateBy(op, excuse) : known ? excuse.restAt : Number.POSITIVE_INFINITY;
      const optional = !isOk(op) && !known;
      steps.push({ ...effect, kind: 'act', from: first.invokedAt, till, optional, op, name: op.f });
    }
  }
  steps.push(...salesWithoutAsking(mine, facts, excuse));
  const touched = mine.filter((op) => givesTime.has(op.f) && (op.type !== 'fail' || op.f === 'checkout'));
  steps.push(...expiries(touched, ops, excuse));
  if (excuse.losesHolds) steps.push(...losses(touched, mine, excuse));
  const now = rest.redis.seats.charAt(seat);
  const owner = [...bookingsByHold(rest).values()].find((booking) => booking.active.includes(seat));
  const last = owner ? sold(owner.holdId) : now === 'h' ? 'held' : free;
  steps.push({
    kind: 'look',
    from: excuse.restAt,
    till: excuse.restAt,
    optional: false,
    apply: (state) => ((last === 'held' ? state.startsWith('held') : state === last) ? [state] : []),
    name: `at rest: ${last}`,
  });
  return steps;
}

const givesTime = new Set<Op['f']>(['hold', 'extend', 'checkout']);

/** What PostgreSQL knows of one seat. */
interface Facts {
  holdOfBooking: Map<string, string>;
  /** Holds that were booked with this seat, whatever became of it. */
  booked: Set<string>;
  /** Bookings of which this seat was cancelled. */
  cancelled: Set<string>;
  /** Holds whose seats were paid for: the hub may book them by itself. */
  paid: Set<string>;
}

function factsOf(seat: number, mine: Op[], { bookings }: Rest): Facts {
  const here = bookings.filter(({ seats }) => seats.includes(seat));
  return {
    holdOfBooking: new Map(bookings.map(({ id, holdId }) => [id, holdId])),
    booked: new Set(here.map(({ holdId }) => holdId)),
    cancelled: new Set(here.filter(({ active }) => !active.includes(seat)).map(({ id }) => id)),
    paid: new Set(mine.filter((op) => op.f === 'checkout').map((op) => op.holdId)),
  };
}

/**
 * Who has paid gets the seats without asking for them, even when the hold is over, if they are still free;
 * asking for them is then only hearing of it.
 */
function salesWithoutAsking(mine: Op[], facts: Facts, excuse: Excuse): Step[] {
  const paid = Map.groupBy(
    mine.filter((op) => op.f === 'checkout' && facts.booked.has(op.holdId)),
    (op) => op.holdId,
  );
  return [...paid].map(([hold, [first]]) => {
    const heard = mine.filter((op) => op.f === 'confirm' && op.holdId === hold && isOk(op));
    return {
      kind: 'act',
      from: first?.invokedAt ?? 0,
      till: Math.min(excuse.restAt, ...heard.map((op) => op.endedAt)),
      optional: false,
      apply: (state) => (state === free || isHeldBy(state, hold) ? [sold(hold)] : []),
      name: `hold ${hold.slice(0, 8)} is paid and booked`,
    };
  });
}

/** What a request does that was granted, or may have been; nothing if it is known that it did nothing. */
function effectOf(op: Op, seat: number, facts: Facts): Pick<Step, 'apply'> | undefined {
  const { f, value } = op;
  const until = op.type === 'ok' ? (value.expiresAt ?? '?') : '?';
  switch (f) {
    case 'hold': {
      if (!op.seats.includes(seat)) return undefined;
      return { apply: (state) => (state === free ? [held(holdOf(op), until)] : []) };
    }
    case 'extend':
    case 'checkout':
      return { apply: (state) => (isHeldBy(state, op.holdId) ? [held(op.holdId, until)] : []) };
    case 'release':
      if (!op.seats.includes(seat)) return undefined;
      return { apply: (state) => (isHeldBy(state, op.holdId) ? [free] : []) };
    case 'confirm':
      if (facts.paid.has(op.holdId) || (!isOk(op) && !facts.booked.has(op.holdId))) return undefined;
      return { apply: (state) => (isHeldBy(state, op.holdId) ? [sold(op.holdId)] : []) };
    case 'cancel': {
      if (!op.seats.includes(seat) || (!isOk(op) && !facts.cancelled.has(op.bookingId))) return undefined;
      const hold = facts.holdOfBooking.get(op.bookingId) ?? '';
      return { apply: (state) => (state === sold(hold) ? [free] : []) };
    }
    default:
      return undefined;
  }
}

/** A hold whose answer nobody heard has no id that anybody knows. */
export const holdOf = (op: Op): string => op.value.holdId ?? (op.holdId || `?${op.requestId}`);

/** What a refusal says about the seat at the time it was given. */
function refusalOf(op: Op, seat: number, excuse: Excuse): Step[] {
  const look = (apply: Step['apply']): Step[] => [
    {
      kind: 'look',
      from: op.invokedAt,
      till: op.endedAt,
      optional: false,
      apply,
      op,
      name: `${op.f}: ${op.error}`,
    },
  ];
  const lossy = excuse.losesHolds && op.endedAt >= excuse.faultAt;
  if (op.f === 'hold' && op.error === 'seats-taken' && !lossy) {
    const taken = op.value.taken?.includes(seat) ?? false;
    return look((state) => ((state === free) === taken ? [] : [state]));
  }
  if (op.f === 'confirm') {
    // It may end the hold at once, or leave that to the sweeper.
    return look((state) => {
      if (state === sold(op.holdId)) return [];
      return isHeldBy(state, op.holdId) ? [free, state] : [state];
    });
  }
  if (op.error === 'hold-not-found' && op.holdId && !lossy) {
    return look((state) => (isHeldBy(state, op.holdId) ? [] : [state]));
  }
  return [];
}

/** A cancellation is told when PostgreSQL has it; the map follows once Redis can be reached. */
function lateBy(op: Op, { faultAt, healedAt }: Excuse): number {
  if (op.f !== 'cancel' || op.endedAt < faultAt || op.invokedAt > healedAt + 10_000) return op.endedAt;
  return Math.max(op.endedAt, healedAt + 16_000);
}
