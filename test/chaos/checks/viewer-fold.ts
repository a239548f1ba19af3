import type { Check, Evidence, Finding, ViewState } from './evidence.ts';

/**
 * C6: no viewer travels in time and none sees a map of its own: within an epoch positions never go back,
 * all who are at one position see one map, and from one state of a viewer to the next the log of ticks
 * leads (as far as Redis still has it).
 */
export const checkViewerFold: Check = (evidence) => {
  const findings: Finding[] = [];
  const say = (sentence: string) => findings.push({ check: 'C6', sentence, ops: [] });
  const known = new Map<string, ViewState>();
  for (const states of Map.groupBy(evidence.views, (state) => state.viewer).values()) {
    let before: ViewState | undefined;
    for (const state of states) {
      const { viewer, epoch, position } = state;
      const place = `${epoch}:${position}`;
      const other = known.get(place);
      if (other && other.seats !== state.seats) {
        say(
          `${viewer} and ${other.viewer} see different maps at ${place}: ${difference(other.seats, state.seats)}`,
        );
      }
      known.set(place, state);
      if (before?.epoch === epoch) {
        if (position < before.position)
          say(`${viewer} went back from ${before.position} to ${position} of ${epoch}`);
        else notFolded(evidence, before, state, say);
      }
      before = state;
    }
  }
  return findings;
};

function notFolded(
  { rest }: Evidence,
  before: ViewState,
  after: ViewState,
  say: (sentence: string) => void,
): void {
  if (after.epoch !== rest.redis.epoch || after.position === before.position) return;
  const ticks = rest.log.filter((tick) => tick.to > before.position && tick.to <= after.position);
  const [first, last] = [ticks[0], ticks.at(-1)];
  // The log has a bounded length, and a snapshot may lie between two ticks.
  if (!first || first.from > before.position + 1 || last?.to !== after.position) return;
  const folded = [...before.seats];
  for (const { changes } of ticks) for (const [seat, letter] of changes) folded[seat] = letter;
  const expected = folded.join('');
  if (expected === after.seats) return;
  const where = `${after.viewer} at ${after.epoch}:${after.position}`;
  say(`${where} does not see what the log leads to: ${difference(expected, after.seats)}`);
}

/** "seat 3 is h, not s; …" */
export function difference(expected: string, found: string): string {
  const seats = [...expected].flatMap((letter, seat) =>
    found.charAt(seat) === letter
      ? []
      : [`seat ${seat} is ${found.charAt(seat) || 'missing'}, not ${letter}`],
  );
  return seats.slice(0, 8).join('; ');
}
