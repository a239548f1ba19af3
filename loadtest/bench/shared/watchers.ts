/** Connections that watch, in processes beside the server's core. */
import type { MessageName, Messages } from '../../../src/contracts.gen.ts';
import { cpuSeconds } from './stage.ts';
import { type AskChild, asking, endProcess, startProcess } from '../../shared/processes.ts';
import type { WatcherAnswers } from './watchers-process.ts';

/** What a watcher says to a server of some kind until it watches, and which frames of it count. */
export interface Dialogue {
  /** What is said when something that begins like this has come; '': when the connection is open. */
  readonly steps: readonly { on: string; say: readonly string[] }[];
  /** How the answer begins after which it watches; '': the connection is enough. */
  readonly ready: string;
  /** How the frames begin that are counted. */
  readonly counted: string;
  readonly heartbeat: string;
}

export interface WatchersTask {
  url: string;
  dialogue: Dialogue;
  count: number;
  /** For a hub: one for each of the first, who connect with it. */
  tokens?: readonly string[];
  /** What they remember of the frames they get; it costs them time. */
  keep: 'nothing' | 'arrivals' | 'maps';
  /** How many connect at a time when all come back. */
  comeBackAtOnce?: number;
}

/** When the last of the watchers got a tick, in ms since 1970. */
export interface Arrival {
  to: number;
  count: number;
  lastAt: number;
}

const packet = <M extends MessageName>(id: number, message: M, request: Messages[M]['request']): string =>
  `42${id}${JSON.stringify([message, request])}`;

/** With our hub, or a Socket.IO server that answers `seats:watch`. */
export const hubDialogue = (eventId: string, token?: string): Dialogue => ({
  steps: [
    { on: '0', say: [token ? `40${JSON.stringify({ token })}` : '40'] },
    { on: '40', say: [packet(0, 'seats:watch', { eventId })] },
  ],
  ready: '430',
  counted: '42["seats:changed"',
  heartbeat: '2',
});

/** A tick is due at least every 40 ms while something changes. */
const quietMs = 250;

export const hubPath = '/socket.io/?EIO=4&transport=websocket';

export interface Watchers {
  ask: AskChild<WatcherAnswers>;
  /** Frames so far, once nothing comes any more. */
  settled(): Promise<number>;
  /** CPU seconds so far. */
  cpu(): number;
  close(): Promise<void>;
}

export function startWatchers(): Watchers {
  const child = startProcess(new URL('watchers-process.ts', import.meta.url), { cores: 'others' });
  const askChild = asking<WatcherAnswers>(child);
  return {
    ask: askChild,
    async settled() {
      for (let before = -1; ; ) {
        const { frames } = await askChild('count');
        if (frames === before) return frames;
        before = frames;
        await new Promise((resolve) => setTimeout(resolve, quietMs));
      }
    },
    cpu: () => cpuSeconds(child.pid as number),
    close: () => endProcess(child),
  };
}
