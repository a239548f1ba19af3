import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  type Box,
  between,
  centerOn,
  fitView,
  keepInSight,
  overlaps,
  pinch,
  type Size,
  toPlan,
  toScreen,
  visibleBox,
  zoomAt,
} from '../../src/pages/viewport.ts';

const limits = { minScale: 0.05, maxScale: 20 };
const size: Size = { width: 1000, height: 600 };
const box: Box = { left: -50, top: 20, right: 1950, bottom: 1020 };
const coordinate = fc.double({ min: -5000, max: 5000, noNaN: true });
const point = fc.record({ x: coordinate, y: coordinate });
const view = fc.record({
  scale: fc.double({ min: 0.05, max: 20, noNaN: true }),
  x: coordinate,
  y: coordinate,
});

describe('where things are on the screen', () => {
  test('to the plan and back is where it was', () => {
    fc.assert(
      fc.property(view, point, (v, at) => {
        const back = toScreen(v, toPlan(v, at));
        expect(back.x).toBeCloseTo(at.x, 6);
        expect(back.y).toBeCloseTo(at.y, 6);
      }),
    );
  });

  test('the visible box is what the corners of the screen show', () => {
    const v = { scale: 2, x: 100, y: -40 };
    expect(visibleBox(v, size)).toEqual({ left: -50, top: 20, right: 450, bottom: 320 });
  });
});

describe('fitting', () => {
  test('everything is inside the insets, and touches them on one axis', () => {
    const v = fitView(box, size, [10, 20, 90, 20]);
    const from = toScreen(v, { x: box.left, y: box.top });
    const to = toScreen(v, { x: box.right, y: box.bottom });
    expect(from.x).toBeCloseTo(20);
    expect(to.x).toBeCloseTo(980);
    expect(from.y).toBeGreaterThanOrEqual(10);
    expect(to.y).toBeLessThanOrEqual(510);
    expect(from.y - 10).toBeCloseTo(510 - to.y);
  });

  test('a plan of one point, or a screen smaller than its insets, still gives a usable view', () => {
    const dot = { left: 5, top: 5, right: 5, bottom: 5 };
    for (const screen of [size, { width: 10, height: 10 }]) {
      const v = fitView(dot, screen, [30, 30, 30, 30]);
      expect(v.scale).toBeGreaterThan(0);
      expect(Number.isFinite(v.x) && Number.isFinite(v.y)).toBe(true);
    }
  });
});

describe('zooming', () => {
  test('what is under the pointer stays under it', () => {
    fc.assert(
      fc.property(view, point, fc.double({ min: 0.2, max: 5, noNaN: true }), (v, at, factor) => {
        const before = toPlan(v, at);
        const after = toPlan(zoomAt(v, factor, at, limits), at);
        expect(after.x).toBeCloseTo(before.x, 4);
        expect(after.y).toBeCloseTo(before.y, 4);
      }),
    );
  });

  test('it stops at the limits', () => {
    const v = { scale: 1, x: 0, y: 0 };
    expect(zoomAt(v, 1e9, { x: 0, y: 0 }, limits).scale).toBe(20);
    expect(zoomAt(v, 1e-9, { x: 0, y: 0 }, limits).scale).toBe(0.05);
  });

  test('fingers that move together pan, fingers that part zoom, and both keep the plan under them', () => {
    const v = { scale: 1, x: 0, y: 0 };
    const before: [{ x: number; y: number }, { x: number; y: number }] = [
      { x: 100, y: 100 },
      { x: 200, y: 100 },
    ];
    const moved = pinch(
      v,
      before,
      [
        { x: 130, y: 150 },
        { x: 230, y: 150 },
      ],
      limits,
    );
    expect(moved).toEqual({ scale: 1, x: 30, y: 50 });
    const parted = pinch(
      v,
      before,
      [
        { x: 50, y: 100 },
        { x: 250, y: 100 },
      ],
      limits,
    );
    expect(parted.scale).toBe(2);
    expect(toScreen(parted, { x: 100, y: 100 }).x).toBeCloseTo(50);
    expect(toScreen(parted, { x: 200, y: 100 }).x).toBeCloseTo(250);
  });
});

describe('staying in sight', () => {
  test('however far it is dragged, some of the plan is on the screen', () => {
    fc.assert(
      fc.property(view, (v) => {
        expect(overlaps(visibleBox(keepInSight(v, box, size), size), box)).toBe(true);
      }),
    );
  });

  test('a plan smaller than the screen stays whole', () => {
    fc.assert(
      fc.property(coordinate, coordinate, (x, y) => {
        const kept = keepInSight({ scale: 0.2, x, y }, box, size);
        const from = toScreen(kept, { x: box.left, y: box.top });
        const to = toScreen(kept, { x: box.right, y: box.bottom });
        expect(from.x).toBeGreaterThanOrEqual(-1e-6);
        expect(from.y).toBeGreaterThanOrEqual(-1e-6);
        expect(to.x).toBeLessThanOrEqual(size.width + 1e-6);
        expect(to.y).toBeLessThanOrEqual(size.height + 1e-6);
      }),
    );
  });

  test('a view that is fine is left alone', () => {
    const v = centerOn({ x: 900, y: 500 }, 3, size);
    expect(keepInSight(v, box, size)).toEqual(v);
  });
});

describe('flying from one view to another', () => {
  test('it starts and ends there', () => {
    fc.assert(
      fc.property(view, view, (from, to) => {
        const start = between(from, to, 0);
        const end = between(from, to, 1);
        expect(start.x).toBeCloseTo(from.x, 3);
        expect(end.scale).toBeCloseTo(to.scale, 6);
        expect(end.x).toBeCloseTo(to.x, 3);
      }),
    );
  });

  test('a zoom keeps its fixed point all the way, a pan goes straight', () => {
    const from = { scale: 1, x: 10, y: 20 };
    const at = { x: 400, y: 300 };
    const to = zoomAt(from, 4, at, limits);
    const fixed = toPlan(from, at);
    for (const t of [0.25, 0.5, 0.75]) {
      expect(toScreen(between(from, to, t), fixed).x).toBeCloseTo(at.x, 6);
    }
    expect(between(from, { scale: 1, x: 110, y: 20 }, 0.5)).toEqual({ scale: 1, x: 60, y: 20 });
  });
});
