/** Of all that happened, what has to do with a violation: the lines that name what it names. */
import type { Violation } from './monitors.ts';

const linesAtMost = 60;
const ids = /[\w-]{20,}|buyer-\d|viewer-\d/g;

export function storyOf(lines: string[], violations: Violation[]): string[] {
  const names = new Set(violations.flatMap(({ story }) => story.match(ids) ?? []));
  // Requests to hold say nothing of whom they are for but in these words.
  const concerns = (line: string) =>
    /nemesis|VIOLATION|starts$|stops$|life \d+$|load-event/.test(line) ||
    [...names].some((name) => line.includes(name));
  return lines
    .filter(concerns)
    .map((line) => (line.length > 240 ? `${line.slice(0, 240)}…` : line))
    .slice(-linesAtMost);
}
