/** What is behind the seats: stage, court and other areas, the names of zones, the labels of rows. */
import type { PlanArea, SeatingPlan } from '../seating/plan.ts';
import { mix } from './color.ts';
import type { MapTheme } from './map-theme.ts';
import type { Screen } from './plan-canvas.ts';
import type { PlanGeometry } from './plan-geometry.ts';
import type { Point } from './viewport.ts';
import { drawZoneNames } from './zone-names.ts';

/** Row labels are shown once a row is this high (CSS pixels). */
const rowLabelsFrom = 12;

export class PlanBackdrop {
  readonly #paint: CanvasRenderingContext2D;
  readonly #plan: SeatingPlan;
  readonly #geometry: PlanGeometry;

  constructor(paint: CanvasRenderingContext2D, plan: SeatingPlan, geometry: PlanGeometry) {
    this.#paint = paint;
    this.#plan = plan;
    this.#geometry = geometry;
  }

  draw(theme: MapTheme, screen: Screen): void {
    const { view, ratio } = screen;
    const paint = this.#paint;
    const scale = view.scale * ratio;
    for (const area of this.#plan.areas) {
      paint.setTransform(
        1,
        0,
        0,
        1,
        (area.x * view.scale + view.x) * ratio,
        (area.y * view.scale + view.y) * ratio,
      );
      paint.rotate((area.rotation * Math.PI) / 180);
      this.#area(theme, area, scale, ratio);
    }
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.textAlign = 'center';
    paint.textBaseline = 'middle';
    const at = (point: Point): [number, number] => [
      (point.x * view.scale + view.x) * ratio,
      (point.y * view.scale + view.y) * ratio,
    ];
    if (this.#geometry.pitch * view.scale >= rowLabelsFrom) {
      const height = Math.min(this.#geometry.pitch * view.scale * 0.5, 13) * ratio;
      paint.font = `500 ${height}px ${theme.font}`;
      paint.fillStyle = theme.muted;
      for (const label of this.#geometry.rowLabels) paint.fillText(label.text, ...at(label));
    }
    drawZoneNames(paint, theme, this.#geometry, screen, false);
  }

  #area(theme: MapTheme, area: PlanArea, scale: number, ratio: number): void {
    const paint = this.#paint;
    const { shape } = area;
    paint.beginPath();
    if (shape.kind === 'rectangle') {
      const corner = Math.min(6 * ratio, (Math.min(shape.width, shape.height) * scale) / 2);
      paint.roundRect(0, 0, shape.width * scale, shape.height * scale, corner);
    } else if (shape.kind === 'circle') paint.arc(0, 0, shape.radius * scale, 0, Math.PI * 2);
    else if (shape.kind === 'ellipse') {
      paint.ellipse(0, 0, shape.radiusX * scale, shape.radiusY * scale, 0, 0, Math.PI * 2);
    } else if (shape.kind === 'polygon') {
      for (const { x, y } of shape.points) paint.lineTo(x * scale, y * scale);
      paint.closePath();
    }
    if (shape.kind !== 'text') {
      // Quiet tints of the plan's colours: the seats are what people look for.
      paint.fillStyle = mix(mix(theme.surface, theme.text, 0.06), area.color, 0.09);
      paint.strokeStyle = mix(theme.surface, theme.text, 0.22);
      paint.lineWidth = ratio;
      paint.fill();
      paint.stroke();
    }
    if (!area.text) return;
    const height = this.#textSize(area) * scale;
    if (height < 6 * ratio) return;
    paint.textAlign = 'center';
    paint.textBaseline = 'middle';
    paint.font = `600 ${height}px ${theme.font}`;
    paint.fillStyle = mix(theme.surface, theme.text, 0.72);
    paint.letterSpacing = `${height * 0.08}px`;
    paint.fillText(area.text.text, area.text.x * scale, area.text.y * scale);
    paint.letterSpacing = '0px';
  }

  /** As the plan says, but large enough to be read where the shape has room. */
  #textSize({ text, shape }: PlanArea): number {
    if (!text) return 0;
    const room =
      shape.kind === 'rectangle'
        ? { width: shape.width, height: shape.height }
        : shape.kind === 'circle'
          ? { width: shape.radius * 1.4, height: shape.radius * 1.4 }
          : shape.kind === 'ellipse'
            ? { width: shape.radiusX * 1.4, height: shape.radiusY * 1.4 }
            : { width: 0, height: 0 };
    const fits = Math.min(
      room.height * 0.4,
      room.width / (text.text.length * 0.85),
      this.#geometry.pitch * 2.2,
    );
    return Math.max(text.size, fits);
  }
}
