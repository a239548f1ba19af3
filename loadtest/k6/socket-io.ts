/**
 * A Socket.IO client for k6, all in this file: copy it and import it from your own script. It needs k6 1.0 or
 * newer and nothing else.
 *
 *   import { SocketIo } from './socket-io.ts';
 *
 *   export default async function () {
 *     const socket = await SocketIo.connect('http://localhost:3000', { auth: { token: '…' } });
 *     socket.on('news', (news) => console.log(news));
 *     const answer = await socket.request('greet', { name: 'k6' }, { timeoutMs: 2000 });
 *     socket.close();
 *   }
 *
 * It speaks Engine.IO 4 over WebSocket and Socket.IO 5, as socket.io 3 and newer do: one namespace a connection,
 * text only. It has no polling, no binary attachments (they end the connection as `parse error`), no answers to
 * acks that the server asks for, and does not reconnect: when to come back is what a load test decides. Because
 * nothing blocks, one VU can hold many sockets; `Promise.all` over some tens of them is the way to use it. The VU
 * goes on until all its sockets are closed.
 */
import { type MessageEvent, WebSocket } from 'k6/websockets';

export interface SocketIoOptions {
  /** What the server reads as `socket.handshake.auth`. */
  auth?: Record<string, unknown>;
  /** Default '/'. */
  namespace?: string;
  /** Default '/socket.io/'. */
  path?: string;
  /** Sent with the upgrade, e.g. an Origin. */
  headers?: Record<string, string>;
  /** For opening, the handshake and the namespace together. Default 20000. */
  timeoutMs?: number;
}

/** Why a connection ended: the reasons of socket.io's own client. */
export type CloseReason =
  | 'io client disconnect'
  | 'io server disconnect'
  | 'ping timeout'
  | 'transport close'
  | 'transport error'
  | 'parse error';

/** Why there is no connection, or no answer. */
export class SocketIoError extends Error {
  override readonly name = 'SocketIoError';
  readonly reason: 'refused' | 'timeout' | CloseReason;
  /** With `refused`: what the server's middleware put into `error.data`. */
  readonly data: unknown;

  constructor(reason: SocketIoError['reason'], message: string, data?: unknown) {
    super(message);
    this.reason = reason;
    this.data = data;
  }
}

type Listener = (data: unknown, ...more: unknown[]) => void;
interface Waiting {
  resolve: (answer: unknown) => void;
  reject: (error: SocketIoError) => void;
  timer: ReturnType<typeof setTimeout>;
}

const defaultTimeoutMs = 20_000;
/** `readyState` of a WebSocket. */
const connecting = 0;

/**
 * Rooms send every member the same text, and parsing it is what costs most here: whoever gets a frame that another
 * socket of this VU got lately is given the same data. Listeners must not change what they are given.
 */
const parsedEvents = new Map<string, { name: string; data: unknown; more: unknown[] }>();
const rememberedEvents = 200;
function parseEvent(frame: string, start: number): { name: string; data: unknown; more: unknown[] } {
  const known = parsedEvents.get(frame);
  if (known) return known;
  // A number in front of the arguments asks for an ack, which is not given.
  const [name, data, ...more] = JSON.parse(frame.slice(frame.indexOf('[', start))) as [string, ...unknown[]];
  if (parsedEvents.size === rememberedEvents) parsedEvents.clear();
  parsedEvents.set(frame, { name, data, more });
  return { name, data, more };
}

export class SocketIo {
  /** The server's name for this socket. */
  id = '';
  /** Resolves when the connection has ended, for whatever reason. */
  readonly closed: Promise<CloseReason>;
  readonly #socket: WebSocket;
  /** Between the packet type and its content: nothing, or the namespace. */
  readonly #prefix: string;
  readonly #auth: Record<string, unknown>;
  readonly #listeners = new Map<string, readonly Listener[]>();
  readonly #waiting = new Map<number, Waiting>();
  #asked = 0;
  #reason: CloseReason | undefined;
  #lastMessage: MessageEvent | undefined;
  #aliveMs = 0;
  #watchdog: ReturnType<typeof setTimeout> | undefined;
  #connected: (error?: SocketIoError) => void = () => {};
  #ended: (reason: CloseReason) => void = () => {};

  private constructor(url: string, { auth, namespace, path, headers }: SocketIoOptions) {
    const address = `${url.replace(/^http/, 'ws').replace(/\/$/, '')}${path ?? '/socket.io/'}`;
    this.#auth = auth ?? {};
    this.#prefix = !namespace || namespace === '/' ? '' : `${namespace},`;
    this.closed = new Promise((resolve) => {
      this.#ended = resolve;
    });
    this.#socket = new WebSocket(`${address}?EIO=4&transport=websocket`, null, headers ? { headers } : {});
    this.#socket.onmessage = (event) => {
      if (!event || this.#reason !== undefined) return;
      this.#lastMessage = event;
      this.#received(event.data);
    };
    this.#socket.onerror = (event) => this.#end('transport error', event?.error);
    this.#socket.onclose = () => this.#end('transport close');
  }

