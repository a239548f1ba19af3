/**
 * The arithmetic of zooming and panning: where a point of the plan is on the screen, and back. Pure
 * functions on small values, so that gestures, animation and drawing share one truth.
 */
export interface Point {
  x: number;
  y: number;
}

export interface Size {
  width: number;
  height: number;
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** screen = plan * scale + (x, y); the screen in CSS pixels from the map's top left corner. */
export interface View {
  scale: number;
  x: number;
  y: number;
}

export interface Limits {
  minScale: number;
  maxScale: number;
}

const clamp = (value: number, low: number, high: number) => Math.max(low, Math.min(high, value));

/** All of `box` in the middle of what the insets (pixels, as CSS orders sides) leave free. */
export function fitView(
  box: Box,
  size: Size,
  insets: [top: number, right: number, bottom: number, left: number],
): View {
  const [top, right, bottom, left] = insets;
  const width = Math.max(box.right - box.left, 1);
  const height = Math.max(box.bottom - box.top, 1);
  const free = { width: size.width - left - right, height: size.height - top - bottom };
  const scale = Math.max(Math.min(free.width / width, free.height / height), 1e-4);
  return panBy(centerOn({ x: box.left + width / 2, y: box.top + height / 2 }, scale, free), left, top);
}

/** A point of the plan in the middle of the screen. */
export const centerOn = (point: Point, scale: number, size: Size): View => ({
  scale,
  x: size.width / 2 - point.x * scale,
  y: size.height / 2 - point.y * scale,
});

export const toScreen = (view: View, point: Point): Point => ({
  x: point.x * view.scale + view.x,
  y: point.y * view.scale + view.y,
});

export const toPlan = (view: View, point: Point): Point => ({
  x: (point.x - view.x) / view.scale,
  y: (point.y - view.y) / view.scale,
});

/** The part of the plan that the screen shows. */
export function visibleBox(view: View, size: Size): Box {
  const from = toPlan(view, { x: 0, y: 0 });
  const to = toPlan(view, { x: size.width, y: size.height });
  return { left: from.x, top: from.y, right: to.x, bottom: to.y };
}

/** Zooms so that what is under `at` (screen) stays under it. */
export function zoomAt(view: View, factor: number, at: Point, limits: Limits): View {
  const scale = clamp(view.scale * factor, limits.minScale, limits.maxScale);
  const fixed = toPlan(view, at);
  return { scale, x: at.x - fixed.x * scale, y: at.y - fixed.y * scale };
}

export const panBy = (view: View, dx: number, dy: number): View => ({
  ...view,
  x: view.x + dx,
  y: view.y + dy,
});

/** Two fingers went from `before` to `after`: zooms by their distance, pans by their middle. */
export function pinch(view: View, before: [Point, Point], after: [Point, Point], limits: Limits): View {
  const middle = ([a, b]: [Point, Point]): Point => ({ x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 });
  const distance = ([a, b]: [Point, Point]) => Math.max(Math.hypot(a.x - b.x, a.y - b.y), 1);
  const from = middle(before);
  const to = middle(after);
  const zoomed = zoomAt(view, distance(after) / distance(before), from, limits);
  return panBy(zoomed, to.x - from.x, to.y - from.y);
}

/** Moves a view back so that nobody loses the plan: small plans stay whole, large ones fill most of the screen. */
export function keepInSight(view: View, box: Box, size: Size): View {
  const axis = (offset: number, low: number, high: number, extent: number) => {
    const margin = (high - low) * view.scale <= extent ? 0 : extent * 0.3;
    const one = margin - low * view.scale;
    const other = extent - margin - high * view.scale;
    return clamp(offset, Math.min(one, other), Math.max(one, other));
  };
  return {
    scale: view.scale,
    x: axis(view.x, box.left, box.right, size.width),
    y: axis(view.y, box.top, box.bottom, size.height),
  };
}

/**
 * The view at `t` (0 to 1) of an animated change. The scale grows evenly to the eye (geometrically), and a
 * point that is at the same place before and after stays there all the way.
 */
export function between(from: View, to: View, t: number): View {
  const scale = from.scale * (to.scale / from.scale) ** t;
  const change = to.scale - from.scale;
  const part = Math.abs(change) < from.scale * 1e-6 ? t : (scale - from.scale) / change;
  return { scale, x: from.x + (to.x - from.x) * part, y: from.y + (to.y - from.y) * part };
}

export const overlaps = (a: Box, b: Box): boolean =>
  a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;

export const grow = (box: Box, by: number): Box => ({
  left: box.left - by,
  top: box.top - by,
  right: box.right + by,
  bottom: box.bottom + by,
});

export const emptyBox = (): Box => ({
  left: Number.POSITIVE_INFINITY,
  top: Number.POSITIVE_INFINITY,
  right: Number.NEGATIVE_INFINITY,
  bottom: Number.NEGATIVE_INFINITY,
});

export function include(box: Box, x: number, y: number, radius = 0): void {
  box.left = Math.min(box.left, x - radius);
  box.top = Math.min(box.top, y - radius);
  box.right = Math.max(box.right, x + radius);
  box.bottom = Math.max(box.bottom, y + radius);
}
