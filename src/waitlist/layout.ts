import type { SeatingPlan } from '../seating/plan.ts';

/**
 * Which seats are beside each other, as `matching.lua` reads it: by the index of a category and, under `*`, for all,
 * "first-last:first-last,first-last,…", from where to where it reaches and then its stretches of neighbours.
 */
export function layoutOf(plan: Pick<SeatingPlan, 'rows' | 'seats'>): Map<string, string> {
  return new Map(
    Array.from(stretchesOf(plan), ([category, list]) => {
      const [from] = list[0] ?? [0];
      const [, to] = list.at(-1) ?? [0, 0];
      return [category, `${from}-${to}:${list.map((each) => each.join('-')).join(',')}`] as const;
    }),
  );
}

/** How many seats somebody could be given at most. @param category its index; undefined: any */
export function mostSeats(
  plan: Pick<SeatingPlan, 'rows' | 'seats'>,
  category: number | undefined,
  together: boolean,
): number {
  const counts = (stretchesOf(plan).get(String(category ?? '*')) ?? []).map(
    ([first, last]) => last - first + 1,
  );
  return together ? Math.max(0, ...counts) : counts.reduce((sum, count) => sum + count, 0);
}

type Stretches = Map<string, [first: number, last: number][]>;
/** Plans never change, and everybody who joins is compared with theirs. */
const known = new WeakMap<object, Stretches>();

function stretchesOf(plan: Pick<SeatingPlan, 'rows' | 'seats'>): Stretches {
  let stretches = known.get(plan);
  if (stretches) return stretches;
  stretches = findStretches(plan);
  known.set(plan, stretches);
  return stretches;
}

function findStretches(plan: Pick<SeatingPlan, 'rows' | 'seats'>): Stretches {
  const stretches: Stretches = new Map();
  const add = (category: string, first: number, last: number) => {
    const list = stretches.get(category) ?? [];
    list.push([first, last]);
    stretches.set(category, list);
  };
  for (const { first, count } of plan.rows) {
    add('*', first, first + count - 1);
    let begin = first;
    for (let seat = first; seat < first + count; seat++) {
      const category = plan.seats[seat]?.category ?? 0;
      if (seat + 1 < first + count && plan.seats[seat + 1]?.category === category) continue;
      add(String(category), begin, seat);
      begin = seat + 1;
    }
  }
  return stretches;
}
