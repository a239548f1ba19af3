import { io, type Socket } from 'socket.io-client';
import type { MessageName, Messages } from '../../../src/contracts.gen.ts';
import type { WireError } from '../../../src/errors.ts';
import { pause } from '../stage/wait.ts';

export type Answer<M extends MessageName> =
  | { type: 'ok'; data: Messages[M]['reply'] }
  | { type: 'refused'; error: WireError }
  | { type: 'unknown'; error: 'timeout' | 'connection-lost' };

/** A payment waits for its provider for 15 s. */
const answerMs = (message: MessageName) => (message === 'bookings:checkout' ? 20_000 : 10_000);
/** So long at first; then longer each time, since a busy machine is slow rather than dead. */
const connectMs = 2000;
const connectAtMostMs = 16_000;

/** One buyer's way to the hub: to one node at a time, and to the next one when that is lost. */
export class Connection {
  readonly #urls: string[];
  readonly #token: string;
  /** Told of all that was not asked for. */
  readonly #heard: ((name: string, data: unknown) => void) | undefined;
  #socket: Socket | undefined;
  #closed = false;
  #connectMs = connectMs;
  node: number;

  constructor(
    urls: string[],
    token: string,
    node: number,
    heard: ((name: string, data: unknown) => void) | undefined = undefined,
  ) {
    this.#urls = urls;
    this.#token = token;
    this.#heard = heard;
    this.node = node;
    this.#connect();
  }

  /** Waits for a connection. @returns whether there is one in time */
  async ready(withinMs: number): Promise<boolean> {
    const end = performance.now() + withinMs;
    while (!this.#socket?.connected) {
      if (this.#closed || performance.now() > end) return false;
      await pause(10);
    }
    return true;
  }

  async ask<M extends MessageName>(message: M, request: Messages[M]['request']): Promise<Answer<M>> {
    const socket = this.#socket;
    if (!socket?.connected) return { type: 'unknown', error: 'connection-lost' };
    return new Promise((resolve) => {
      const lost = () => resolve({ type: 'unknown', error: 'connection-lost' });
      socket.once('disconnect', lost);
      socket.timeout(answerMs(message)).emit(message, request, (timeout: Error | null, reply: Reply<M>) => {
        socket.off('disconnect', lost);
        if (timeout) resolve({ type: 'unknown', error: 'timeout' });
        else resolve(reply.ok ? { type: 'ok', data: reply.data } : { type: 'refused', error: reply.error });
      });
    });
  }

  /** Breaks the connection as a tunnel does, and goes to the next node. */
  move(): void {
    const socket = this.#socket;
    if (socket?.connected) socket.io.engine.close();
    else this.#next(socket);
  }

  close(): void {
    this.#closed = true;
    this.#socket?.disconnect();
  }

  #connect(): void {
    if (this.#closed) return;
    const socket = io(this.#urls[this.node] as string, {
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: this.#connectMs,
      auth: { token: this.#token },
    });
    this.#socket = socket;
    if (this.#heard) socket.onAny(this.#heard);
    socket.on('connect', () => {
      this.#connectMs = connectMs;
    });
    socket.on('disconnect', () => this.#next(socket));
    socket.on('connect_error', () => this.#next(socket));
    // The manager's time-out ends with the handshake; a node may stop right after it.
    setTimeout(
      () => socket === this.#socket && !socket.connected && this.#next(socket),
      this.#connectMs + 500,
    );
  }

  #next(from: Socket | undefined): void {
    if (this.#closed || from !== this.#socket) return;
    this.#socket = undefined;
    if (from && !from.connected) this.#connectMs = Math.min(connectAtMostMs, this.#connectMs * 2);
    from?.disconnect();
    this.node = (this.node + 1) % this.#urls.length;
    setTimeout(() => this.#connect(), 50 + Math.random() * 200);
  }
}

type Reply<M extends MessageName> =
  | { ok: true; data: Messages[M]['reply'] }
  | { ok: false; error: WireError };
