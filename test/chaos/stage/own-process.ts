import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { closeSync, openSync, readFileSync } from 'node:fs';

/** A child process that is to be killed, stopped and continued. What it writes goes to a file. */
export class OwnProcess {
  readonly #log: string;
  readonly #lastSignal: NodeJS.Signals;
  #child: ChildProcess | undefined;
  /** Called when it ends though nobody here ended it. */
  onUnexpectedEnd: ((how: string) => void) | undefined;
  /** Set before something that is meant to end it. */
  mayEnd = false;

  /** @param lastSignal what it gets if this process is killed */
  constructor(log: string, lastSignal: NodeJS.Signals = 'SIGKILL') {
    this.#log = log;
    this.#lastSignal = lastSignal;
  }

  start(command: string, args: string[], options: SpawnOptions = {}): ChildProcess {
    const out = openSync(this.#log, 'a');
    this.mayEnd = false;
    const stdio: SpawnOptions['stdio'] = options.stdio ?? ['ignore', out, out];
    const child = spawn(command, args, { ...options, stdio: replaceLog(stdio, out) });
    closeSync(out);
    this.#child = child;
    if (child.pid) watch(child, this.#lastSignal);
    child.on('error', () => undefined);
    child.on('exit', (code, signal) => {
      if (child === this.#child && !this.mayEnd) this.onUnexpectedEnd?.(signal ?? `exit code ${code}`);
    });
    return child;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get running(): boolean {
    const child = this.#child;
    return (
      child !== undefined && child.pid !== undefined && child.exitCode === null && child.signalCode === null
    );
  }

  get child(): ChildProcess | undefined {
    return this.#child;
  }

  /** Whether SIGSTOP holds it. */
  get stopped(): boolean {
    try {
      const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
      return this.running && stat.slice(stat.lastIndexOf(')') + 2).startsWith('T');
    } catch {
      return false;
    }
  }

  signal(signal: NodeJS.Signals): void {
    if (this.running) this.#child?.kill(signal);
  }

  /** Ends it and waits until it is gone. */
  async end(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    this.mayEnd = true;
    if (!this.running) return;
    const gone = this.gone();
    this.signal(signal);
    this.signal('SIGCONT');
    await gone;
  }

  /** Resolves once it is gone. */
  async gone(): Promise<void> {
    const child = this.#child;
    if (!child || !this.running) return;
    await new Promise((resolve) => child.once('exit', resolve));
  }

  lastLines(count = 5): string {
    try {
      return readFileSync(this.#log, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
    } catch {
      return '';
    }
  }
}

function replaceLog(stdio: SpawnOptions['stdio'], out: number): SpawnOptions['stdio'] {
  return Array.isArray(stdio) ? stdio.map((each) => (each === 'pipe' ? out : each)) : stdio;
}

/** A shell that waits for the end of its input, which comes when this process ends in whatever way. */
function watch(child: ChildProcess, signal: NodeJS.Signals): void {
  const script = 'read -r _; kill -s "$0" "$1"; kill -s CONT "$1"';
  const watchdog = spawn('/bin/sh', ['-c', script, signal.replace('SIG', ''), String(child.pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.on('error', () => undefined);
  watchdog.stdin.on('error', () => undefined);
  watchdog.unref();
  // Its number may be given to another process by then.
  child.once('exit', () => watchdog.kill('SIGKILL'));
}
