/** The servers that ours is compared with, each a small process (`servers/`). */
import type { ChildProcess } from 'node:child_process';
import { ask, endProcess, nextMessage, type StartOptions, startProcess } from '../../shared/processes.ts';
import { type Dialogue, hubDialogue, hubPath } from './watchers.ts';

export type ServerName = 'raw-uws' | 'socket-io-on-uws' | 'socket-io-on-ws';

export interface Server {
  readonly child: ChildProcess;
  readonly pid: number;
  readonly url: string;
  /** How one comes to watch there. */
  readonly dialogue: Dialogue;
  /** Sends the same to all who watch, every so many ms. */
  publish(data: object, everyMs: number): Promise<void>;
  stopPublishing(): Promise<void>;
  /** Sends something once. */
  publishOnce(data: object): Promise<void>;
  stop(): Promise<void>;
}

const rawDialogue: Dialogue = { steps: [], ready: '', counted: '42["seats:changed"', heartbeat: '2' };

export async function startServer(name: ServerName, options: StartOptions = {}): Promise<Server> {
  const child = startProcess(new URL(`../servers/${name}.ts`, import.meta.url), {
    cores: 'measured',
    ...options,
  });
  const port = Number(await nextMessage(child));
  const isRaw = name === 'raw-uws';
  return {
    child,
    pid: child.pid as number,
    url: `ws://127.0.0.1:${port}${isRaw ? '/' : hubPath}`,
    dialogue: isRaw ? rawDialogue : hubDialogue('any'),
    async publish(data, everyMs) {
      await ask(child, { publish: data, everyMs });
    },
    async stopPublishing() {
      await ask(child, { stop: true });
    },
    async publishOnce(data) {
      await ask(child, { once: data });
    },
    stop: () => endProcess(child),
  };
}
