/** What happens to a seat without anybody asking: holds run out, and a Redis that broke forgets. */
import type { Op } from '../history.ts';
import type { Excuse } from './evidence.ts';
import { free, held, holdOf, isHeldBy, type Step } from './seat-model.ts';

/** Times of Redis are whole ms, ours are not. */
const roundingMs = 3;
/** A swept event is visited twice a second. */
const sweptWithinMs = 2000;
const graceMs = 12_000;
/** From the healing on, how long a node may take to load a map, and a lost hold to be noticed. */
const rememberedWithinMs = 5000;

const own = { kind: 'own', optional: true } as const;

/** Holds run out: not before their time, and not long after it. */
export function expiries(touched: Op[], all: Op[], excuse: Excuse): Step[] {
  const steps = new Map<string, Step>();
  for (const op of touched) {
    const hold = holdOf(op);
    const confirms = all.filter((other) => other.f === 'confirm' && other.holdId === hold);
    const known = op.type === 'ok' ? op.value.expiresAt : undefined;
    const earliest = known ?? op.invokedAt + excuse.holdMs;
    const settling = confirms.length > 0 ? graceMs + 5000 + Math.max(...confirms.map(lastHeard)) : 0;
    const latest = Math.max(earliest + sweptWithinMs, excuse.healedAt + 5000, settling);
    const mine = held(hold, known ?? '?');
    // What nobody heard of may be the work of the first of several attempts, and runs out by the time of that one.
    if (steps.has(mine)) continue;
    const isBounded = known !== undefined && !excuse.losesHolds;
    steps.set(mine, {
      ...own,
      from: earliest - roundingMs,
      till: isBounded ? latest : Number.POSITIVE_INFINITY,
      apply: (state) => (state === mine ? [free] : []),
      ends: mine,
      name: `hold ${hold.slice(0, 8)} runs out`,
    });
  }
  return [...steps.values()];
}

const lastHeard = (op: Op) => (Number.isFinite(op.heardAt) ? op.heardAt : op.invokedAt + 10_000);

/** Redis forgot a hold, or that it was given back: it may be gone by the time all is well again, or be back. */
export function losses(touched: Op[], mine: Op[], { faultAt, healedAt }: Excuse): Step[] {
  const holds = new Map(touched.map((op) => [holdOf(op), op]));
  const till = healedAt + rememberedWithinMs;
  return [...holds].flatMap(([hold, op]) => {
    const until = op.value.expiresAt ?? Number.POSITIVE_INFINITY;
    if (op.invokedAt > till || until < faultAt) return [];
    const name = `hold ${hold.slice(0, 8)}`;
    const gone: Step = {
      ...own,
      from: faultAt,
      till,
      apply: (state) => (isHeldBy(state, hold) ? [free] : []),
      name: `${name} is lost`,
    };
    const ended = mine.some((other) => other.holdId === hold && ['release', 'confirm'].includes(other.f));
    if (!ended) return [gone];
    const back: Step = {
      ...own,
      from: Math.max(faultAt, op.invokedAt),
      till,
      apply: (state) => (state === free ? [held(hold, '?')] : []),
      name: `${name} is back`,
    };
    // It has its old time, and runs out after it.
    const over: Step = {
      ...own,
      from: faultAt,
      till: Number.POSITIVE_INFINITY,
      apply: (state) => (state === held(hold, '?') ? [free] : []),
      name: `${name} runs out`,
    };
    return [gone, back, over];
  });
}
