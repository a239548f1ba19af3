/**
 * Reads a seating plan in pretix's open format (https://github.com/pretix/pretix, seating-plan.schema.json) into the
 * flat form the hub works with: one list of seats, in the file's order, whose indexes are the seats' places in every
 * live map. Fields that the format's editor adds to zones, rows, seats and areas are ignored.
 */
import { type PlanArea, readArea } from './plan-areas.ts';
import {
  color,
  count,
  type Fields,
  fields,
  isAbsent,
  list,
  MAX_EXTENT,
  number,
  optionalPoint,
  optionalText,
  PlanError,
  type Point,
  point,
  shown,
  text,
} from './plan-fields.ts';
import { seatLabel } from './plan-wire.ts';

export type { PlanArea, PlanShape, PlanText } from './plan-areas.ts';
export { PlanError } from './plan-fields.ts';

export interface PlanCategory {
  name: string;
  /** A CSS hex colour. */
  color: string;
}

export interface PlanZone {
  /** Empty when the plan does not name the zone. */
  name: string;
}

/** The seats `first` to `first + count - 1`, which stand beside each other. */
export interface PlanRow {
  zone: number;
  label: string;
  first: number;
  count: number;
  /** The row in words where "row 4" would be wrong, such as "Table 4". */
  rowText?: string;
  /** A seat of it in words, such as "Chair %s", where %s stands for its number. */
  seatText?: string;
}

export interface PlanSeat {
  /** Its place in `SeatingPlan.seats` and in every live map of this plan. */
  index: number;
  guid: string;
  /** For people: "Stalls, row 4, seat 12". */
  label: string;
  zone: number;
  row: string;
  number: string;
  category: number;
  /** Absolute, in plan units. */
  x: number;
  y: number;
}

export interface SeatingPlan {
  name: string;
  width: number;
  height: number;
  categories: PlanCategory[];
  zones: PlanZone[];
  rows: PlanRow[];
  seats: PlanSeat[];
  areas: PlanArea[];
}

/** One byte a seat in Redis, a few in a browser: a stadium fits. */
export const MAX_SEATS = 100_000;
const MAX_ROWS = MAX_SEATS;
const MAX_ZONES = 2000;
const MAX_AREAS = 5000;
const MAX_CATEGORIES = 500;
const TOP_LEVEL = ['name', 'size', 'categories', 'zones'];
/** For categories without a colour of their own: told apart by people who do not see all colours (Okabe and Ito). */
const PALETTE = ['#0072b2', '#e69f00', '#009e73', '#cc79a7', '#56b4e9', '#d55e00', '#f0e442', '#555555'];

interface Reading {
  plan: SeatingPlan;
  categoryIndex: ReadonlyMap<string, number>;
  /** guid → where it was first seen. */
  guidPlace: Map<string, string>;
}

/**
 * @param source a parsed JSON value, not to be trusted
 * @throws PlanError naming the first place that is wrong
 */
export function parsePlan(source: unknown): SeatingPlan {
  const top = fields(source, 'plan');
  for (const key of Object.keys(top)) {
    if (!TOP_LEVEL.includes(key)) {
      throw new PlanError('plan', `unknown field ${shown(key)}; ${TOP_LEVEL.join(', ')} are allowed`);
    }
  }
  const name = text(top, 'name', '');
  const size = fields(top['size'], 'size');
  const categories = readCategories(top);
  const reading: Reading = {
    plan: {
      name,
      width: number(size, 'width', 'size', 1, MAX_EXTENT),
      height: number(size, 'height', 'size', 1, MAX_EXTENT),
      categories,
      zones: [],
      rows: [],
      seats: [],
      areas: [],
    },
    categoryIndex: new Map(categories.map((category, i) => [category.name, i])),
    guidPlace: new Map(),
  };
  list(top, 'zones', '', MAX_ZONES).forEach((zone, i) => {
    readZone(reading, zone, `zones[${i}]`);
  });
  if (reading.plan.seats.length === 0) {
    throw new PlanError('zones', `the plan has no seats; 1 to ${count(MAX_SEATS)} are allowed`);
  }
  return reading.plan;
}

