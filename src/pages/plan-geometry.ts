/** What drawing needs to know about a plan and only has to work out once: seat size, extents, places for names. */
import type { PlanArea, PlanRow, SeatingPlan } from '../seating/plan.ts';
import { SeatGrid } from './hit-test.ts';
import { type Box, emptyBox, grow, include, overlaps, type Point } from './viewport.ts';

export interface RowLabel extends Point {
  text: string;
}

export interface ZoneLabel {
  text: string;
  /** Middle of the text. */
  at: Point;
  /** Height of a capital in plan units that was found to have room. */
  size: number;
  /** There was no room beside the seats. */
  over: boolean;
}

export interface PlanGeometry {
  grid: SeatGrid;
  /** Usual distance between neighbours, in plan units. */
  pitch: number;
  /** Of a seat in a row of the usual size. */
  radius: number;
  /** For each row, the step of `sizes` its seats are drawn in. */
  rowSizes: Uint8Array;
  /** Everything that is drawn. */
  bounds: Box;
  rowBoxes: Box[];
  rowLabels: RowLabel[];
  zoneLabels: ZoneLabel[];
}

export function measurePlan(plan: SeatingPlan): PlanGeometry {
  const distances = nearestDistances(plan);
  const pitch = usualPitch(distances);
  const grid = new SeatGrid(plan.seats, pitch);
  const radius = pitch * 0.42;
  const rowBoxes = plan.rows.map((row) => boxOf(plan, row.first, row.count, radius));
  const bounds = emptyBox();
  for (const box of [...rowBoxes, ...plan.areas.map(areaBox)]) join(bounds, box);
  const rowLabels = plan.rows.flatMap((_row, index) => labelsOfRow(plan, index, grid, pitch));
  const zoneLabels = labelZones(plan, rowBoxes, grid, pitch);
  for (const { x, y } of rowLabels) include(bounds, x, y, radius);
  for (const label of zoneLabels) join(bounds, zoneLabelBox(label.text, label.at, label.size));
  const rowSizes = sizesOfRows(plan, distances, pitch);
  return { grid, pitch, radius, rowSizes, bounds, rowBoxes, rowLabels, zoneLabels };
}

/**
 * Rows whose seats stand closer than usual get smaller seats, in a few steps: each step is a sheet of sprites.
 */
export const sizes = [1, 0.86, 0.74, 0.62] as const;

function nearestDistances(plan: SeatingPlan): Float64Array {
  const coarse = new SeatGrid(plan.seats, 30);
  return Float64Array.from(plan.seats, (at, seat) => {
    for (let reach = 30; reach < 1e5; reach *= 4) {
      const near = coarse.nearest(at, reach, seat);
      const other = near === undefined ? undefined : plan.seats[near];
      if (other) return Math.hypot(other.x - at.x, other.y - at.y);
    }
    return 24;
  });
}

function usualPitch(distances: Float64Array): number {
  const sorted = distances.slice().sort();
  return Math.max(sorted[Math.floor(sorted.length * 0.3)] ?? 24, 1);
}

/** The step of `sizes` at which the closest two seats of each row just do not touch. */
function sizesOfRows(plan: SeatingPlan, distances: Float64Array, pitch: number): Uint8Array {
  return Uint8Array.from(plan.rows, (row) => {
    const closest = distances
      .subarray(row.first, row.first + row.count)
      .reduce((a, b) => Math.min(a, b), pitch);
    const step = sizes.findIndex((size) => size * pitch * 0.9 <= closest);
    return step < 0 ? sizes.length - 1 : step;
  });
}

function boxOf(plan: SeatingPlan, first: number, count: number, radius: number): Box {
  const box = emptyBox();
  for (let seat = first; seat < first + count; seat++) {
    const { x, y } = plan.seats[seat] as Point;
    include(box, x, y, radius);
  }
  return box;
}

function join(box: Box, other: Box): void {
  include(box, other.left, other.top);
  include(box, other.right, other.bottom);
}

/** Around the shape however it is turned: a little too large is fine. */
export function areaBox(area: PlanArea): Box {
  const { shape } = area;
  const box = emptyBox();
  const turned = (x: number, y: number) => {
    const angle = (area.rotation * Math.PI) / 180;
    const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
    include(box, area.x + x * cos - y * sin, area.y + x * sin + y * cos);
  };
  const corners = (left: number, top: number, right: number, bottom: number) => {
    for (const x of [left, right]) for (const y of [top, bottom]) turned(x, y);
  };
  if (shape.kind === 'rectangle') corners(0, 0, shape.width, shape.height);
  else if (shape.kind === 'circle') corners(-shape.radius, -shape.radius, shape.radius, shape.radius);
  else if (shape.kind === 'ellipse') corners(-shape.radiusX, -shape.radiusY, shape.radiusX, shape.radiusY);
  else if (shape.kind === 'polygon') for (const { x, y } of shape.points) turned(x, y);
  if (area.text) {
    const { text, x, y, size } = area.text;
    if (shape.kind === 'text')
      corners(x - text.length * size * 0.3, y - size / 2, x + text.length * size * 0.3, y + size / 2);
  }
  if (box.left > box.right) turned(0, 0);
  return box;
}

