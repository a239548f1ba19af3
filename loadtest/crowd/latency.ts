/**
 * From the moment a buyer has the answer that a change was accepted, to the moment the map of each viewer
 * shows it. All in one process, so by one clock. A viewer that had it before the buyer counts as 0 ms.
 */
import { percentile } from './tally.ts';
import type { Viewer } from './viewers.ts';

interface Change {
  epoch: string;
  position: number;
  acceptedAt: number;
  /** ms, of the viewers that show it. */
  shown: number[];
  /** Viewers that do not show it yet. */
  missing: number;
}

export class Latency {
  /** ms to the last and to the median viewer, of each change that all viewers show. */
  readonly last: number[] = [];
  readonly typical: number[] = [];
  /** Changes on their way. */
  underWay = 0;
  readonly #waiting = new Map<Viewer, Change[]>();

  accepted(viewers: readonly Viewer[], at: { epoch: string; position: number }): void {
    const change: Change = { ...at, acceptedAt: performance.now(), shown: [], missing: viewers.length };
    this.underWay++;
    for (const viewer of viewers) {
      const { epoch, position } = viewer.map.replica;
      if (epoch === change.epoch && position >= change.position) this.#done(change, 0);
      else this.#waiting.set(viewer, [...(this.#waiting.get(viewer) ?? []), change]);
    }
  }

  /** The map of a viewer has moved. */
  moved(viewer: Viewer): void {
    const waiting = this.#waiting.get(viewer);
    if (!waiting || waiting.length === 0) return;
    const { epoch, position } = viewer.map.replica;
    const now = performance.now();
    const left: Change[] = [];
    for (const change of waiting) {
      // A new epoch has everything of the one before, at positions that cannot be compared.
      if (change.epoch === epoch && change.position > position) left.push(change);
      else this.#done(change, now - change.acceptedAt);
    }
    this.#waiting.set(viewer, left);
  }

  #done(change: Change, ms: number): void {
    change.shown.push(ms);
    if (--change.missing > 0) return;
    this.underWay--;
    this.last.push(Math.max(...change.shown));
    this.typical.push(percentile(change.shown, 0.5));
  }
}
