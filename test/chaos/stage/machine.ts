/** What this machine lends to the faults: small disks and a clock that can be turned, where it can. */
import { execFileSync } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const mounted: string[] = [];

/** A disk of so many MB (a tmpfs, for root only); elsewhere an ordinary folder, and no way to fill it. */
export function smallDisk(
  path: string,
  megabytes: number,
): { path: string; fill?: () => void; empty: () => void } {
  mkdirSync(path, { recursive: true });
  const filler = join(path, 'filler');
  const empty = () => rmSync(filler, { force: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m,mode=0777`, 'tmpfs', path], {
      stdio: 'ignore',
    });
  } catch {
    return { path, empty };
  }
  mounted.push(path);
  return { path, empty, fill: () => fillUp(filler) };
}

function fillUp(file: string): void {
  const descriptor = openSync(file, 'a');
  try {
    for (let size = 1 << 20; size >= 1; ) {
      try {
        writeSync(descriptor, Buffer.alloc(size));
      } catch {
        size = Math.floor(size / 16);
      }
    }
  } finally {
    closeSync(descriptor);
  }
}

export function unmountAll(): void {
  for (const path of mounted.splice(0)) {
    try {
      execFileSync('umount', ['-l', path], { stdio: 'ignore' });
    } catch {
      // Gone already.
    }
  }
}

/** A clock of its own for a process: `environment` turns it on, `turn` sets how far it is off, at any time. */
export class ShiftedClock {
  readonly environment: Record<string, string> = {};
  readonly #file: string;
  offsetMs = 0;

  constructor(directory: string, name: string) {
    this.#file = join(directory, `clock-${name}`);
    const library = build(directory);
    if (!library) return;
    this.turn(0);
    this.environment = { LD_PRELOAD: library, CLOCK_OFFSET_FILE: this.#file };
  }

  get works(): boolean {
    return 'LD_PRELOAD' in this.environment;
  }

  turn(offsetMs: number): void {
    this.offsetMs = offsetMs;
    const bytes = Buffer.alloc(8);
    bytes.writeBigInt64LE(BigInt(offsetMs));
    // In place: the process has the file mapped.
    const descriptor = openSync(this.#file, existsSync(this.#file) ? 'r+' : 'w');
    writeSync(descriptor, bytes, 0, 8, 0);
    closeSync(descriptor);
  }
}

function build(directory: string): string | undefined {
  const library = join(directory, 'shifted-clock.so');
  if (existsSync(library)) return library;
  const source = fileURLToPath(new URL('shifted-clock.c', import.meta.url));
  try {
    execFileSync('cc', ['-shared', '-fPIC', '-O2', '-o', library, source, '-ldl'], { stdio: 'ignore' });
    return library;
  } catch {
    return undefined;
  }
}

/** Why something cannot be done here, or undefined if it can. */
export const lacks = {
  disks: (disk: { fill?: () => void }) => (disk.fill ? undefined : 'small disks need root (mount a tmpfs)'),
  clock: (clock: ShiftedClock) => (clock.works ? undefined : 'turning a clock needs a C compiler (cc)'),
  prlimit: () => {
    try {
      execFileSync('prlimit', ['--version'], { stdio: 'ignore' });
      return undefined;
    } catch {
      return 'limits of a running process need prlimit (util-linux)';
    }
  },
};
