import type { BoardSeats } from '../contracts.gen.ts';
import type { EventCard } from '../events/events.ts';
import type { SeatingPlan } from '../seating/plan.ts';
import { states } from '../seats/codec.ts';
import type { MapNow } from '../seats/live-maps.ts';

/** More would not be read from across a foyer. */
const categoriesShown = 8;

/** The category of each seat. Plans never change, and a board counts theirs once a second. */
const categoriesOf = new WeakMap<SeatingPlan, Uint16Array>();

function categories(plan: SeatingPlan): Uint16Array {
  let found = categoriesOf.get(plan);
  if (!found) {
    found = Uint16Array.from(plan.seats, (seat) => seat.category);
    categoriesOf.set(plan, found);
  }
  return found;
}

/** Counts the seats of a map by category. Blocked seats count as seats only. */
export function countSeats(card: EventCard, map: Pick<MapNow, 'seats' | 'stale'>): BoardSeats {
  const of = categories(card.plan);
  const kinds = Object.keys(states).length;
  const counts = new Uint32Array(card.plan.categories.length * kinds);
  for (let seat = 0; seat < of.length; seat++) {
    const at = (of[seat] as number) * kinds + (map.seats[seat] ?? states.blocked);
    counts[at] = (counts[at] as number) + 1;
  }
  const count = (category: number, state: number) => counts[category * kinds + state] ?? 0;
  const all = card.plan.categories.map(({ name }, i) => {
    const [free, held, sold] = [count(i, states.free), count(i, states.held), count(i, states.sold)];
    const seats = free + held + sold + count(i, states.blocked);
    return { category: name, priceCents: card.prices[name] ?? 0, seats, free, held, sold };
  });
  const sum = (field: 'seats' | 'free' | 'held' | 'sold') =>
    all.reduce((total, each) => total + each[field], 0);
  const prices = all.filter(({ free }) => free > 0).map(({ priceCents }) => priceCents);
  return {
    stale: map.stale,
    seats: sum('seats'),
    free: sum('free'),
    held: sum('held'),
    sold: sum('sold'),
    fromCents: prices.length === 0 ? null : Math.min(...prices),
    categories: all.slice(0, categoriesShown),
    moreCategories: Math.max(0, all.length - categoriesShown),
  };
}
