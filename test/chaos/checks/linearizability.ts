/**
 * C3: what was answered about a seat can be put in one order that respects time (Wing and Gong), searched
 * forward: the possible states are carried along, each with the steps under way that it has taken already,
 * and a step whose time is up throws out every state that cannot have taken it. Two ways into the same state
 * are one (the memo of Lowe); where nothing is under way only the states themselves remain, which is the cut
 * at quiescent points. Seats are looked at one by one: an object that is correct on every seat is correct.
 */
import type { Op } from '../history.ts';
import type { Check, Evidence, Finding } from './evidence.ts';
import { type State, type Step, stepsOf } from './seat-model.ts';

/** States carried at once, and all work for a seat. With more it is given up, and said to be unchecked. */
const mostConfigurations = 5000;
const mostWork = 1_000_000;

interface Configuration {
  state: State;
  /** Steps under way that have been taken, sorted. */
  taken: readonly number[];
}

export type Order = 'ok' | 'gave-up' | { step: Step; since: number; before: State[] };

export const checkLinearizability: Check = (evidence) =>
  ordersOf(evidence).flatMap((order, seat) =>
    typeof order === 'string' ? [] : [contradiction(seat, evidence, order)],
  );

/** How many seats had too many open ends to be searched. */
export const countUnchecked = (evidence: Evidence): number =>
  ordersOf(evidence).filter((order) => order === 'gave-up').length;

const searched = new WeakMap<Evidence, Order[]>();

/** By seat; searched once. */
function ordersOf(evidence: Evidence): Order[] {
  const { excuse, rest } = evidence;
  if (excuse.salesOnly) return [];
  const orders =
    searched.get(evidence) ?? Array.from(rest.redis.seats, (_, seat) => orderOf(stepsOf(seat, evidence)));
  searched.set(evidence, orders);
  return orders;
}

export function orderOf(steps: readonly Step[]): Order {
  const events = steps.flatMap((step, index) => [
    { at: step.from, begins: true, index },
    ...(Number.isFinite(step.till) ? [{ at: step.till, begins: false, index }] : []),
  ]);
  events.sort((a, b) => a.at - b.at || Number(b.begins) - Number(a.begins));
  const open = new Map<number, Step>();
  let configurations: Configuration[] = [{ state: 'free', taken: [] }];
  let quietSince = Number.NEGATIVE_INFINITY;
  let work = 0;
  for (const { at, begins, index } of events) {
    const step = steps[index] as Step;
    if (begins) {
      open.set(index, step);
      continue;
    }
    const before = configurations;
    const reached = closure(configurations, open);
    work += (reached?.length ?? 0) * open.size;
    if (!reached || work > mostWork) return 'gave-up';
    open.delete(index);
    const left = reached.filter(
      ({ state, taken }) => state !== step.ends && (step.optional || taken.includes(index)),
    );
    configurations = unique(
      left.map(({ state, taken }) => ({ state, taken: taken.filter((other) => other !== index) })),
    );
    if (configurations.length === 0) {
      return { step, since: quietSince, before: [...new Set(before.map(({ state }) => state))] };
    }
    if ([...open.values()].every(({ kind }) => kind === 'own')) quietSince = at;
  }
  return 'ok';
}

/** Every configuration that can be reached by taking open steps; undefined: too many. */
function closure(
  from: readonly Configuration[],
  open: ReadonlyMap<number, Step>,
): Configuration[] | undefined {
  const start = from.map((each) => looked(each, open));
  const found = new Map(start.map((each) => [keyOf(each), each]));
  for (const { state, taken } of found.values()) {
    for (const [index, { kind, apply }] of open) {
      if (taken.includes(index)) continue;
      for (const next of apply(state)) {
        const also = kind === 'own' ? taken : [...taken, index].sort((a, b) => a - b);
        const further = looked({ state: next, taken: also }, open);
        const key = keyOf(further);
        if (!found.has(key)) found.set(key, further);
      }
    }
    if (found.size > mostConfigurations) return undefined;
  }
  return [...found.values()];
}

/** A look that fits now is taken at once: it changes nothing, so waiting with it leads nowhere else. */
function looked({ state, taken }: Configuration, open: ReadonlyMap<number, Step>): Configuration {
  const fits = [...open].flatMap(([index, { kind, apply }]) => {
    if (kind !== 'look' || taken.includes(index)) return [];
    const next = apply(state);
    return next.length === 1 && next[0] === state ? [index] : [];
  });
  return fits.length === 0 ? { state, taken } : { state, taken: [...taken, ...fits].sort((a, b) => a - b) };
}

const keyOf = ({ state, taken }: Configuration) => `${state} ${taken.join()}`;

const unique = (configurations: readonly Configuration[]): Configuration[] => [
  ...new Map(configurations.map((each) => [keyOf(each), each])).values(),
];

/** The story of the seat since nothing was under way, and the two answers that do not go together. */
function contradiction(seat: number, evidence: Evidence, order: Exclude<Order, string>): Finding {
  const { step, since, before: states } = order;
  const before = evidence.ops.filter(
    (op) => (op.seats.includes(seat) || op.value.seats?.includes(seat)) && op.invokedAt <= step.till,
  );
  const recent = before.filter((op) => op.heardAt >= since);
  const story = recent.length > 1 ? recent : before.slice(-6);
  const others = story.filter((op) => op.type === 'ok' && op !== step.op && op.endedAt <= step.till);
  const last = others.reduce<Op | undefined>((a, b) => (a && a.endedAt > b.endedAt ? a : b), undefined);
  const pair = [last ? `#${last.i}` : '', step.op ? `#${step.op.i}` : `"${step.name}"`].filter(Boolean);
  const sentence =
    `seat ${seat}: no order of what was answered makes sense of ${pair.join(' and ')}; ` +
    `before "${step.name}" it was ${states.join(' or ')}`;
  return { check: 'C3', sentence, seat, ops: story };
}
