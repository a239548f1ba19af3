/**
 * Somebody in front of the map: a connection that comes back by itself, and the map of `src/client/`, which follows
 * the ticks and asks for what it missed. Buyers are visitors with a token.
 */
import './browser-globals.ts';
import { SeatMap } from '../../src/client/seat-map.ts';
import type { MessageName, Messages, Tells } from '../../src/contracts.gen.ts';
import type { WireError } from '../../src/errors.ts';
import { answered, count, elapsed, moved, pause, sinceBeginning } from './journal.ts';
import type { AnswerName } from './journal-line.ts';
import { decodeOnce, nothingFree, SharedReplica } from './shared-replica.ts';
import { SocketIo, SocketIoError } from './socket-io.ts';

type Ack = { ok: true; data: never } | { ok: false; error: WireError };

/** A request that was refused. */
export class Refusal extends Error {
  readonly error: WireError;

  constructor(error: WireError) {
    super(error.code);
    this.error = error;
  }
}

export interface VisitorParts {
  nodes: readonly string[];
  /** Which node it prefers, and when it comes. */
  index: number;
  eventId: string;
  token?: string | undefined;
  /** Whether its screen is one of those whose moves are written down: to write down all costs more than to show them. */
  measured: boolean;
}

const answerWithinMs = 15_000;
const repeatForMs = 30_000;
const reconnectMs = 250;
const reconnectAtMostMs = 5000;

export class Visitor {
  readonly map: SeatMap;
  /** Resolves once its map can be trusted for the first time. */
  entered: Promise<void> | undefined;
  /** When the last answer to a request came, ms since the test began; to be read when it is here. */
  answeredAt = Number.NaN;
  /** When its map showed for the first time that nothing is free, ms since the test began. */
  nothingFreeAt: number | undefined;
  readonly #parts: VisitorParts;
  #socket: SocketIo | undefined;
  #attempts = 0;
  #left = false;
  /** What its screen shows. */
  #shown: { epoch: string; position: number } | undefined;

