/** The seat map on the page: two canvases, one viewport, and a frame only when something is different. */
import { Emitter } from '../client/emitter.ts';
import type { PlanSeat } from '../seating/plan.ts';
import { calm } from './dom.ts';
import { listenForGestures } from './gestures.ts';
import { onThemeChange, readTheme } from './map-theme.ts';
import { PlanCanvas, type Screen } from './plan-canvas.ts';
import { measurePlan, type PlanGeometry } from './plan-geometry.ts';
import { PlanOverlay } from './plan-overlay.ts';
import type { SeatBoard } from './seat-board.ts';
import {
  between,
  centerOn,
  fitView,
  keepInSight,
  type Limits,
  type Point,
  panBy,
  pinch,
  type Size,
  toPlan,
  toScreen,
  type View,
  zoomAt,
} from './viewport.ts';

interface MapEvents {
  pick: number;
  hover: { seat: number; at: Point; radius: number } | undefined;
}

const flightMs = 260;
/** A finger cannot choose among seats smaller than this (CSS pixels across): a tap zooms in first. */
const tappableFrom = 15;

export class MapView extends Emitter<MapEvents> {
  readonly geometry: PlanGeometry;
  readonly #host: HTMLElement;
  readonly #board: SeatBoard;
  readonly #canvases: HTMLCanvasElement[];
  readonly #base: PlanCanvas;
  readonly #overlay: PlanOverlay;
  #screen: Screen = { view: { scale: 1, x: 0, y: 0 }, size: { width: 0, height: 0 }, ratio: 1 };
  #limits: Limits = { minScale: 0.1, maxScale: 4 };
  #fitted = true;
  #flight: { from: View; to: View; since: number } | undefined;
  #dirty: Set<number> | 'all' = 'all';
  #frame = 0;

