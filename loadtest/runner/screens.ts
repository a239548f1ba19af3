/**
 * From the moment a buyer has the answer that a change was accepted, to the moment a screen shows it.
 *
 * Nothing is added to the wire for it: the answer says at which position of the map the change is, and a screen that
 * moves from one position to another shows all changes in between. Both are written down by one clock, also when
 * buyer and screen are in different VUs, and joined here. A screen that was faster than the answer counts as 0 ms;
 * what a screen missed while it was cut off counts as nothing, and what it missed and asked for as late as it came.
 */
import { Histogram } from './histogram.ts';
import type { Recording } from './recording.ts';

export interface Screens {
  all: Histogram;
  /** By the second in which the change was accepted, `binMs` wide. */
  bins: Map<number, Histogram>;
  /** Changes that at least one screen has shown. */
  changes: number;
}

export function joinScreens({ accepted, moves }: Recording, binMs: number): Screens {
  const screens: Screens = { all: new Histogram(), bins: new Map(), changes: 0 };
  const shown = new Set<object>();
  for (const [epoch, ofEpoch] of moves) {
    const changes = accepted.filter((each) => each.epoch === epoch).sort((a, b) => a.position - b.position);
    for (const { from, to, at } of ofEpoch.values()) {
      for (let i = firstAbove(changes, from); i < changes.length; i++) {
        const change = changes[i] as (typeof changes)[number];
        if (change.position > to) break;
        shown.add(change);
        const bin = Math.floor(change.at / binMs);
        const histogram = screens.bins.get(bin) ?? new Histogram();
        screens.bins.set(bin, histogram);
        for (const moment of at) {
          const ms = Math.max(0, moment - change.at);
          screens.all.add(ms);
          histogram.add(ms);
        }
      }
    }
  }
  screens.changes = shown.size;
  return screens;
}

function firstAbove(changes: readonly { position: number }[], position: number): number {
  let [low, high] = [0, changes.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((changes[middle] as { position: number }).position > position) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * How long those who got nothing were left in doubt: from the moment the last seat was held to the moment each of
 * them knew. Who knew before counts as 0 ms.
 */
export function doubts({ answers, losersTold }: Recording): number[] {
  const gone = Math.max(0, ...(answers.hold ?? []).map(([at]) => at));
  return losersTold.map((at) => Math.max(0, at - gone));
}
