/** What Linux says of processes; elsewhere nothing. */
import { readdirSync, readFileSync } from 'node:fs';

/** USER_HZ, which Linux has kept at 100 on every platform that Node runs on. */
const ticksPerSecond = 100;

/** CPU times are user and system, in seconds. */
export interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly own: number;
  /** Of children that have ended. */
  readonly ended: number;
}

/** undefined: there is no such process (any more). */
export function statOf(pid: number | 'self'): Stat | undefined {
  const text = readText(`/proc/${pid}/stat`);
  if (text === '') return undefined;
  // The name in brackets may hold anything; what follows is plain, from the third field on.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number) => Number(fields[number - 3]);
  return {
    pid: Number.parseInt(text, 10),
    parent: field(4),
    own: (field(14) + field(15)) / ticksPerSecond,
    ended: (field(16) + field(17)) / ticksPerSecond,
  };
}

export const allStats = (): Stat[] =>
  readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => statOf(Number(name)) ?? []);

/** '' if it cannot be read, such as for a process that has just ended. */
export function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
