import type { PlanRow, SeatingPlan } from './plan.ts';

/** What a line has room for. */
const longest = 200;

/**
 * Seats in as few words as tell where they are: "Stalls · row C, seats 4–5", or in the plan's own words "Terrace · Table 4,
 * Chair 2". Several rows are one after the other: "row C, seats 4–5; row D, seat 4". At most 200 characters; of what has no
 * room it says how many they are.
 */
export function placesText(
  plan: Pick<SeatingPlan, 'zones' | 'rows' | 'seats'>,
  seats: readonly number[],
): string {
  const parts: string[] = [];
  let left = seats.length;
  for (const [row, numbers] of byRow(plan, seats)) {
    const zone = plan.zones[row.zone]?.name ?? '';
    const rowText = row.rowText ?? (row.label === '' ? '' : `row ${row.label}`);
    const those = runs(numbers);
    const seatText =
      row.seatText?.replace('%s', () => those) ?? `${numbers.length === 1 ? 'seat' : 'seats'} ${those}`;
    const part = [zone, [rowText, seatText].filter(Boolean).join(', ')].filter(Boolean).join(' · ');
    const more = left - numbers.length;
    const said = [...parts, part].join('; ');
    const isRoom = said.length + (more > 0 ? `; and ${more} more`.length : 0) <= longest;
    if (!isRoom) return [...parts, parts.length > 0 ? `and ${left} more` : `${left} seats`].join('; ');
    parts.push(part);
    left = more;
  }
  return parts.join('; ');
}

/** The numbers of these seats by their rows, in the order of the plan. */
function byRow(
  { rows, seats }: Pick<SeatingPlan, 'rows' | 'seats'>,
  wanted: readonly number[],
): Map<PlanRow, string[]> {
  const found = new Map<PlanRow, string[]>();
  for (const index of [...wanted].sort((a, b) => a - b)) {
    const [row, seat] = [rowOf(rows, index), seats[index]];
    if (!row || !seat) throw new RangeError(`the plan has no seat ${index}`);
    const numbers = found.get(row);
    if (numbers) numbers.push(seat.number);
    else found.set(row, [seat.number]);
  }
  return found;
}

/** Of some hundred offers at once nobody wants to go through all rows of a hall: half of what is left each time. */
function rowOf(rows: readonly PlanRow[], seat: number): PlanRow | undefined {
  let [low, high] = [0, rows.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    const { first, count } = rows[middle] as PlanRow;
    if (seat < first) high = middle;
    else if (seat >= first + count) low = middle + 1;
    else return rows[middle];
  }
  return undefined;
}

/** ["4", "5", "7"] → "4–5, 7". */
function runs(numbers: readonly string[]): string {
  const isCounted = numbers.every((number) => /^\d{1,9}$/.test(number));
  const inOrder = isCounted ? [...numbers].sort((a, b) => Number(a) - Number(b)) : numbers;
  const found: { from: string; to: string }[] = [];
  for (const number of inOrder) {
    const last = found.at(-1);
    if (isCounted && last && Number(number) === Number(last.to) + 1) last.to = number;
    else found.push({ from: number, to: number });
  }
  return found.map(({ from, to }) => (from === to ? from : `${from}–${to}`)).join(', ');
}
