import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FaultPoint } from '../../../src/fault-points.ts';
import { serverPort } from '../../support/ports.ts';
import type { ShiftedClock } from './machine.ts';
import { OwnProcess } from './own-process.ts';
import type { TcpProxy } from './tcp-proxy.ts';
import { became, until } from './wait.ts';

const main = fileURLToPath(new URL('../../../src/main.ts', import.meta.url));
const hooks = new URL('node-hooks.ts', import.meta.url).href;
/** A busy machine takes a minute to load it. */
const startWithinMs = 180_000;

/** A node of the hub as it runs in production (src/main.ts), on one port for all its lives. */
export class NodeProcess {
  readonly process: OwnProcess;
  readonly index: number;
  readonly redis: TcpProxy;
  readonly postgres: TcpProxy;
  readonly clock: ShiftedClock;
  readonly #environment: Record<string, string>;
  port = 0;

  constructor(parts: {
    index: number;
    log: string;
    redis: TcpProxy;
    postgres: TcpProxy;
    clock: ShiftedClock;
    environment: Record<string, string>;
  }) {
    this.index = parts.index;
    this.process = new OwnProcess(parts.log);
    this.redis = parts.redis;
    this.postgres = parts.postgres;
    this.clock = parts.clock;
    this.#environment = parts.environment;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<void> {
    this.port ||= await serverPort();
    const environment = {
      PATH: process.env.PATH ?? '',
      ...this.clock.environment,
      ...this.#environment,
      PORT: String(this.port),
      SEATCAST_FAULTS: 'none',
    };
    const child = this.process.start(
      process.execPath,
      [
        '--disable-warning=ExperimentalWarning',
        '--experimental-async-context-frame',
        '--import',
        hooks,
        main,
      ],
      {
        env: environment,
        stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
      },
    );
    child.on('message', () => undefined);
    const name = `node ${this.index + 1}`;
    await until(() => !this.process.running || this.ready(), `${name} to be ready`, startWithinMs);
    if (!this.process.running) throw new Error(`${name} did not start: ${this.process.lastLines()}`);
  }

  /** Whether it says that it and its services can be used. */
  async ready(): Promise<boolean> {
    try {
      return (await fetch(`${this.url}/health/ready`, { signal: AbortSignal.timeout(2000) })).ok;
    } catch {
      return false;
    }
  }

  /** Lets the process kill or stop itself at this point. */
  arm(point: FaultPoint, act: 'kill' | 'stop', count = 1): void {
    this.process.mayEnd ||= act === 'kill';
    this.process.child?.send({ arm: `${point}=${act}:${count}` });
  }

  busy(ms: number): void {
    this.process.child?.send({ busyMs: ms });
  }

  /** Whether a point that was armed has ended or stopped it. */
  fired(withinMs: number): Promise<boolean> {
    return became(() => !this.process.running || this.process.stopped, withinMs);
  }

  /** How many more files and sockets it may open. */
  allowFiles(more: number): void {
    const open = readdirSync(`/proc/${this.process.pid}/fd`).length;
    this.#limit(String(open + more));
  }

  allowAllFiles(): void {
    this.#limit('1024');
  }

  #limit(files: string): void {
    execFileSync('prlimit', ['--pid', String(this.process.pid), `--nofile=${files}:`], { stdio: 'ignore' });
  }

  /** Whatever was done to it: it runs and serves again. */
  async revive(): Promise<void> {
    this.process.signal('SIGCONT');
    if (!this.process.running) return this.start();
    this.process.mayEnd = false;
    await until(() => this.ready(), `node ${this.index + 1} to be ready again`, startWithinMs);
  }
}
