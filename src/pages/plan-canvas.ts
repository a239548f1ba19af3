/**
 * The lower layer of the map: areas, names and seats. Drawn whole when the view moves; when seats change,
 * only these are painted over.
 */
import type { PlanSeat } from '../seating/plan.ts';
import type { MapTheme } from './map-theme.ts';
import { PlanBackdrop } from './plan-backdrop.ts';
import { type PlanGeometry, sizes } from './plan-geometry.ts';
import { looks, type SeatBoard } from './seat-board.ts';
import { SeatSprites } from './seat-paint.ts';
import { overlaps, type Size, type View, visibleBox } from './viewport.ts';

export interface Screen {
  view: View;
  /** In CSS pixels. */
  size: Size;
  /** Device pixels in a CSS pixel. */
  ratio: number;
}

/** Numbers are drawn on seats at least this wide (CSS pixels). */
const numberedFrom = 17;
/** From here on it pays to draw tiny seats in the cheapest way. */
const manySeats = 4000;

export class PlanCanvas {
  theme: MapTheme;
  /** Seats of other categories step back while one is looked for. */
  onlyCategory: number | undefined;
  readonly #paint: CanvasRenderingContext2D;
  readonly #board: SeatBoard;
  readonly #geometry: PlanGeometry;
  readonly #backdrop: PlanBackdrop;
  /** One for each step of `sizes`. */
  #sprites: SeatSprites[] = [];

  constructor(canvas: HTMLCanvasElement, board: SeatBoard, geometry: PlanGeometry, theme: MapTheme) {
    const paint = canvas.getContext('2d', { alpha: false });
    if (!paint) throw new Error('This browser has no canvas to draw on.');
    this.#paint = paint;
    this.#board = board;
    this.#geometry = geometry;
    this.#backdrop = new PlanBackdrop(paint, board.plan, geometry);
    this.theme = theme;
  }

  drawAll(screen: Screen): void {
    const { view, size, ratio } = screen;
    const paint = this.#paint;
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.globalAlpha = 1;
    paint.fillStyle = this.theme.surface;
    paint.fillRect(0, 0, size.width * ratio, size.height * ratio);
    this.#backdrop.draw(this.theme, screen);
    this.#ready(screen);
    const shown = visibleBox(view, size);
    this.#board.plan.rows.forEach((row, index) => {
      const box = this.#geometry.rowBoxes[index];
      if (!box || !overlaps(box, shown)) return;
      for (let seat = row.first; seat < row.first + row.count; seat++) this.#seat(seat, screen, false);
    });
    paint.globalAlpha = 1;
  }

  drawSeats(seats: Iterable<number>, screen: Screen): void {
    // A pale seat does not cover the one before.
    if (this.onlyCategory !== undefined) {
      this.drawAll(screen);
      return;
    }
    this.#ready(screen);
    for (const seat of seats) this.#seat(seat, screen, true);
  }

  #ready({ view, ratio }: Screen): void {
    const radius = this.#geometry.radius * view.scale * ratio;
    if (!this.#sprites[0]?.fits(this.theme, radius)) {
      const squaresBelow = this.#board.plan.seats.length > manySeats ? 3 : 1.5;
      this.#sprites = sizes.map(
        (size) => new SeatSprites(this.theme, radius * size, radius * size < squaresBelow),
      );
    }
    const paint = this.#paint;
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.textAlign = 'center';
    paint.textBaseline = 'middle';
  }

  #seat(seat: number, { view, size, ratio }: Screen, covers: boolean): void {
    const at = this.#board.plan.seats[seat] as PlanSeat;
    const step = this.#geometry.rowSizes[this.#board.rowOf[seat] ?? 0] ?? 0;
    const radius = this.#geometry.radius * view.scale * (sizes[step] ?? 1);
    const x = at.x * view.scale + view.x;
    const y = at.y * view.scale + view.y;
    if (x < -radius || y < -radius || x > size.width + radius || y > size.height + radius) return;
    const look = this.#board.looks[seat] ?? looks.unknown;
    const paint = this.#paint;
    if (this.onlyCategory !== undefined) {
      paint.globalAlpha = at.category === this.onlyCategory || look === looks.mine ? 1 : 0.18;
    }
    this.#sprites[step]?.draw(paint, look, at.category, x * ratio, y * ratio, covers);
    if (look !== looks.free || radius * 2 < numberedFrom) return;
    const height = radius * ratio * (at.number.length > 3 ? 0.6 : at.number.length > 2 ? 0.78 : 0.95);
    paint.font = `600 ${height.toFixed(1)}px ${this.theme.font}`;
    paint.fillStyle = this.theme.categories[at.category]?.ink ?? this.theme.text;
    paint.fillText(at.number, x * ratio, y * ratio + height * 0.06);
  }
}
