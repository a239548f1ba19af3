/**
 * A process full of connections that watch, over bare WebSockets, so that every kind of server is watched by
 * the same thing. Does what its parent asks, one thing at a time (`watchers.ts`).
 */
import { answerParent } from '../../shared/processes.ts';
import { WebSocket } from 'ws';
import type { SeatsChanged, SeatsWatchReply } from '../../../src/contracts.gen.ts';
import { decodeChanges, decodeSnapshot } from '../../../src/seats/codec.ts';
import { Replica, type Tick } from '../../../src/seats/replica.ts';
import { atOnce } from '../../shared/talk.ts';
import type { Arrival, Dialogue, WatchersTask } from './watchers.ts';

const connectAtOnce = 100;
const pong = Buffer.from('3');

let task: WatchersTask | undefined;
let watchers: Watcher[] = [];
let frames = 0;
let changes = 0;
/** By position: how many have it, and since when the last one. */
let arrivals = new Map<number, { count: number; lastAt: number }>();

class Watcher {
  readonly replica: Replica | undefined;
  readonly #task: WatchersTask;
  readonly #dialogue: Dialogue;
  readonly #counted: Buffer;
  #socket: WebSocket | undefined;
  #isClosing = false;
  /** Ticks that came before the map they belong to; undefined once that is there. */
  #early: Tick[] | undefined;

  constructor(task: WatchersTask, token?: string) {
    this.#task = task;
    this.#dialogue = token === undefined ? task.dialogue : withToken(task.dialogue, token);
    this.#counted = Buffer.from(task.dialogue.counted);
    this.replica = task.keep === 'maps' ? new Replica() : undefined;
  }

  /** Resolves when the server has said that this one is watching. */
  connect(): Promise<void> {
    const socket = new WebSocket(this.#task.url, { perMessageDeflate: false, skipUTF8Validation: true });
    this.#socket = socket;
    this.#isClosing = false;
    this.#early = [];
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      const since = Date.now();
      socket.on('close', (code, reason) => {
        // One that was cut says so when its successor is connecting already.
        if (!this.#isClosing && socket === this.#socket) {
          const after = `${Date.now() - since} ms after it connected`;
          throw new Error(`the server closed the connection of a watcher: ${code} ${reason}, ${after}`);
        }
      });
      const { steps, ready, heartbeat } = this.#dialogue;
      socket.on('open', () => {
        if (ready === '') resolve();
        for (const text of steps.filter(({ on }) => on === '').flatMap(({ say }) => say)) socket.send(text);
      });
      socket.on('message', (data: Buffer) => {
        if (data.subarray(0, this.#counted.length).equals(this.#counted)) return this.#counts(data);
        const text = data.toString();
        if (text === heartbeat) return socket.send(heartbeat === '2' ? pong : heartbeat, { binary: false });
        for (const { on, say } of steps) {
          if (on !== '' && text.startsWith(on)) for (const each of say) socket.send(each);
        }
        if (ready !== '' && text.startsWith(ready)) {
          this.#loads(text);
          resolve();
        }
      });
    });
  }

  cut(): void {
    this.#isClosing = true;
    this.#socket?.terminate();
  }

  #counts(data: Buffer): void {
    frames++;
    const { keep } = this.#task;
    if (keep === 'arrivals') arrived(data);
    if (keep === 'maps') this.#applies(data);
  }

  /** The answer to `seats:watch`. */
  #loads(text: string): void {
    if (!this.replica) return;
    const [ack] = JSON.parse(text.slice(text.indexOf('['))) as [{ ok: boolean; data: SeatsWatchReply }];
    const { epoch, position, snapshot } = ack.data;
    if (snapshot) this.replica.load(epoch, position, decodeSnapshot(snapshot));
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const tick of early) this.#apply(tick);
  }

  #applies(data: Buffer): void {
    const [, message] = JSON.parse(data.toString('utf8', 2)) as [string, SeatsChanged];
    const tick = { ...message, changes: decodeChanges(message.changes) };
    if (this.#early) this.#early.push(tick);
    else this.#apply(tick);
  }

  #apply(tick: Tick): void {
    changes += tick.changes.size;
    if (this.replica?.apply(tick) === 'gap') throw new Error('a watcher missed a tick');
  }
}

/** The same, but the CONNECT names somebody. */
const withToken = ({ steps, ...rest }: Dialogue, token: string): Dialogue => ({
  ...rest,
  steps: steps.map(({ on, say }) => ({
    on,
    say: say.map((text) => (text === '40' ? `40${JSON.stringify({ token })}` : text)),
  })),
});

function arrived(data: Buffer): void {
  const at = data.lastIndexOf('"to":') + 5;
  const to = Number.parseInt(data.toString('latin1', at, at + 12), 10);
  const arrival = arrivals.get(to) ?? { count: 0, lastAt: 0 };
  arrival.count++;
  arrival.lastAt = performance.timeOrigin + performance.now();
  arrivals.set(to, arrival);
}

/** What the parent may ask for, by name. */
const answers = {
  async connect(asked: WatchersTask): Promise<{ ms: number }> {
    task = asked;
    const start = performance.now();
    const more = Array.from({ length: asked.count }, (_, i) => new Watcher(asked, asked.tokens?.[i]));
    await atOnce(connectAtOnce, more, (watcher) => watcher.connect());
    watchers.push(...more);
    return { ms: performance.now() - start };
  },
  /** Seats that changed are counted by those who keep maps. */
  async count(): Promise<{ frames: number; changes: number }> {
    return { frames, changes };
  },
  async arrivals(): Promise<Arrival[]> {
    return Array.from(arrivals, ([to, arrival]) => ({ to, ...arrival })).sort((a, b) => a.to - b.to);
  },
  async forgetArrivals(): Promise<Record<string, never>> {
    arrivals = new Map();
    return {};
  },
  /** All at one moment; they come back as fast as they can. @returns after how many ms they watched again */
  async reconnect(): Promise<{ ms: number; eachMs: number[] }> {
    for (const watcher of watchers) watcher.cut();
    const start = performance.now();
    const eachMs: number[] = [];
    await atOnce(task?.comeBackAtOnce ?? connectAtOnce, watchers, async (watcher) => {
      await watcher.connect();
      eachMs.push(performance.now() - start);
    });
    return { ms: performance.now() - start, eachMs };
  },
  /** How many maps are at a position and look like this. */
  async right(expected: { position: number; seats: string }): Promise<{ right: number }> {
    const seats = Buffer.from(expected.seats, 'base64');
    const isRight = ({ replica }: Watcher) =>
      replica?.position === expected.position && Buffer.compare(replica.seats, seats) === 0;
    return { right: watchers.filter(isRight).length };
  },
  async leave(): Promise<Record<string, never>> {
    for (const watcher of watchers) watcher.cut();
    watchers = [];
    return {};
  },
};

export type WatcherAnswers = typeof answers;

answerParent(answers);
