import type { Check, Finding } from './evidence.ts';

const settledWithinMs = 15_000;
/**
 * C10: nothing hangs. Every request is answered within 10 s (a payment within 20) unless its node was dead, stopped or busy at the
 * time, and a confirm that was left open gets its answer within 15 s after the fault is over.
 */
export const checkBounds: Check = ({ ops, excuse }) => {
  const findings: Finding[] = [];
  const say = (sentence: string, about: Finding['ops']) =>
    findings.push({ check: 'C10', sentence, ops: about });
  for (const op of ops) {
    const silent =
      excuse.silentNodes.includes(op.node) && op.heardAt >= excuse.faultAt && op.invokedAt <= excuse.healedAt;
    if (op.error === 'timeout' && !silent) say(`${op.f} got no answer in time`, [op]);
  }
  const confirms = Map.groupBy(
    ops.filter((op) => op.f === 'confirm'),
    (op) => op.holdId,
  );
  for (const [holdId, tries] of confirms) {
    const answered = Math.min(
      ...tries.filter((op) => op.type !== 'info').map((op) => op.endedAt),
      Number.POSITIVE_INFINITY,
    );
    const latest = Math.max(excuse.healedAt, tries[0]?.invokedAt ?? 0) + settledWithinMs;
    if (answered > latest) say(`the confirm of hold ${holdId} got no definite answer within 15 s`, tries);
  }
  return findings;
};
