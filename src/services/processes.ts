import { execFileSync, spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** How a program that ran to its end went. `output` is stdout and stderr together, in order of arrival. */
export interface Finished {
  ok: boolean;
  /** "exit code 1", "signal SIGKILL", "not found", … */
  how: string;
  output: string;
}

export interface RunOptions {
  cwd?: string | undefined;
  env?: Record<string, string> | undefined;
  uid?: number | undefined;
  gid?: number | undefined;
  input?: string | undefined;
  timeoutMs?: number | undefined;
}

/** Runs a program to its end. Never rejects: a program that cannot be started is `ok: false` too. */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<Finished> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd: options.cwd ?? '/',
      env: options.env ?? plainEnvironment(),
      ...identity(options),
    });
    let output = '';
    const timer = setTimeout(() => child.kill('SIGKILL'), options.timeoutMs ?? 120_000);
    const finish = (ok: boolean, how: string) => {
      clearTimeout(timer);
      resolve({ ok, how, output });
    };
    const collect = (chunk: Buffer) => {
      output += chunk.toString('utf8');
    };
    child.stdout.on('data', collect);
    child.stderr.on('data', collect);
    child.stdin.on('error', () => {}); // The program may end before it has read its input.
    child.stdin.end(options.input ?? '');
    child.on('error', (error: NodeJS.ErrnoException) => {
      finish(false, error.code === 'ENOENT' ? 'not found' : error.message);
    });
    child.on('close', (code, signal) =>
      finish(code === 0, signal ? `signal ${signal}` : `exit code ${code}`),
    );
  });
}

/**
 * The environment of embedded programs: nothing of the hub's own, which may hold secrets (or PGOPTIONS).
 * LC_ALL=C keeps messages in English and spares macOS' "postmaster became multithreaded during startup".
 */
export function plainEnvironment(more: Record<string, string> = {}): Record<string, string> {
  return { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', ...more };
}

/** `uid` and `gid` for spawn, only when given (exactOptionalPropertyTypes). */
export function identity(account: { uid?: number | undefined; gid?: number | undefined }) {
  return account.uid === undefined || account.gid === undefined ? {} : { uid: account.uid, gid: account.gid };
}

/** The last lines of a program's output, as the end of an error message. */
export function lastLines(output: string, count = 8): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n');
}

/**
 * When a process started, in a form that is only good for comparing; undefined when there is no such process
 * or only its zombie (where nobody reaps orphans, as under a container's careless pid 1, zombies stay for ever).
 * With it a pid that the system has given to another process is told apart from the one that was meant.
 */
export function startedAt(pid: number): string | undefined {
  try {
    if (process.platform === 'linux') {
      const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
      // The second field is the program's name in brackets and may hold anything; what follows is plain.
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
    }
    const line = execFileSync('ps', ['-o', 'state=,lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim();
    return line === '' || line.startsWith('Z') ? undefined : line.replace(/^\S+\s+/, '');
  } catch {
    return undefined;
  }
}

/** A process' arguments, separated by spaces; empty when it is gone or not ours to see. */
export function commandLine(pid: number): string {
  try {
    if (process.platform === 'linux') {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ').trim();
    }
    return execFileSync('ps', ['-ww', '-o', 'command=', '-p', String(pid)], { encoding: 'utf8' }).trim();
  } catch {
    return '';
  }
}

/**
 * Ends a process that is not a child of this one: each signal in turn, with this patience after each.
 * Returns whether it is gone. A pid that meanwhile belongs to another process counts as gone.
 */
export async function endProcess(
  pid: number,
  signals: NodeJS.Signals[],
  patienceMs: number,
): Promise<boolean> {
  const started = startedAt(pid);
  const gone = () => started === undefined || startedAt(pid) !== started;
  for (const signal of signals) {
    if (gone()) return true;
    try {
      process.kill(pid, signal);
    } catch {
      return gone();
    }
    for (const end = Date.now() + patienceMs; Date.now() < end && !gone(); ) await sleep(20);
  }
  return gone();
}

/** A TCP port of 127.0.0.1 that was free a moment ago: whoever uses it must be ready to try another. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => {
        if (address && typeof address === 'object') resolve(address.port);
        else reject(new Error('no free TCP port on 127.0.0.1'));
      });
    });
  });
}
