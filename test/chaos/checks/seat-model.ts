/**
 * One seat as a state machine: free, held by h until e, sold to h. Makes of what buyers did the steps that
 * a search may put in order (`linearizability.ts`).
 */
import type { Op } from '../history.ts';
import { bookingsByHold, type Evidence, type Excuse } from './evidence.ts';
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
  const steps: Step[] = [];
  const holdOfBooking = new Map(rest.bookings.map((booking) => [booking.id, booking.holdId]));
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
      const effect = effectOf(op, seat, holdOfBooking);
      if (!effect) continue;
      const till = isOk(op) ? lateBy(op, excuse) : Number.POSITIVE_INFINITY;
      steps.push({
        ...effect,
        kind: 'act',
        from: first.invokedAt,
        till,
        optional: !isOk(op),
        op,
        name: op.f,
      });
    }
  }
  const touched = mine.filter((op) => givesTime.has(op.f) && (op.type !== 'fail' || op.f === 'checkout'));
  steps.push(...salesWithoutAsking(mine));
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

/** Who has paid gets the seats without asking for them, even when the hold is over, if they are still free. */
function salesWithoutAsking(mine: Op[]): Step[] {
  const paid = new Map(mine.filter((op) => op.f === 'checkout').map((op) => [op.holdId, op]));
  return [...paid].map(([hold, op]) => ({
    kind: 'act',
    from: op.invokedAt,
    till: Number.POSITIVE_INFINITY,
    optional: true,
    apply: (state) => (state === free || isHeldBy(state, hold) ? [sold(hold)] : []),
    name: `hold ${hold.slice(0, 8)} is paid`,
  }));
}

/** What a request does that was granted, or may have been. */
function effectOf(op: Op, seat: number, holdOfBooking: Map<string, string>): Pick<Step, 'apply'> | undefined {
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
      return { apply: (state) => (isHeldBy(state, op.holdId) ? [sold(op.holdId)] : []) };
    case 'cancel': {
      if (!op.seats.includes(seat)) return undefined;
      const hold = holdOfBooking.get(op.bookingId) ?? '';
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
