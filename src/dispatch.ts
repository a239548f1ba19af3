/**
 * The steps of every message, from a socket or over HTTP: limit, access, validate, handle (once per
 * request id, where the contract says so). Whatever is thrown leaves here as a `RequestError` that the contract allows; anything else becomes `internal`,
 * logged with its cause and told to nobody.
 */
import { hash } from 'node:crypto';
import type { Channel, Message, Viewer } from './channel.ts';
import { failWith } from './channel.ts';
import { type CompiledAsk, loadContracts } from './contracts.ts';
import { isOutage } from './database/database.ts';
import { errors, RequestError } from './errors.ts';
import type { Engine } from './hub.ts';
import type { Logger } from './log.ts';
import type { Session } from './session.ts';
import type { TokenBuckets } from './socket/limits.ts';
import { inSpan, spanned, type Tracing } from './telemetry/tracing.ts';

export interface Sender {
  /** Key of the connection's own bucket; undefined over HTTP. */
  readonly connection: string | undefined;
  readonly session: Session | undefined;
  readonly address: string;
  readonly viewer: Viewer | undefined;
  /** Over HTTP: the header Idempotency-Key. */
  readonly idempotencyKey?: string | undefined;
  /** Over HTTP: reads what is sent instead of JSON. */
  readonly body?: (() => Promise<Uint8Array<ArrayBuffer>>) | undefined;
}

export interface Buckets {
  readonly connections: TokenBuckets;
  readonly users: Pick<TokenBuckets, 'take'>;
  readonly addresses: TokenBuckets;
}

/** Stands for all the names that are none of ours. */
const unknownMessage = '(unknown)';

interface Entry {
  readonly contract: CompiledAsk;
  readonly message: Message;
}

export class Dispatcher {
  readonly entries = new Map<string, Entry>();
  /** Requests under way: a stopping node waits for them. */
  inFlight = 0;
  readonly counts = { requests: 0, refused: 0, internal: 0 };
  /** By code. */
  readonly refusals: Record<string, number> = {};
  /** What becomes of the time every message took. */
  observe: ((message: string, seconds: number) => void) | undefined;
  tracing: Tracing | undefined;
  readonly #engine: Engine;
  readonly #buckets: Buckets;
  readonly #log: Logger;

  /** A contract without a handler, or a handler without a contract, stops the start. */
  constructor(engine: Engine, channels: readonly Channel[], buckets: Buckets, log: Logger) {
    this.#engine = engine;
    this.#buckets = buckets;
    this.#log = log;
    const { asks } = loadContracts();
    for (const message of channels.flatMap((channel) => channel.messages)) {
      const contract = asks.get(message.name);
      if (!contract) throw new Error(`${message.name} has no contract in schemas/`);
      if (typeof message.access !== 'function') throw new Error(`${message.name} says nothing about access`);
      this.entries.set(message.name, { contract, message });
    }
    const missing = [...asks.keys()].filter((name) => !this.entries.has(name));
    if (missing.length > 0) throw new Error(`No handler in channels/ for ${missing.join(', ')}`);
  }

  /**
   * @param read gives the request, once it is clear that the sender may ask at all
   * @throws RequestError, always one that the message's contract allows
   */
  dispatch(name: string, read: () => unknown, sender: Sender): Promise<unknown> {
    if (!this.tracing) return this.#dispatch(name, read, sender);
    // A client may ask for as many names as it likes.
    const known = this.entries.has(name) ? name : unknownMessage;
    const work = () => this.#dispatch(name, read, sender);
    // Over HTTP the request has a span already.
    if (!sender.connection) return spanned(known, { 'seatcast.message': known }, work, 'internal');
    return inSpan(this.tracing.start(known, 'server', { 'seatcast.message': known }), work);
  }

  async #dispatch(name: string, read: () => unknown, sender: Sender): Promise<unknown> {
    const startedAt = performance.now();
    const entry = this.entries.get(name);
    this.inFlight++;
    this.counts.requests++;
    try {
      this.#limit(sender, entry?.contract.cost ?? 1);
      if (!entry) throw new RequestError('unknown-message');
      return await this.#answer(entry, read, sender);
    } catch (error) {
      throw this.#told(error, name, entry?.contract);
    } finally {
      this.inFlight--;
      this.observe?.(entry ? name : unknownMessage, (performance.now() - startedAt) / 1000);
    }
  }

  /** What follows once a message may be sent at all. */
  async #answer(entry: Entry, read: () => unknown, sender: Sender): Promise<unknown> {
    const session = entry.message.access(this.#unexpired(sender.session));
    const request = await read();
    entry.contract.checkRequest(request);
    const body = await sender.body?.();
    const requestId = (request as { requestId?: string }).requestId ?? sender.idempotencyKey;
    const by = {
      userId: session?.userId ?? null,
      sessionId: session?.id ?? null,
      requestId: requestId ?? null,
    };
    const handle = () =>
      entry.message.handle({
        engine: this.#engine,
        session,
        request: request as never,
        requestId: by.requestId,
        by: by as never,
        address: sender.address,
        viewer: sender.viewer,
        body,
        ask: (message, asked, key) =>
          this.#within(message, asked, { ...sender, idempotencyKey: key, body: undefined }),
        fail: failWith,
      });
    const once = () => {
      if (!entry.contract.once || !session || !requestId) return handle();
      const asked = body ? { ...(request as object), body: hash('sha256', body) } : request;
      return this.#engine.requests.once(session.userId, requestId, entry.message.name, asked, handle);
    };
    const answer = await once();
    const { cache } = this.#engine;
    // Whoever has the answer reads what they changed, on every node.
    if (cache.isSettling) await cache.settled();
    return answer;
  }

  /** A message that came as a part of another: all steps but the limit, which the other has paid. */
  async #within(name: string, request: object, sender: Sender): Promise<unknown> {
    const entry = this.entries.get(name);
    try {
      if (!entry) throw new RequestError('unknown-message');
      return await this.#answer(entry, () => request, sender);
    } catch (error) {
      throw this.#told(error, name, entry?.contract);
    }
  }

  #limit({ connection, session, address }: Sender, cost: number): void {
    const { connections, users, addresses } = this.#buckets;
    const now = performance.now();
    const wait =
      addresses.take(address, cost, now) ||
      (session ? users.take(session.userId, cost, now) : 0) ||
      (connection ? connections.take(connection, cost, now) : 0);
    if (wait > 0) throw new RequestError('rate-limited', { retryAfterMs: wait });
  }

  /** Timers may be late; a session is over at its time. */
  #unexpired(session: Session | undefined): Session | undefined {
    if (session && session.expiresAt <= Date.now()) throw new RequestError('unauthenticated');
    return session;
  }

  #told(error: unknown, name: string, contract: CompiledAsk | undefined): RequestError {
    const allowed =
      error instanceof RequestError && (errors[error.code].common || contract?.errors.includes(error.code));
    if (allowed) {
      this.counts.refused++;
      this.refusals[error.code] = (this.refusals[error.code] ?? 0) + 1;
      this.#log.debug({ message: name, code: error.code }, 'refused');
      return error;
    }
    if (isOutage(error)) {
      this.refusals['try-later'] = (this.refusals['try-later'] ?? 0) + 1;
      this.#log.warn({ err: error, message: name }, 'PostgreSQL is away');
      return new RequestError('try-later');
    }
    this.counts.internal++;
    this.#log.error({ err: error, message: name }, 'a request failed on our side');
    return new RequestError('internal');
  }
}
