/** The names of zones on the map: beside the seats where there is room, else over them while they are small. */
import type { MapTheme } from './map-theme.ts';
import type { Screen } from './plan-canvas.ts';
import type { PlanGeometry } from './plan-geometry.ts';

const readableFrom = 6;
/** Nearer than this (radius of a seat in CSS pixels) people choose seats, and nothing may cover them. */
const coversUntil = 5;

/** @param over the names over seats, or those beside them */
export function drawZoneNames(
  paint: CanvasRenderingContext2D,
  theme: MapTheme,
  geometry: PlanGeometry,
  { view, ratio }: Screen,
  over: boolean,
): void {
  if (over && geometry.radius * view.scale > coversUntil) return;
  paint.setTransform(1, 0, 0, 1, 0, 0);
  paint.textAlign = 'center';
  paint.textBaseline = 'middle';
  for (const label of geometry.zoneLabels) {
    if (label.over !== over || (!over && label.size * view.scale < readableFrom)) continue;
    const height = Math.min(Math.max(label.size * view.scale, 11), 24) * ratio;
    const x = (label.at.x * view.scale + view.x) * ratio;
    const y = (label.at.y * view.scale + view.y) * ratio;
    paint.font = `600 ${height}px ${theme.font}`;
    if (over) {
      const half = paint.measureText(label.text).width / 2 + height * 0.5;
      paint.fillStyle = theme.surface;
      paint.globalAlpha = 0.86;
      paint.beginPath();
      paint.roundRect(x - half, y - height * 0.8, half * 2, height * 1.6, height * 0.8);
      paint.fill();
      paint.globalAlpha = 1;
    }
    paint.fillStyle = theme.text;
    paint.fillText(label.text, x, y);
  }
}
