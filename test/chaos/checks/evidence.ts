/** What a check looks at, and what it finds. Checks are pure: the same evidence gives the same findings. */
import { describe, type Op } from '../history.ts';
import type { AlertEvidence } from './alerts.ts';
import type { WaitlistEvidence } from './waitlist-record.ts';

/** A booking as PostgreSQL has it when all is quiet. */
export interface BookingFact {
  id: string;
  holdId: string;
  status: string;
  /** All its seats, and those still active. */
  seats: number[];
  active: number[];
  totalCents: number;
  /** Of all its lines, and of the active ones, added up. */
  linesCents: number;
  activeCents: number;
  /** ms since 1970, PostgreSQL's clock. */
  createdAt: number;
  /** By seat. */
  cancelledAt: Map<number, number>;
}

/** One state a viewer was shown. */
export interface ViewState {
  viewer: string;
  at: number;
  epoch: string;
  position: number;
  /** A letter a seat. */
  seats: string;
}

export interface TickFact {
  from: number;
  to: number;
  changes: Map<number, string>;
}

/** What was found when all is quiet. */
export interface Rest {
  bookings: BookingFact[];
  /** Seats in `booking_seats` whose booking does not exist. */
  orphans: number[];
  outcomes: { holdId: string; outcome: string }[];
  /** The map in Redis, and the ids of holds that are still there. */
  redis: { epoch: string; seats: string; holds: string[] };
  viewers: { viewer: string; epoch: string; seats: string; fresh: boolean }[];
  /** The log of ticks of the last epoch, as Redis has it. */
  log: TickFact[];
}

/** When the fault began and ended, and what it excuses. Times of the harness' clock. */
export interface Excuse {
  faultAt: number;
  healedAt: number;
  restAt: number;
  /** Redis lost something, so holds may vanish or come back. */
  losesHolds: boolean;
  /** Two Redis at once: holds say nothing, only sales count. */
  salesOnly: boolean;
  /** Nodes that could not answer: killed, stopped, or busy. */
  silentNodes: number[];
  /** Nothing was damaged. */
  isCalm?: boolean;
  holdMs: number;
}

export interface Evidence {
  ops: Op[];
  rest: Rest;
  views: ViewState[];
  excuse: Excuse;
  /** Where anybody waited. */
  waitlist?: WaitlistEvidence;
  /** Where anything was about to start. */
  alerts?: AlertEvidence;
}

export interface Finding {
  /** C1 to C12. */
  check: string;
  sentence: string;
  /** The invocations that contradict each other, or the story of one seat. */
  ops: Op[];
  seat?: number;
}

export type Check = (evidence: Evidence) => Finding[];

export function tellFinding({ check, sentence, ops }: Finding): string {
  return [`${check}: ${sentence}`, ...ops.map((op) => `    ${describe(op)}`)].join('\n');
}

/** Where a booking that nobody was told of is looked up by. */
export const bookingsByHold = (rest: Rest): Map<string, BookingFact> =>
  new Map(rest.bookings.map((booking) => [booking.holdId, booking]));
