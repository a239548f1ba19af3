/**
 * The upper layer of the map: what moves or comes and goes. Pulses on seats that just changed, rings around
 * yours, a turning ring while an answer is awaited, the seat under the pointer. Cheap enough for every frame.
 */
import type { PlanSeat } from '../seating/plan.ts';
import { calm } from './dom.ts';
import type { MapTheme } from './map-theme.ts';
import type { Screen } from './plan-canvas.ts';
import { type PlanGeometry, sizes } from './plan-geometry.ts';
import { looks, type SeatBoard } from './seat-board.ts';
import { drawZoneNames } from './zone-names.ts';

const pulseMs = 900;
/** A rush changes more seats than an eye can follow. */
const maxPulses = 500;

export class PlanOverlay {
  theme: MapTheme;
  hovered: number | undefined;
  /** The seat that has the keyboard's attention in the list. */
  focused: number | undefined;
  readonly #paint: CanvasRenderingContext2D;
  readonly #board: SeatBoard;
  readonly #geometry: PlanGeometry;
  readonly #pulses = new Map<number, number>();

  constructor(canvas: HTMLCanvasElement, board: SeatBoard, geometry: PlanGeometry, theme: MapTheme) {
    const paint = canvas.getContext('2d');
    if (!paint) throw new Error('This browser has no canvas to draw on.');
    this.#paint = paint;
    this.#board = board;
    this.#geometry = geometry;
    this.theme = theme;
  }

  pulse(seats: Iterable<number>, now: number): void {
    if (calm()) return;
    for (const seat of seats) {
      this.#pulses.delete(seat);
      this.#pulses.set(seat, now);
    }
    for (const seat of this.#pulses.keys()) {
      if (this.#pulses.size <= maxPulses) break;
      this.#pulses.delete(seat);
    }
  }

  /** @returns whether another frame is needed for something that moves */
  draw(screen: Screen, now: number): boolean {
    const { size, ratio } = screen;
    const paint = this.#paint;
    paint.setTransform(1, 0, 0, 1, 0, 0);
    paint.clearRect(0, 0, size.width * ratio, size.height * ratio);
    drawZoneNames(paint, this.theme, this.#geometry, screen, true);
    paint.setTransform(ratio, 0, 0, ratio, 0, 0);
    this.#drawPulses(screen, now);
    for (const seat of this.#board.mine) {
      const radius = this.#radius(screen, seat);
      this.#ring(screen, seat, Math.max(1.5, radius * 0.15), Math.max(2, radius * 0.13), this.theme.accent);
    }
    for (const seat of this.#board.offered) {
      this.#ring(screen, seat, Math.max(1.5, this.#radius(screen, seat) * 0.15), 2, this.theme.accent);
    }
    let waiting = false;
    for (const [seat, pending] of this.#board.pending) {
      if (pending !== 'taking') continue;
      waiting = true;
      this.#turning(screen, seat, now);
    }
    if (this.focused !== undefined) this.#ring(screen, this.focused, 5, 2.5, this.theme.text);
    if (this.hovered !== undefined) this.#ring(screen, this.hovered, 2, 2, this.theme.text);
    return this.#pulses.size > 0 || (waiting && !calm());
  }

  #drawPulses(screen: Screen, now: number): void {
    const paint = this.#paint;
    for (const [seat, since] of this.#pulses) {
      // The time of a frame is when it was due: on a busy machine that lies before what is pulsing.
      const t = Math.max(0, (now - since) / pulseMs);
      if (t >= 1) {
        this.#pulses.delete(seat);
        continue;
      }
      const out = 1 - (1 - t) ** 3;
      const reach = Math.max(this.#radius(screen, seat) * 0.9, 6);
      paint.globalAlpha = (1 - t) * 0.9;
      this.#ring(screen, seat, 1 + out * reach, 2 * (1 - t) + 0.5, this.#tint(seat));
    }
    paint.globalAlpha = 1;
  }

  #tint(seat: number): string {
    const look = this.#board.looks[seat];
    const category = this.#board.plan.seats[seat]?.category ?? 0;
    if (look === looks.free) return this.theme.categories[category]?.color ?? this.theme.text;
    if (look === looks.held) return this.theme.held;
    return look === looks.sold || look === looks.blocked ? this.theme.muted : this.theme.accent;
  }

  #turning(screen: Screen, seat: number, now: number): void {
    const paint = this.#paint;
    const start = calm() ? 0 : (now / 160) % (Math.PI * 2);
    const [x, y] = this.#at(screen, seat);
    const radius = this.#radius(screen, seat);
    paint.strokeStyle = this.theme.accent;
    paint.lineWidth = Math.max(2, radius * 0.2);
    paint.lineCap = 'round';
    for (const half of [0, Math.PI]) {
      paint.beginPath();
      paint.arc(x, y, radius + Math.max(2, radius * 0.24), start + half, start + half + Math.PI * 0.6);
      paint.stroke();
    }
  }

  /** @param outside how far around the seat, in CSS pixels */
  #ring(screen: Screen, seat: number, outside: number, width: number, color: string): void {
    const [x, y] = this.#at(screen, seat);
    const radius = this.#radius(screen, seat) + outside;
    const { width: right, height: bottom } = screen.size;
    if (x < -radius || y < -radius || x > right + radius || y > bottom + radius) return;
    const paint = this.#paint;
    paint.strokeStyle = color;
    paint.lineWidth = width;
    paint.beginPath();
    paint.arc(x, y, radius, 0, Math.PI * 2);
    paint.stroke();
  }

  #radius({ view }: Screen, seat: number): number {
    const step = this.#geometry.rowSizes[this.#board.rowOf[seat] ?? 0] ?? 0;
    return this.#geometry.radius * view.scale * (sizes[step] ?? 1);
  }

  #at({ view }: Screen, seat: number): [number, number] {
    const { x, y } = this.#board.plan.seats[seat] as PlanSeat;
    return [x * view.scale + view.x, y * view.scale + view.y];
  }
}
