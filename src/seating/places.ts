import type { SeatingPlan } from './plan.ts';

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
  const left = new Set(seats);
  const parts: string[] = [];
  for (const row of plan.rows) {
    const numbers = plan.seats
      .slice(row.first, row.first + row.count)
      .filter(({ index }) => left.delete(index))
      .map(({ number }) => number);
    if (numbers.length === 0) continue;
    const zone = plan.zones[row.zone]?.name ?? '';
    const rowText = row.rowText ?? (row.label === '' ? '' : `row ${row.label}`);
    const those = runs(numbers);
    const seatText =
      row.seatText?.replace('%s', () => those) ?? `${numbers.length === 1 ? 'seat' : 'seats'} ${those}`;
    const part = [zone, [rowText, seatText].filter(Boolean).join(', ')].filter(Boolean).join(' · ');
    const more = left.size + numbers.length;
    const said = [...parts, part].join('; ');
    const isRoom = said.length + (left.size > 0 ? `; and ${left.size} more`.length : 0) <= longest;
    if (!isRoom) return [...parts, parts.length > 0 ? `and ${more} more` : `${more} seats`].join('; ');
    parts.push(part);
  }
  return parts.join('; ');
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
