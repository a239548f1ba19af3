import { checkAlerts } from './alerts.ts';
import { checkAtomicity } from './atomicity.ts';
import { checkBounds } from './bounds.ts';
import { checkConservation } from './conservation.ts';
import type { Evidence, Finding } from './evidence.ts';
import { checkLinearizability } from './linearizability.ts';
import { checkOverlap } from './overlap.ts';
import { checkRealTime } from './real-time.ts';
import { checkSense } from './sense.ts';
import { checkSets } from './sets.ts';
import { checkViewerFold } from './viewer-fold.ts';
import { checkWaitlist } from './waitlist.ts';

const checks = [
  checkSets,
  checkOverlap,
  checkLinearizability,
  checkAtomicity,
  checkRealTime,
  checkViewerFold,
  checkSense,
  checkBounds,
  checkConservation,
  checkWaitlist,
  checkAlerts,
];

export const runChecks = (evidence: Evidence): Finding[] => checks.flatMap((check) => check(evidence));