  constructor(host: HTMLElement, base: HTMLCanvasElement, overlay: HTMLCanvasElement, board: SeatBoard) {
    super();
    this.#host = host;
    this.#board = board;
    this.#canvases = [base, overlay];
    this.geometry = measurePlan(board.plan);
    const theme = readTheme(board.plan.categories);
    this.#base = new PlanCanvas(base, board, this.geometry, theme);
    this.#overlay = new PlanOverlay(overlay, board, this.geometry, theme);
    board.on('changed', (seats) => this.#changed(seats));
    onThemeChange(() => {
      this.#base.theme = this.#overlay.theme = readTheme(board.plan.categories);
      this.#redraw('all');
    });
    listenForGestures(host, {
      pan: (dx, dy) => this.#move(panBy(this.#screen.view, dx, dy)),
      zoom: (factor, at) => this.#move(zoomAt(this.#screen.view, factor, at, this.#limits)),
      pinch: (before, after) => this.#move(pinch(this.#screen.view, before, after, this.#limits)),
      point: (at) => this.#point(at),
      pick: (at, kind) => this.#pick(at, kind),
    });
    new ResizeObserver(() => this.#resize()).observe(host);
    this.#resize();
  }

  get theme() {
    return this.#base.theme;
  }

  fit(): void {
    this.#fitted = true;
    this.#fly(this.#fitting());
  }

  zoomBy(factor: number): void {
    const { view, size } = this.#screen;
    const from = this.#flight?.to ?? view;
    this.#fly(zoomAt(from, factor, { x: size.width / 2, y: size.height / 2 }, this.#limits));
    this.#fitted = false;
  }

  /** Shows where a seat is; zooms in when it would be a speck. */
  reveal(seat: number): void {
    const { view, size } = this.#screen;
    const at = this.#board.plan.seats[seat] as PlanSeat;
    const scale = Math.max(view.scale, Math.min(this.#limits.maxScale, 13 / this.geometry.radius));
    const screen = toScreen(view, at);
    const inside =
      screen.x > 40 && screen.y > 40 && screen.x < size.width - 40 && screen.y < size.height - 40;
    if (inside && scale === view.scale) return;
    this.#fitted = false;
    this.#fly(keepInSight(centerOn(at, scale, size), this.geometry.bounds, size));
  }

  focusSeat(seat: number | undefined): void {
    this.#overlay.focused = seat;
    if (seat !== undefined) this.reveal(seat);
    this.#redraw([]);
  }

  pulse(seats: Iterable<number>): void {
    this.#overlay.pulse(seats, performance.now());
    this.#redraw([]);
  }

  showOnly(category: number | undefined): void {
    this.#base.onlyCategory = category;
    this.#redraw('all');
  }

  #changed(seats: number[] | 'all'): void {
    if (seats !== 'all' && !document.hidden) this.#overlay.pulse(seats, performance.now());
    this.#redraw(seats);
  }

  #redraw(seats: Iterable<number> | 'all'): void {
    if (seats === 'all') this.#dirty = 'all';
    else if (this.#dirty !== 'all') for (const seat of seats) this.#dirty.add(seat);
    this.#frame ||= requestAnimationFrame((now) => this.#draw(now));
  }

  #draw(now: number): void {
    this.#frame = 0;
    if (this.#flight) {
      const t = Math.min(1, Math.max(0, (now - this.#flight.since) / flightMs));
      this.#screen.view = between(this.#flight.from, this.#flight.to, 1 - (1 - t) ** 3);
      if (t === 1) this.#flight = undefined;
      this.#dirty = 'all';
    }
    if (this.#dirty === 'all') this.#base.drawAll(this.#screen);
    else if (this.#dirty.size > 0) this.#base.drawSeats(this.#dirty, this.#screen);
    this.#dirty = new Set();
    if (this.#overlay.draw(this.#screen, now) || this.#flight) this.#redraw([]);
  }

  #move(view: View): void {
    this.#flight = undefined;
    this.#fitted = false;
    this.#screen.view = keepInSight(view, this.geometry.bounds, this.#screen.size);
    this.#redraw('all');
  }

  #fly(to: View): void {
    if (calm()) {
      this.#screen.view = to;
      this.#redraw('all');
      return;
    }
    this.#flight = { from: this.#screen.view, to, since: performance.now() };
    this.#redraw([]);
  }

  #resize(): void {
    const size: Size = { width: this.#host.clientWidth, height: this.#host.clientHeight };
    const ratio = devicePixelRatio || 1;
    const before = this.#screen;
    if (size.width === 0 || size.height === 0) return;
    for (const canvas of this.#canvases) {
      canvas.width = Math.round(size.width * ratio);
      canvas.height = Math.round(size.height * ratio);
    }
    const middle = toPlan(before.view, { x: before.size.width / 2, y: before.size.height / 2 });
    this.#screen = { view: before.view, size, ratio };
    const fitting = this.#fitting();
    this.#limits = {
      minScale: fitting.scale * 0.8,
      maxScale: Math.max(20 / this.geometry.radius, fitting.scale * 1.5),
    };
    this.#flight = undefined;
    this.#screen.view = this.#fitted
      ? fitting
      : keepInSight(centerOn(middle, before.view.scale, size), this.geometry.bounds, size);
    // At once, not in the next frame: a resized canvas is empty and would blink.
    this.#dirty = 'all';
    this.#draw(performance.now());
  }

  #fitting(): View {
    const { size } = this.#screen;
    const around = Math.min(32, size.width * 0.035);
    // Room for the key and the buttons: at the lower edge of a wide map, the upper edge of a narrow one.
    const [above, below] = size.width > 700 ? [around, 72] : [60, around];
    return fitView(this.geometry.bounds, size, [above, around, below, around]);
  }

  #seatAt(at: Point): number | undefined {
    const { view } = this.#screen;
    const reach = Math.max(this.geometry.pitch * 0.55, 5 / view.scale);
    return this.geometry.grid.nearest(toPlan(view, at), reach);
  }

  #point(at: Point | undefined): void {
    const seat = at && this.#seatAt(at);
    if (seat === undefined && this.#overlay.hovered === undefined) return;
    this.#overlay.hovered = seat;
    this.#host.dataset['over'] = seat === undefined ? '' : this.#board.lookOf(seat);
    const place = seat === undefined ? undefined : this.#board.plan.seats[seat];
    this.emit(
      'hover',
      seat === undefined || !place
        ? undefined
        : {
            seat,
            at: toScreen(this.#screen.view, place),
            radius: this.geometry.radius * this.#screen.view.scale,
          },
    );
    this.#redraw([]);
  }

  #pick(at: Point, kind: 'mouse' | 'touch'): void {
    const { view } = this.#screen;
    const across = this.geometry.radius * 2 * view.scale;
    if (kind === 'touch' && across < tappableFrom) {
      this.#fitted = false;
      const factor = Math.max(2, (tappableFrom * 1.5) / across);
      this.#fly(keepInSight(zoomAt(view, factor, at, this.#limits), this.geometry.bounds, this.#screen.size));
      return;
    }
    const seat = this.#seatAt(at);
    if (seat !== undefined) this.emit('pick', seat);
  }
}
