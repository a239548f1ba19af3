/** Turns pointers and the wheel into panning, zooming, pointing and picking. Knows nothing of seats. */
import type { Point } from './viewport.ts';

export interface GestureTarget {
  pan(dx: number, dy: number): void;
  zoom(factor: number, at: Point): void;
  pinch(before: [Point, Point], after: [Point, Point]): void;
  /** The pointer rests at a place, or has left. Never while dragging, never for fingers. */
  point(at: Point | undefined): void;
  /** A click or tap that was not a drag. */
  pick(at: Point, kind: 'mouse' | 'touch'): void;
}

/** A pointer that moved less than this since it went down has clicked, not dragged. */
const dragFrom = 6;

export function listenForGestures(element: HTMLElement, target: GestureTarget): void {
  const pointers = new Map<number, Point>();
  let start: Point | undefined;
  let dragging = false;

  const place = (event: MouseEvent): Point => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  };

  element.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    const at = place(event);
    pointers.set(event.pointerId, at);
    start = pointers.size === 1 ? at : undefined;
    dragging = pointers.size > 1;
  });

  element.addEventListener('pointermove', (event) => {
    const at = place(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType !== 'touch') target.point(at);
      return;
    }
    if (!dragging && start && Math.hypot(at.x - start.x, at.y - start.y) >= dragFrom) {
      dragging = true;
      // Only now: a captured pointer would hide its click from the buttons over the map.
      element.setPointerCapture(event.pointerId);
      element.dataset['dragging'] = 'true';
      target.point(undefined);
    }
    if (!dragging) return;
    const other = [...pointers].find(([id]) => id !== event.pointerId)?.[1];
    pointers.set(event.pointerId, at);
    if (other) target.pinch([before, other], [at, other]);
    else target.pan(at.x - before.x, at.y - before.y);
  });

  const end = (event: PointerEvent, picked: boolean) => {
    if (!pointers.delete(event.pointerId)) return;
    if (picked && !dragging && start)
      target.pick(place(event), event.pointerType === 'touch' ? 'touch' : 'mouse');
    if (pointers.size > 0) return;
    dragging = false;
    start = undefined;
    delete element.dataset['dragging'];
  };
  element.addEventListener('pointerup', (event) => end(event, true));
  element.addEventListener('pointercancel', (event) => end(event, false));
  element.addEventListener('pointerleave', () => target.point(undefined));

  element.addEventListener(
    'wheel',
    (event) => {
      event.preventDefault();
      const lines = event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1;
      // Browsers report a pinch on a touchpad as a wheel with the control key, in small steps.
      const speed = event.ctrlKey ? 0.01 : 0.0016;
      const delta = Math.max(-240, Math.min(240, event.deltaY * lines));
      target.zoom(Math.exp(-delta * speed), place(event));
      if (!dragging) target.point(place(event));
    },
    { passive: false },
  );
}