function readCategories(top: Fields): PlanCategory[] {
  const seen = new Map<string, number>();
  return list(top, 'categories', '', MAX_CATEGORIES).map((value, i) => {
    const path = `categories[${i}]`;
    const source = fields(value, path);
    const name = text(source, 'name', path);
    const first = seen.get(name);
    if (first !== undefined) {
      throw new PlanError(`${path}.name`, `${shown(name)} is already the name of categories[${first}]`);
    }
    seen.set(name, i);
    return { name, color: color(source, 'color', path, PALETTE[i % PALETTE.length] ?? '#555555') };
  });
}

function readZone(reading: Reading, value: unknown, path: string): void {
  const source = fields(value, path);
  const { plan } = reading;
  const zone = plan.zones.push({ name: optionalText(source, 'name', path) }) - 1;
  const origin = point(source['position'], `${path}.position`);

  list(source, 'rows', path, MAX_ROWS).forEach((row, i) => {
    readRow(reading, row, `${path}.rows[${i}]`, zone, origin);
  });
  if (isAbsent(source['areas'])) return;
  list(source, 'areas', path, MAX_AREAS - plan.areas.length).forEach((area, i) => {
    plan.areas.push(readArea(area, `${path}.areas[${i}]`, origin));
  });
}

/** A row without seats is left out: there is nothing to book or to draw in it. */
function readRow(reading: Reading, value: unknown, path: string, zone: number, zoneOrigin: Point): void {
  const source = fields(value, path);
  const { plan } = reading;
  const position = optionalPoint(source['position'], `${path}.position`);
  const origin = { x: zoneOrigin.x + position.x, y: zoneOrigin.y + position.y };
  const label = text(source, 'row_number', path, { empty: true });
  const rowText = optionalText(source, 'row_label', path).replace('%s', () => label);
  const seatText = optionalText(source, 'seat_label', path);

  const first = plan.seats.length;
  const seats = list(source, 'seats', path, MAX_SEATS);
  if (first + seats.length > MAX_SEATS) {
    throw new PlanError(`${path}.seats`, `the plan has more than ${count(MAX_SEATS)} seats from here on`);
  }
  if (seats.length === 0) return;
  const row: PlanRow = { zone, label, first, count: seats.length };
  if (rowText !== '') row.rowText = rowText;
  if (seatText !== '') row.seatText = seatText;
  plan.rows.push(row);
  const zoneName = plan.zones[zone]?.name ?? '';
  seats.forEach((seat, i) => {
    plan.seats.push(readSeat(reading, seat, `${path}.seats[${i}]`, zoneName, row, origin));
  });
}

function readSeat(
  reading: Reading,
  value: unknown,
  path: string,
  zoneName: string,
  row: PlanRow,
  origin: Point,
): PlanSeat {
  const source = fields(value, path);
  const guid = text(source, 'seat_guid', path);
  const earlier = reading.guidPlace.get(guid);
  if (earlier !== undefined) {
    throw new PlanError(`${path}.seat_guid`, `${shown(guid)} is already the guid of ${earlier}`);
  }
  reading.guidPlace.set(guid, path);

  const position = point(source['position'], `${path}.position`);
  const categoryName = text(source, 'category', path, { empty: true });
  const category = reading.categoryIndex.get(categoryName);
  if (category === undefined) {
    const known = reading.plan.categories.slice(0, 10).map(({ name }) => shown(name));
    throw new PlanError(
      `${path}.category`,
      `unknown category ${shown(categoryName)}; the plan's categories are ${known.join(', ') || 'none'}`,
    );
  }
  const seatNumber = text(source, 'seat_number', path);
  return {
    index: reading.plan.seats.length,
    guid,
    label: seatLabel(zoneName, row, seatNumber),
    zone: row.zone,
    row: row.label,
    number: seatNumber,
    category,
    x: origin.x + position.x,
    y: origin.y + position.y,
  };
}
