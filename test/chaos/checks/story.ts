/** Hand-made histories for the tests of the checks: who asked what from when to when, and what was found. */
import type { Act, Op } from '../history.ts';
import type { BookingFact, Evidence, Excuse, Rest, ViewState } from './evidence.ts';

type Told = Partial<Omit<Op, 'f' | 'type' | 'invokedAt' | 'endedAt' | 'proc'>>;

export class Story {
  readonly ops: Op[] = [];
  readonly views: ViewState[] = [];
  readonly rest: Rest;
  readonly excuse: Excuse;

  /** @param seats the map at rest, a letter a seat */
  constructor(seats: string, excuse: Partial<Excuse> = {}) {
    this.rest = {
      bookings: [],
      orphans: [],
      outcomes: [],
      redis: { epoch: 'e1', seats, holds: [] },
      viewers: [{ viewer: 'v1', epoch: 'e1', seats, fresh: true }],
      log: [],
    };
    this.excuse = {
      faultAt: 0,
      healedAt: 0,
      restAt: 60_000,
      losesHolds: false,
      salesOnly: false,
      silentNodes: [],
      holdMs: 3000,
      ...excuse,
    };
  }

  /** Asked by `proc` at the first time, answered at the second. */
  tell(proc: string, f: Act, type: Op['type'], [from, to]: [number, number], told: Told): this {
    const i = this.ops.length;
    this.ops.push({
      i,
      proc,
      f,
      type,
      invokedAt: from,
      endedAt: type === 'info' ? Number.POSITIVE_INFINITY : to,
      heardAt: to,
      node: 0,
      seats: [],
      holdId: told.value?.holdId ?? '',
      bookingId: '',
      requestId: `request-${i}`,
      entryId: told.value?.entryId ?? '',
      error: '',
      value: {},
      ...told,
    });
    return this;
  }

  held(
    proc: string,
    holdId: string,
    seats: number[],
    [from, to]: [number, number],
    expiresAt = to + 3000,
  ): this {
    return this.tell(proc, 'hold', 'ok', [from, to], {
      seats,
      value: { holdId, seats, expiresAt, epoch: 'e1' },
    });
  }

  taken(proc: string, seats: number[], times: [number, number], taken = seats): this {
    return this.tell(proc, 'hold', 'fail', times, { seats, error: 'seats-taken', value: { taken } });
  }

  booked(proc: string, holdId: string, seats: number[], times: [number, number], id = `of-${holdId}`): this {
    const bookings = [{ id, holdId, status: 'confirmed' }];
    return this.tell(proc, 'confirm', 'ok', times, { holdId, seats, value: { seats, bookings } });
  }

  refused(proc: string, holdId: string, seats: number[], times: [number, number]): this {
    return this.tell(proc, 'confirm', 'fail', times, { holdId, seats, error: 'hold-not-found' });
  }

  unheard(proc: string, f: Act, times: [number, number], told: Told): this {
    return this.tell(proc, f, 'info', times, { error: 'timeout', ...told });
  }

  cancelled(proc: string, holdId: string, seats: number[], times: [number, number]): this {
    const bookings = [{ id: `of-${holdId}`, holdId, status: 'cancelled' }];
    return this.tell(proc, 'cancel', 'ok', times, { bookingId: `of-${holdId}`, seats, value: { bookings } });
  }

  released(proc: string, holdId: string, seats: number[], times: [number, number]): this {
    return this.tell(proc, 'release', 'ok', times, { holdId, seats });
  }

  /** A booking that is in the table at rest. */
  stored(holdId: string, seats: number[], more: Partial<BookingFact> = {}): this {
    this.rest.bookings.push({
      id: `of-${holdId}`,
      holdId,
      status: 'confirmed',
      seats,
      active: more.status === 'cancelled' ? [] : seats,
      totalCents: 2500 * seats.length,
      linesCents: 2500 * seats.length,
      activeCents: 2500 * seats.length,
      createdAt: 0,
      cancelledAt: new Map(),
      ...more,
    });
    this.rest.outcomes.push({ holdId, outcome: 'booked' });
    return this;
  }

  saw(viewer: string, position: number, seats: string, epoch = 'e1'): this {
    this.views.push({ viewer, at: this.views.length, epoch, position, seats });
    return this;
  }

  get evidence(): Evidence {
    return { ops: this.ops, rest: this.rest, views: this.views, excuse: this.excuse };
  }
}