/** At both ends, one seat further, unless another seat stands there. */
function labelsOfRow(plan: SeatingPlan, index: number, grid: SeatGrid, pitch: number): RowLabel[] {
  const row = plan.rows[index];
  if (!row || row.label === '') return [];
  const last = row.first + row.count - 1;
  const ends: [number, number][] = [
    [row.first, Math.min(row.first + 1, last)],
    [last, Math.max(last - 1, row.first)],
  ];
  return ends.flatMap(([end, inner], side) => {
    const at = plan.seats[end] as Point;
    const next = plan.seats[inner] as Point;
    const length = Math.hypot(at.x - next.x, at.y - next.y);
    const unit =
      length === 0
        ? { x: side === 0 ? -1 : 1, y: 0 }
        : { x: (at.x - next.x) / length, y: (at.y - next.y) / length };
    const place = { x: at.x + unit.x * pitch * 1.15, y: at.y + unit.y * pitch * 1.15 };
    return grid.nearest(place, pitch * 0.75) === undefined ? [{ ...place, text: row.label }] : [];
  });
}

export function zoneLabelBox(text: string, at: Point, size: number): Box {
  const half = { x: text.length * size * 0.36, y: size * 0.7 };
  return { left: at.x - half.x, top: at.y - half.y, right: at.x + half.x, bottom: at.y + half.y };
}

/**
 * Above the zone, else below, beside its middle row, left or right of it, or smaller: where no seat, area or
 * other name is. Where nothing is free, as in an arena, the name goes over the seats.
 */
function labelZones(plan: SeatingPlan, rowBoxes: Box[], grid: SeatGrid, pitch: number): ZoneLabel[] {
  const taken = plan.areas.map(areaBox);
  const all = emptyBox();
  for (const box of rowBoxes) join(all, box);
  // About 12 pixels when the whole plan fits the screen.
  const readable = (all.right - all.left) / 75;
  return plan.zones.flatMap((zone, index): ZoneLabel[] => {
    const rows = plan.rows.flatMap((row, at) =>
      row.zone === index ? [{ row, box: rowBoxes[at] as Box }] : [],
    );
    if (zone.name === '' || rows.length === 0) return [];
    const box = emptyBox();
    for (const row of rows) join(box, row.box);
    const middleRow = (rows[Math.floor(rows.length / 2)] as (typeof rows)[number]).row;
    for (const size of [Math.max(pitch * 1.3, readable), pitch * 1.3, pitch * 0.9]) {
      const at = placesFor(zone.name, size, box, middleRow, plan, pitch).find((place) => {
        const needed = zoneLabelBox(zone.name, place, size);
        return !taken.some((other) => overlaps(needed, other)) && !grid.any(grow(needed, pitch * 0.4));
      });
      if (!at) continue;
      taken.push(zoneLabelBox(zone.name, at, size));
      return [{ text: zone.name, at, size, over: false }];
    }
    const heart = plan.seats[middleRow.first + Math.floor(middleRow.count / 2)] as Point;
    return [{ text: zone.name, at: { x: heart.x, y: heart.y }, size: pitch * 1.3, over: true }];
  });
}

function placesFor(
  name: string,
  size: number,
  box: Box,
  row: PlanRow,
  plan: SeatingPlan,
  pitch: number,
): Point[] {
  const middle = { x: (box.left + box.right) / 2, y: (box.top + box.bottom) / 2 };
  const gap = size * 1.1 + pitch * 0.3;
  // Row labels stand between the seats and the name.
  const side = name.length * size * 0.36 + pitch * 2;
  const ends = [plan.seats[row.first] as Point, plan.seats[row.first + row.count - 1] as Point];
  const [left, right] = ends.sort((a, b) => a.x - b.x) as [Point, Point];
  return [
    { x: middle.x, y: box.top - gap },
    { x: middle.x, y: box.bottom + gap },
    { x: left.x - side, y: left.y },
    { x: right.x + side, y: right.y },
    { x: box.left - side, y: middle.y },
    { x: box.right + side, y: middle.y },
    { x: box.left + side, y: box.top - gap },
    { x: box.left + side, y: box.bottom + gap },
  ];
}