  constructor(parts: VisitorParts) {
    this.#parts = parts;
    const { eventId } = parts;
    const ask = (since: { epoch: string; position: number } | undefined) =>
      this.ask('seats:watch', { eventId, ...(since ? { since } : {}) }, 'watch');
    this.map = new SeatMap(eventId, ask, undefined, { decode: decodeOnce, replica: new SharedReplica() });
    if (parts.measured) this.map.on('changed', () => this.#moved());
  }

  /** Goes in; what fails on the way is tried again. */
  enter(): void {
    void this.#stay();
    this.entered = this.whenFresh().then(() => count('in'));
  }

  /** When the last frame that it has looked at came, ms since the test began. */
  get seenAt(): number {
    return this.#socket ? sinceBeginning(this.#socket.receivedAt) : elapsed();
  }

  whenFresh(): Promise<void> {
    if (this.map.fresh) return Promise.resolve();
    return new Promise((resolve) => {
      const off = this.map.on('fresh', (fresh) => {
        if (!fresh) return;
        off();
        resolve();
      });
    });
  }

  /** Asks once. Rejects with a `Refusal`, or with a `SocketIoError` when there was no answer. */
  async ask<M extends MessageName>(
    message: M,
    request: Messages[M]['request'],
    as?: AnswerName,
  ): Promise<Messages[M]['reply']> {
    const socket = this.#socket;
    if (!socket) throw new SocketIoError('transport close', `${message}: not connected`);
    const askedAt = elapsed();
    const ack = await socket.request<Ack>(message, request, { timeoutMs: answerWithinMs });
    this.answeredAt = sinceBeginning(socket.receivedAt);
    if (!ack.ok) throw new Refusal(ack.error);
    if (as) answered(as, askedAt, this.answeredAt);
    return ack.data;
  }

  /** Asks for a change, under one request id however often it is asked. */
  command<M extends MessageName>(
    message: M,
    request: Omit<Messages[M]['request'], 'requestId'>,
    as: AnswerName,
  ): Promise<Messages[M]['reply']> {
    return this.persist(message, { ...request, requestId: newRequestId() } as Messages[M]['request'], as);
  }

  /**
   * Asks until there is an answer, as `src/client/client.ts` does. The time it takes is that until the last of the
   * answers.
   */
  async persist<M extends MessageName>(
    message: M,
    request: Messages[M]['request'],
    as: AnswerName,
  ): Promise<Messages[M]['reply']> {
    const askedAt = elapsed();
    for (let attempt = 1; ; attempt++) {
      try {
        const reply = await this.ask(message, request);
        answered(as, askedAt, this.answeredAt);
        return reply;
      } catch (error) {
        const refused = error instanceof Refusal ? error.error : undefined;
        if (refused?.code === 'seats-taken') answered('refusal', askedAt, this.answeredAt);
        const later = refused ? refused.retry === 'later' : error instanceof SocketIoError;
        if (!later || elapsed() - askedAt > repeatForMs) throw error;
        await pause(Math.min(2000, 100 * 2 ** attempt) * (0.5 + Math.random() / 2));
      }
    }
  }

  /** Loses the connection, as when the network fails; it comes back by itself. */
  cut(): void {
    this.#socket?.cut();
    this.#away();
  }

  leave(): void {
    this.#left = true;
    this.map.disconnected();
    count('gaps', this.map.counts.gaps);
    this.#socket?.close();
  }

  /** Connects, and again after each loss, to the next node. */
  async #stay(): Promise<void> {
    const { nodes, index, token } = this.#parts;
    while (!this.#left) {
      const node = nodes[(index + this.#attempts) % nodes.length] as string;
      try {
        const socket = await SocketIo.connect(node, token ? { auth: { token } } : {});
        this.#listen(socket);
        this.#socket = socket;
        this.#resync(socket);
        await socket.closed;
        this.#away();
        if (!this.#left) count('lost');
      } catch (error) {
        if (!(error instanceof SocketIoError)) throw error;
      }
      if (this.#left) return;
      const wait = Math.min(reconnectAtMostMs, reconnectMs * 2 ** Math.min(this.#attempts, 10));
      this.#attempts++;
      await pause(wait * (0.5 + Math.random() / 2));
    }
  }

  #away(): void {
    this.#socket = undefined;
    this.map.disconnected();
    this.#shown = undefined;
  }

  #resync(socket: SocketIo): void {
    this.map.resync().then(
      () => {
        this.#attempts = 0;
        this.#moved();
      },
      () => {
        const again = () => this.#socket === socket && this.#resync(socket);
        setTimeout(again, 500 + Math.random() * 500);
      },
    );
  }

  #listen(socket: SocketIo): void {
    socket.on('seats:changed', (tick: Tells['seats:changed']) => {
      this.map.tick(tick);
      if (this.nothingFreeAt === undefined && nothingFree(this.map.replica.seats)) {
        this.nothingFreeAt = this.seenAt;
      }
      // A tick may change nothing but the position.
      if (this.#parts.measured) this.#moved();
    });
    socket.on('seats:snapshot', (snapshot: Tells['seats:snapshot']) => this.map.snapshot(snapshot));
    socket.on('seats:position', (beacon: Tells['seats:position']) => this.map.beacon(beacon));
  }

  /** The map may be at another position now. Having been away is no news that came late. */
  #moved(): void {
    if (!this.#parts.measured) return;
    const { epoch, position } = this.map.replica;
    const shown = this.#shown;
    if (shown?.position === position && shown.epoch === epoch) return;
    if (shown?.epoch === epoch) moved(epoch, shown.position, position, this.seenAt);
    this.#shown = { epoch, position };
  }
}

/** k6 has no `crypto.randomUUID`; any text that is new will do. */
function newRequestId(): string {
  const part = () => Math.floor(Math.random() * 2 ** 32).toString(36);
  return `k6-${__VU}-${part()}${part()}${part()}`;
}
