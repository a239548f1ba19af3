/**
 * One seat, drawn. Each look has its own shape or pattern, so that nobody has to tell them apart by colour:
 * free is full, held is hatched, sold is a small dot, blocked is an empty ring with a bar, held for you
 * carries a tick, offered to you is a disc in a ring, booked by you is a square with a tick.
 */
import { mix } from './color.ts';
import type { MapTheme } from './map-theme.ts';
import { looks } from './seat-board.ts';

type Paint = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

/** @param radius in the context's pixels; below about 4 there is no room for patterns */
export function paintSeat(
  paint: Paint,
  theme: MapTheme,
  look: number,
  category: number,
  x: number,
  y: number,
  radius: number,
): void {
  // Whatever was here before is covered, so that a changed seat can be painted over the old one.
  disc(paint, x, y, radius + 0.75, theme.surface);
  if (look === looks.free) disc(paint, x, y, radius, theme.categories[category]?.color ?? theme.muted);
  else if (look === looks.held) held(paint, theme, x, y, radius);
  else if (look === looks.sold) disc(paint, x, y, radius * 0.58, theme.sold);
  else if (look === looks.blocked) blocked(paint, theme, x, y, radius);
  else if (look === looks.mine) {
    disc(paint, x, y, radius, theme.mine);
    tick(paint, x, y, radius, theme.mineInk);
  } else if (look === looks.booked) booked(paint, theme, x, y, radius);
  else if (look === looks.offered) offered(paint, theme, x, y, radius);
  else ring(paint, x, y, radius * 0.8, Math.max(1, radius * 0.12), theme.line);
}

function disc(paint: Paint, x: number, y: number, radius: number, color: string): void {
  paint.fillStyle = color;
  paint.beginPath();
  paint.arc(x, y, radius, 0, Math.PI * 2);
  paint.fill();
}

function ring(paint: Paint, x: number, y: number, radius: number, width: number, color: string): void {
  paint.strokeStyle = color;
  paint.lineWidth = width;
  paint.beginPath();
  paint.arc(x, y, Math.max(radius, 0.5), 0, Math.PI * 2);
  paint.stroke();
}

function held(paint: Paint, theme: MapTheme, x: number, y: number, radius: number): void {
  const width = Math.max(1, radius * 0.17);
  if (radius < 4) {
    ring(paint, x, y, radius - width / 2, width, theme.held);
    return;
  }
  disc(paint, x, y, radius, mix(theme.surface, theme.held, 0.28));
  paint.save();
  paint.beginPath();
  paint.arc(x, y, radius, 0, Math.PI * 2);
  paint.clip();
  paint.strokeStyle = theme.held;
  paint.lineWidth = width;
  paint.beginPath();
  for (let at = -2; at <= 2; at++) {
    const shift = at * radius * 0.56;
    paint.moveTo(x - radius + shift, y + radius);
    paint.lineTo(x + radius + shift, y - radius);
  }
  paint.stroke();
  paint.restore();
  ring(paint, x, y, radius - width / 2, width, theme.held);
}

function blocked(paint: Paint, theme: MapTheme, x: number, y: number, radius: number): void {
  const width = Math.max(1, radius * 0.14);
  ring(paint, x, y, radius * 0.6, width, theme.sold);
  if (radius < 5) return;
  paint.beginPath();
  paint.moveTo(x - radius * 0.42, y + radius * 0.42);
  paint.lineTo(x + radius * 0.42, y - radius * 0.42);
  paint.stroke();
}

function booked(paint: Paint, theme: MapTheme, x: number, y: number, radius: number): void {
  const half = radius * 0.86;
  paint.fillStyle = theme.accent;
  paint.beginPath();
  paint.roundRect(x - half, y - half, half * 2, half * 2, radius * 0.3);
  paint.fill();
  tick(paint, x, y, radius, theme.surface);
}

function offered(paint: Paint, theme: MapTheme, x: number, y: number, radius: number): void {
  const width = Math.max(1, radius * 0.2);
  ring(paint, x, y, radius - width / 2, width, theme.accent);
  disc(paint, x, y, radius * 0.5, theme.accent);
}

