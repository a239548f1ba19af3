/**
 * One seat as a state machine: free, held by h until e, sold to h. Makes of what buyers did the steps that
 * a search may put in order (`linearizability.ts`).
 */
import type { Op } from '../history.ts';
import { bookingsByHold, type Evidence, type Excuse } from './evidence.ts';

export interface Step {
  /** Not before, and (if it must happen at all) not after. */
  from: number;
  till: number;
  /** May never have happened. */
  optional: boolean;
  /** The states this leads to; none if it cannot happen in this one. */
  apply(state: State): State[];
  op?: Op;
  name: string;
}

/** 'free', 'held hold until', 'sold hold' */
export type State = string;

const free = 'free';
const held = (hold: string, until: number | '?') => `held ${hold} ${until}`;
const sold = (hold: string) => `sold ${hold}`;
const isOk = (op: Op) => op.type === 'ok';
const isHeldBy = (state: State, hold: string) => state.startsWith(`held ${hold} `);

/** Times of Redis are whole ms, ours are not. */
const roundingMs = 3;
/** A swept event is visited twice a second. */
const sweptWithinMs = 2000;
const graceMs = 12_000;

/** Every step that touches a seat, and the last look at it when all was quiet. */
export function stepsOf(seat: number, { ops, rest, excuse }: Evidence): Step[] {
  const mine = ops.filter((op) => op.seats.includes(seat) || op.value.seats?.includes(seat));
  const steps: Step[] = [];
  const holdOfBooking = new Map(rest.bookings.map((booking) => [booking.id, booking.holdId]));
  const attempts = new Map<string, Op[]>();
  for (const op of mine) {
    // What is asked again under the same id is one thing, done once; a refusal is a look of its own.
    const key = op.f === 'confirm' ? `confirm ${op.holdId}` : `${op.proc} ${op.requestId}`;
    if (op.type === 'fail') steps.push(...refusalOf(op, seat, excuse));
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
      steps.push({ ...effect, from: first.invokedAt, till, optional: !isOk(op), op, name: op.f });
    }
  }
  const touched = mine.filter((op) => op.type !== 'fail' && (op.f === 'hold' || op.f === 'extend'));
  steps.push(...expiries(touched, ops, excuse));
  if (excuse.losesHolds) steps.push(...losses(touched, mine, excuse));
  const now = rest.redis.seats.charAt(seat);
  const owner = [...bookingsByHold(rest).values()].find((booking) => booking.active.includes(seat));
  const last = owner ? sold(owner.holdId) : now === 'h' ? 'held' : free;
  steps.push({
    from: excuse.restAt,
    till: excuse.restAt,
    optional: false,
    apply: (state) => ((last === 'held' ? state.startsWith('held') : state === last) ? [state] : []),
    name: `at rest: ${last}`,
  });
  return steps;
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
      return { apply: (state) => (isHeldBy(state, op.holdId) ? [held(op.holdId, until)] : []) };
    case 'release':
      if (!op.seats.includes(seat)) return undefined;
      return { apply: (state) => (isHeldBy(state, op.holdId) ? [free] : []) };
    case 'confirm':
      return { apply: (state) => (isHeldBy(state, op.holdId) ? [sold(op.holdId)] : []) };
    case 'cancel': {
      const hold = holdOfBooking.get(op.bookingId) ?? '';
      return { apply: (state) => (state === sold(hold) ? [free] : []) };
    }
    default:
      return undefined;
  }
}

/** A hold whose answer nobody heard has no id that anybody knows. */
const holdOf = (op: Op): string => op.value.holdId ?? (op.holdId || `?${op.requestId}`);

/** What a refusal says about the seat at the time it was given. */
function refusalOf(op: Op, seat: number, excuse: Excuse): Step[] {
  const look = (apply: Step['apply']): Step[] => [
    { from: op.invokedAt, till: op.endedAt, optional: false, apply, op, name: `${op.f}: ${op.error}` },
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

/** Holds run out by themselves: not before their time, and not long after it. */
function expiries(touched: Op[], all: Op[], excuse: Excuse): Step[] {
  const steps = new Map<string, Step>();
  for (const op of touched) {
    const hold = holdOf(op);
    const confirms = all.filter((other) => other.f === 'confirm' && other.holdId === hold);
    const known = op.type === 'ok' && op.value.expiresAt !== undefined;
    const until = known ? (op.value.expiresAt as number) : '?';
    const earliest = known ? (op.value.expiresAt as number) : op.invokedAt + excuse.holdMs;
    const settling = confirms.length > 0 ? graceMs + 5000 + Math.max(...confirms.map(lastHeard)) : 0;
    const latest = Math.max(earliest + sweptWithinMs, excuse.healedAt + 5000, settling);
    const mine = held(hold, until);
    steps.set(mine, {
      from: earliest - roundingMs,
      till: known && !excuse.losesHolds ? latest : Number.POSITIVE_INFINITY,
      optional: !known || excuse.losesHolds,
      apply: (state) => [state === mine ? free : state],
      name: `hold ${hold.slice(0, 8)} runs out`,
    });
  }
  return [...steps.values()];
}

const lastHeard = (op: Op) => (Number.isFinite(op.heardAt) ? op.heardAt : op.invokedAt + 10_000);

/** Redis forgot a hold, or that it was given back: it may be gone by the time all is well again, or be back. */
function losses(touched: Op[], mine: Op[], { faultAt, healedAt }: Excuse): Step[] {
  const holds = new Map(touched.map((op) => [holdOf(op), op]));
  const lost = { from: faultAt, till: healedAt + rememberedWithinMs, optional: true };
  return [...holds].flatMap(([hold, op]) => {
    const until = op.value.expiresAt ?? Number.POSITIVE_INFINITY;
    if (op.invokedAt > lost.till || until < faultAt) return [];
    const gone: Step = {
      ...lost,
      apply: (state) => (isHeldBy(state, hold) ? [free] : []),
      name: `hold ${hold.slice(0, 8)} is lost`,
    };
    const ended = mine.some((other) => other.holdId === hold && endings.has(other.f));
    const back: Step = {
      ...lost,
      from: Math.max(faultAt, op.invokedAt),
      apply: (state) => (state === free ? [held(hold, '?')] : []),
      name: `hold ${hold.slice(0, 8)} is back`,
    };
    // What came back has its old time, and runs out after it.
    const over: Step = {
      from: faultAt,
      till: Number.POSITIVE_INFINITY,
      optional: true,
      apply: (state) => (state === held(hold, '?') ? [free] : []),
      name: `hold ${hold.slice(0, 8)} runs out`,
    };
    return ended ? [gone, back, over] : [gone];
  });
}

/** From the healing on, how long a node may take to load a map, and a lost hold to be noticed. */
const rememberedWithinMs = 5000;
const endings = new Set<Op['f']>(['release', 'confirm']);
