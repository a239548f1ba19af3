import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { measurePlan, sizes, zoneLabelBox } from '../../src/pages/plan-geometry.ts';
import { overlaps } from '../../src/pages/viewport.ts';
import { parsePlan } from '../../src/seating/plan.ts';
import { planForClients, planFromWire } from '../../src/seating/plan-wire.ts';

const load = (file: string) =>
  planFromWire(
    planForClients(
      parsePlan(
        JSON.parse(readFileSync(new URL(`../../src/demo/plans/${file}.json`, import.meta.url), 'utf8')),
      ),
    ),
  );

describe.each(['riethsporthalle-erfurt', 'concert-hall', 'studio-theatre'])('the plan %s', (file) => {
  const plan = load(file);
  const geometry = measurePlan(plan);
  const radiusOf = (seat: number) => {
    const row = plan.rows.findIndex(({ first, count }) => seat >= first && seat < first + count);
    return geometry.radius * (sizes[geometry.rowSizes[row] ?? 0] ?? 1);
  };

  test('no seat is drawn over another', () => {
    for (const seat of plan.seats) {
      const near = geometry.grid.nearest(seat, geometry.pitch * 3, seat.index);
      if (near === undefined) continue;
      const other = plan.seats[near] as { x: number; y: number };
      const distance = Math.hypot(other.x - seat.x, other.y - seat.y);
      expect(radiusOf(seat.index) + radiusOf(near), seat.label).toBeLessThanOrEqual(distance);
    }
  });

  test('everything is within the bounds', () => {
    const { left, top, right, bottom } = geometry.bounds;
    for (const { x, y } of [...plan.seats, ...geometry.rowLabels]) {
      expect(x > left && x < right && y > top && y < bottom).toBe(true);
    }
  });

  test('every zone is named once, and names cover neither seats nor each other', () => {
    const names = geometry.zoneLabels.map(({ text }) => text);
    expect(names).toEqual(plan.zones.map(({ name }) => name));
    const boxes = geometry.zoneLabels.map(({ text, at, size }) => zoneLabelBox(text, at, size));
    boxes.forEach((box, index) => {
      expect(geometry.grid.any(box)).toBe(false);
      expect(boxes.some((other, at) => at !== index && overlaps(box, other))).toBe(false);
    });
  });

  test('row labels stand beside their row, not on a seat', () => {
    expect(geometry.rowLabels.length).toBeGreaterThanOrEqual(plan.rows.length);
    for (const label of geometry.rowLabels) {
      expect(geometry.grid.nearest(label, geometry.pitch * 0.7)).toBeUndefined();
    }
  });
});