function tick(paint: Paint, x: number, y: number, radius: number, color: string): void {
  if (radius < 4) return;
  paint.strokeStyle = color;
  paint.lineWidth = Math.max(1.25, radius * 0.22);
  paint.lineCap = 'round';
  paint.lineJoin = 'round';
  paint.beginPath();
  paint.moveTo(x - radius * 0.42, y + radius * 0.04);
  paint.lineTo(x - radius * 0.1, y + radius * 0.36);
  paint.lineTo(x + radius * 0.44, y - radius * 0.3);
  paint.stroke();
  paint.lineCap = 'butt';
}

/** Every look of every category, painted once for one size and then only copied: 20,000 seats in a few ms. */
export class SeatSprites {
  readonly #theme: MapTheme;
  readonly #kinds: number;
  readonly #radius: number;
  readonly #side: number;
  readonly #sheet: OffscreenCanvas | undefined;
  /** Colour and side of the square of each cell, for tiny seats. */
  readonly #squares: { color: string; side: number }[];

  /**
   * @param radius of a seat in device pixels
   * @param asSquares for seats so small that a disc is a blur anyway: squares cost a sixth
   */
  constructor(theme: MapTheme, radius: number, asSquares: boolean) {
    this.#theme = theme;
    this.#radius = radius;
    this.#kinds = theme.categories.length;
    this.#side = Math.ceil(radius * 2) + 4;
    const square = (color: string, part: number) => ({ color, side: Math.max(1, radius * 2 * part) });
    this.#squares = [
      ...theme.categories.map(({ color }) => square(color, 0.9)),
      square(theme.held, 0.9),
      square(theme.sold, 0.5),
      square(theme.sold, 0.35),
      square(theme.mine, 1),
      square(theme.accent, 1),
      square(theme.line, 0.6),
      square(theme.accent, 1),
    ];
    this.#sheet = asSquares ? undefined : this.#paintSheet();
  }

  fits(theme: MapTheme, radius: number): boolean {
    return this.#theme === theme && Math.abs(this.#radius - radius) < 0.01;
  }

  /** Centred on a device pixel position; `covers` what was there before. */
  draw(
    paint: CanvasRenderingContext2D,
    look: number,
    category: number,
    x: number,
    y: number,
    covers: boolean,
  ): void {
    const cell = look === looks.free ? category : this.#kinds + look - 1;
    if (!this.#sheet) {
      if (covers) fillSquare(paint, this.#theme.surface, x, y, this.#radius * 2 + 0.5);
      const square = this.#squares[cell];
      if (square) fillSquare(paint, square.color, x, y, square.side);
      if (look === looks.held) fillSquare(paint, this.#theme.surface, x, y, this.#radius * 0.7);
      return;
    }
    const side = this.#side;
    // Whole pixels keep patterns sharp; small seats would look uneven that way.
    const snap = this.#radius >= 6;
    const left = snap ? Math.round(x - side / 2) : x - side / 2;
    const top = snap ? Math.round(y - side / 2) : y - side / 2;
    paint.drawImage(this.#sheet, cell * side, 0, side, side, left, top, side, side);
  }

  #paintSheet(): OffscreenCanvas {
    const cells = this.#squares.length;
    const sheet = new OffscreenCanvas(this.#side * cells, this.#side);
    const paint = sheet.getContext('2d');
    if (!paint) throw new Error('This browser has no canvas to draw on.');
    const middle = this.#side / 2;
    for (let cell = 0; cell < cells; cell++) {
      const look = cell < this.#kinds ? looks.free : cell - this.#kinds + 1;
      paintSeat(paint, this.#theme, look, cell, cell * this.#side + middle, middle, this.#radius);
    }
    return sheet;
  }
}

function fillSquare(
  paint: CanvasRenderingContext2D,
  color: string,
  x: number,
  y: number,
  side: number,
): void {
  paint.fillStyle = color;
  paint.fillRect(x - side / 2, y - side / 2, side, side);
}