  /** Resolves once the namespace has let us in. Rejects with a `SocketIoError`. */
  static connect(url: string, options: SocketIoOptions = {}): Promise<SocketIo> {
    const socket = new SocketIo(url, options);
    const timeoutMs = options.timeoutMs ?? defaultTimeoutMs;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        socket.#connected(new SocketIoError('timeout', `no connection to ${url} within ${timeoutMs} ms`));
        socket.close();
      }, timeoutMs);
      socket.#connected = (error) => {
        socket.#connected = () => {};
        clearTimeout(timer);
        if (error) reject(error);
        else resolve(socket);
      };
    });
  }

  /**
   * When the frame that is being handled came in, ms since 1970. k6 takes frames from the network at once, but a VU with
   * many sockets may be slow to get to them: what comes after an `await` of `request` should take the time from here.
   */
  get receivedAt(): number {
    return this.#lastMessage?.timestamp ?? Number.NaN;
  }

  /** What the server emits under this name. @returns a function that takes the listener away again */
  on<Data>(name: string, listener: (data: Data, ...more: unknown[]) => void): () => void {
    const others = () => (this.#listeners.get(name) ?? []).filter((each) => each !== listener);
    this.#listeners.set(name, [...others(), listener as Listener]);
    return () => this.#listeners.set(name, others());
  }

  /**
   * Emits and waits for the ack. Resolves with its first argument; rejects with a `SocketIoError`: `timeout`, or
   * why the connection ended meanwhile. @param timeoutMs default 20000
   */
  request<Answer>(
    name: string,
    data: unknown,
    { timeoutMs = defaultTimeoutMs }: { timeoutMs?: number } = {},
  ): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (this.#reason) return reject(new SocketIoError(this.#reason, `${name}: not connected`));
      const id = this.#asked++;
      const timer = setTimeout(() => {
        this.#waiting.delete(id);
        reject(new SocketIoError('timeout', `${name}: no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiting.set(id, { resolve: resolve as Waiting['resolve'], reject, timer });
      this.#socket.send(`42${this.#prefix}${id}${JSON.stringify([name, data])}`);
    });
  }

  /** Emits without asking for an answer. */
  emit(name: string, ...data: unknown[]): void {
    if (!this.#reason) this.#socket.send(`42${this.#prefix}${JSON.stringify([name, ...data])}`);
  }

  /** Leaves in order; what still waits for an answer is rejected. */
  close(): void {
    if (!this.#reason && this.id) this.#socket.send(`41${this.#prefix}`);
    this.#end('io client disconnect');
  }

  /** Ends the connection without a word to the server's Socket.IO, as a lost network does. */
  cut(): void {
    this.#end('transport close');
  }

  #received(frame: unknown): void {
    const type = typeof frame === 'string' ? frame.charAt(0) : '';
    if (typeof frame !== 'string') this.#end('parse error', 'a binary frame');
    else if (type === '4') this.#packet(frame.charAt(1), frame);
    else if (type === '2') {
      this.#socket.send('3');
      this.#stillAlive();
    } else if (type === '0') this.#opened(frame.slice(1));
    else if (type === '1') this.#end('transport close');
  }

  #opened(handshake: string): void {
    const { pingInterval, pingTimeout } = JSON.parse(handshake) as Record<string, number>;
    this.#aliveMs = (pingInterval ?? 25_000) + (pingTimeout ?? 20_000);
    this.#stillAlive();
    this.#socket.send(`40${this.#prefix}${JSON.stringify(this.#auth)}`);
  }

  /** The server pings; one that has not done so for an interval and its time-out is dead. */
  #stillAlive(): void {
    clearTimeout(this.#watchdog);
    this.#watchdog = setTimeout(() => this.#end('ping timeout'), this.#aliveMs);
  }

  #packet(type: string, frame: string): void {
    let start = 2;
    if (frame.charAt(2) === '/') {
      // Without content nothing but the namespace follows.
      const comma = frame.indexOf(',');
      start = comma < 0 ? frame.length : comma + 1;
    }
    if (type === '2') this.#event(frame, start);
    else if (type === '3') this.#answer(frame, start);
    else if (type === '0') {
      this.id = (JSON.parse(frame.slice(start)) as { sid: string }).sid;
      this.#connected();
    } else if (type === '1') this.#end('io server disconnect');
    else if (type === '4') {
      const { message, data } = JSON.parse(frame.slice(start)) as { message: string; data?: unknown };
      this.#connected(new SocketIoError('refused', message, data));
      this.#end('io server disconnect');
    } else this.#end('parse error', `packet ${type}`);
  }

  #event(frame: string, start: number): void {
    const { name, data, more } = parseEvent(frame, start);
    const listeners = this.#listeners.get(name) ?? [];
    // In the old way: iterators and spreading cost more than the rest, and this is done for every frame.
    for (let i = 0; i < listeners.length; i++) {
      if (more.length === 0) listeners[i]?.(data);
      else listeners[i]?.(data, ...more);
    }
  }

  #answer(frame: string, start: number): void {
    const content = frame.indexOf('[', start);
    const id = Number(frame.slice(start, content));
    const waiting = this.#waiting.get(id);
    // Late: it was given up.
    if (!waiting) return;
    this.#waiting.delete(id);
    clearTimeout(waiting.timer);
    waiting.resolve((JSON.parse(frame.slice(content)) as unknown[])[0]);
  }

  #end(reason: CloseReason, detail?: string): void {
    if (this.#reason) return;
    this.#reason = reason;
    clearTimeout(this.#watchdog);
    const error = new SocketIoError(reason, detail ? `${reason}: ${detail}` : reason);
    this.#connected(error);
    for (const { reject, timer } of this.#waiting.values()) {
      clearTimeout(timer);
      reject(error);
    }
    this.#waiting.clear();
    this.#ended(reason);
    // To close a socket that is still connecting stops the whole VU in k6 1.8, for ever if the connection fails.
    if (this.#socket.readyState === connecting) this.#socket.onopen = () => this.#socket.close();
    else this.#socket.close();
  }
}
