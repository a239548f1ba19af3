/**
 * A copy of an event's map that follows the ticks: every viewer has one, and so has every node for the
 * events watched there. The rules are those of Centrifuge's recovery (epoch and offset):
 *
 * - a tick whose `to` is at or below the position changes nothing,
 * - one whose `from` is at most position + 1 is applied (states are absolute: overlap does no harm),
 * - a later `from`, or another epoch, is a gap: something was missed.
 *
 * Runs in browsers too.
 */
import type { SeatState } from './codec.ts';

export interface Tick {
  epoch: string;
  from: number;
  to: number;
  changes: ReadonlyMap<number, SeatState>;
}

export class Replica {
  epoch = '';
  position = 0;
  seats: Uint8Array = new Uint8Array();

  load(epoch: string, position: number, seats: Uint8Array): void {
    this.epoch = epoch;
    this.position = position;
    this.seats = seats;
  }

  /** @returns the seats that look different now, or why nothing was applied */
  apply(tick: Tick): number[] | 'old' | 'gap' {
    if (tick.epoch !== this.epoch) return 'gap';
    if (tick.to <= this.position) return 'old';
    if (tick.from > this.position + 1) return 'gap';
    this.position = tick.to;
    const different: number[] = [];
    for (const [seat, state] of tick.changes) {
      if (seat >= this.seats.length || this.seats[seat] === state) continue;
      this.seats[seat] = state;
      different.push(seat);
    }
    return different;
  }

  /** Whether a beacon that says this shows a loss. */
  isBehind(epoch: string, position: number): boolean {
    return epoch !== this.epoch || position > this.position;
  }
}
