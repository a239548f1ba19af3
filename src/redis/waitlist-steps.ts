/** Steps of those who wait, as `scripts/waitlist.lua` writes them. */
import type { WaitlistState } from '../contracts.gen.ts';

export const stepKinds = [
  'offered',
  'accepted',
  'declined',
  'expired',
  'revoked',
  'advanced',
  'gathered',
  'let-go',
  'passed',
  'left',
  'closed',
] as const;
export type StepKind = (typeof stepKinds)[number];

export interface WaitlistStep {
  /** Names the step: "entry:version". */
  key: string;
  entryId: string;
  version: number;
  kind: StepKind;
  /** Of the entry, after it. */
  state: WaitlistState;
  owner: string;
  /** (9 - priority) * 1e14 + ms since 1970: who has less comes first. */
  order: number;
  /** Offers that were declined or ran out. */
  missed: number;
  passes: number;
  /** undefined: it is about no seats. */
  holdId: string | undefined;
  seats: number[];
  /** Since when they are kept for the entry, and until when; ms since 1970. */
  since: number;
  until: number;
  /** When it happened, by the clock of Redis. */
  at: number;
  /** Of the map. */
  position: number;
  reason: string;
  /** Who did it: "user,session,request", or '' for the hub itself. */
  actor: string;
}

/** @param flat keys and texts in turn */
export function decodeSteps(flat: readonly string[]): WaitlistStep[] {
  const steps: WaitlistStep[] = [];
  for (let i = 0; i + 1 < flat.length; i += 2) steps.push(decodeStep(flat[i] ?? '', flat[i + 1] ?? ''));
  return steps;
}

function decodeStep(key: string, text: string): WaitlistStep {
  const [entryId = '', version] = key.split(':');
  const [
    kind,
    state,
    owner = '',
    order,
    missed,
    passes,
    holdId,
    seats,
    since,
    until,
    at,
    position,
    reason,
    actor,
  ] = text.split('|');
  return {
    key,
    entryId,
    version: Number(version),
    kind: kind as StepKind,
    state: state as WaitlistState,
    owner,
    order: Number(order),
    missed: Number(missed),
    passes: Number(passes),
    holdId: holdId || undefined,
    seats: seats ? seats.split(',').map(Number) : [],
    since: Number(since),
    until: Number(until),
    at: Number(at),
    position: Number(position),
    reason: reason ?? '',
    actor: actor ?? '',
  };
}
