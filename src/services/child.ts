import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { identity, lastLines } from './processes.ts';

export interface ChildOptions {
  /** For people: "PostgreSQL", "Redis". */
  name: string;
  command: string;
  args: string[];
  env: Record<string, string>;
  uid?: number | undefined;
  gid?: number | undefined;
  /** Tried in turn by stop(); the first is also what the child gets when the hub dies. */
  stopSignals: [NodeJS.Signals, ...NodeJS.Signals[]];
  /** How long each stop signal may take before the next. */
  patienceMs: number;
  /** Whether a watchdog ends the child when the hub is killed. */
  endWithParent: boolean;
}

/** A running server that belongs to the hub. */
export interface Child {
  pid: number | undefined;
  /** Resolves, never rejects, when the child has ended: "exit code 1", "signal SIGKILL", … */
  exited: Promise<string>;
  /** The end of what it wrote, for error messages. */
  lastLines(): string;
  /** From now on an end that nobody asked for is told, as a sentence. */
  announce(onExit: (sentence: string) => void): void;
  /** Ends it, gently at first. Resolves when it is gone; may be called again. */
  stop(): Promise<void>;
}

const KEPT_CHARACTERS = 8_000;

/**
 * Starts a server as a child in a session of its own: Ctrl-C in the terminal reaches only the hub, which
 * drains its clients first and then calls stop().
 */
export function startChild(options: ChildOptions): Child {
  const child = spawn(options.command, options.args, {
    cwd: '/',
    env: options.env,
    ...identity(options),
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let written = '';
  const collect = (chunk: Buffer) => {
    written = (written + chunk.toString('utf8')).slice(-KEPT_CHARACTERS);
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);

  let running = true;
  let stopping: Promise<void> | undefined;
  const exited = waitForEnd(child).then((how) => {
    running = false;
    return how;
  });
  if (options.endWithParent && child.pid) startWatchdog(child.pid, options.stopSignals[0], exited);

  const stop = async () => {
    for (const signal of options.stopSignals) {
      if (!running) return;
      child.kill(signal);
      await Promise.race([exited, sleep(options.patienceMs, undefined, { ref: false })]);
    }
    if (running) throw new Error(`${options.name} (process ${child.pid}) does not end`);
  };
  return {
    pid: child.pid,
    exited,
    lastLines: () => lastLines(written),
    announce(onExit) {
      void exited.then((how) => {
        if (!stopping) onExit(`${options.name} ended unexpectedly (${how}): ${lastLines(written, 4)}`);
      });
    },
    stop() {
      stopping ??= stop();
      return stopping;
    },
  };
}

/** The end of the process, plus a moment for the rest of its output (its own children may hold the pipe open). */
function waitForEnd(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.on('error', (error) => {
      if (child.pid === undefined) resolve(error.message);
    });
    child.on('exit', (code, signal) => {
      const how = signal ? `signal ${signal}` : `exit code ${code}`;
      child.on('close', () => resolve(how));
      setTimeout(() => resolve(how), 200);
    });
  });
}

/**
 * A shell that waits for the end of its input, which comes when the hub dies, however it dies, and then ends
 * the child. Without it a hub killed by SIGKILL leaves its servers running until the next start finds them.
 */
function startWatchdog(pid: number, signal: NodeJS.Signals, exited: Promise<string>): void {
  const script = 'read -r _; kill -s "$0" "$1"';
  const watchdog = spawn('/bin/sh', ['-c', script, signal.replace('SIG', ''), String(pid)], {
    cwd: '/',
    env: {},
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.on('error', () => {}); // Without /bin/sh there is no watchdog; the next start still recovers.
  watchdog.stdin.on('error', () => {});
  watchdog.unref();
  // Once the child is gone its pid may be given to another process, so the watchdog must not outlive it.
  void exited.then(() => watchdog.kill('SIGKILL'));
}
