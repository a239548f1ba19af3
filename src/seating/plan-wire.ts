/**
 * The plan as it travels to browsers: one array per column instead of one object per seat, coordinates rounded to
 * 0.1, and nothing that can be worked out again (indexes, labels, each seat's row). Runs in browsers as well.
 */
import type { PlanArea, PlanCategory, PlanRow, PlanSeat, SeatingPlan } from './plan.ts';

export interface PlanWire {
  name: string;
  width: number;
  height: number;
  categories: PlanCategory[];
  zones: string[];
  /** In the order of their seats: each row takes the next `count` seats. */
  rows: { zone: number; label: string; count: number; rowText?: string; seatText?: string }[];
  /** Columns of equal length; the position in them is the seat's index. */
  seats: { guid: string[]; number: string[]; category: number[]; x: number[]; y: number[] };
  areas: PlanArea[];
}

export function planForClients(plan: SeatingPlan): PlanWire {
  const { name, width, height, categories, seats } = plan;
  return {
    name,
    width,
    height,
    categories,
    zones: plan.zones.map((zone) => zone.name),
    rows: plan.rows.map(({ first: _first, ...row }) => row),
    seats: {
      guid: seats.map((seat) => seat.guid),
      number: seats.map((seat) => seat.number),
      category: seats.map((seat) => seat.category),
      x: seats.map((seat) => tenths(seat.x)),
      y: seats.map((seat) => tenths(seat.y)),
    },
    areas: plan.areas.map((area) => ({ ...area, x: tenths(area.x), y: tenths(area.y) })),
  };
}

/**
 * The plan again, but for the rounding.
 * @throws Error when the columns do not fit together: a truncated or foreign message.
 */
export function planFromWire(wire: PlanWire): SeatingPlan {
  const { name, width, height, categories, areas } = wire;
  const columns = wire.seats;
  const rows: PlanRow[] = [];
  const seats: PlanSeat[] = [];
  for (const row of wire.rows) {
    const zoneName = wire.zones[row.zone] ?? misfit();
    const first = seats.length;
    rows.push({ ...row, first });
    for (let index = first; index < first + row.count; index++) {
      const number = columns.number[index] ?? misfit();
      seats.push({
        index,
        guid: columns.guid[index] ?? misfit(),
        label: seatLabel(zoneName, row, number),
        zone: row.zone,
        row: row.label,
        number,
        category: columns.category[index] ?? misfit(),
        x: columns.x[index] ?? misfit(),
        y: columns.y[index] ?? misfit(),
      });
    }
  }
  if (Object.values(columns).some((column) => column.length !== seats.length)) misfit();
  const zones = wire.zones.map((zone) => ({ name: zone }));
  return { name, width, height, categories, zones, rows, seats, areas };
}

/** "Stalls, row 4, seat 12", or in the plan's own words: "Terrace, Table 4, Chair 2". */
export function seatLabel(
  zoneName: string,
  row: { label: string; rowText?: string; seatText?: string },
  number: string,
): string {
  const parts: string[] = [];
  if (zoneName !== '') parts.push(zoneName);
  if (row.rowText !== undefined) parts.push(row.rowText);
  else if (row.label !== '') parts.push(`row ${row.label}`);
  // Only the first %s, and not as a replacement pattern: a label stays shorter than its parts together.
  parts.push(row.seatText === undefined ? `seat ${number}` : row.seatText.replace('%s', () => number));
  return parts.join(', ');
}

/** Adding 0 turns -0, which JSON does not keep, into 0. */
function tenths(value: number): number {
  return Math.round(value * 10) / 10 + 0;
}

function misfit(): never {
  throw new Error('The seating plan is incomplete: its columns do not fit together.');
}
