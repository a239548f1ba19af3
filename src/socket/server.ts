/**
 * The Socket.IO server on uWebSockets.js. One listener a socket takes every message through the same
 * steps; connections are kept as light as socket.io allows.
 */

import type { TemplatedApp } from 'uWebSockets.js';
import { Server } from 'socket.io';
import { loadContracts } from '../contracts.ts';
import { type DisconnectCode, wireDisconnect } from '../disconnects.ts';
import type { Dispatcher } from '../dispatch.ts';
import { RequestError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { RedisLinks } from '../redis/links.ts';
import type { Session, Tokens } from '../session.ts';
import { type Cluster, guardedAdapter, type Notice, notices } from './adapter.ts';
import { eventRoom, userRoom } from './frame.ts';
import { type GuardCounts, type GuardOptions, guardApp, maxPayloadBytes } from './guard.ts';
import { allowRequest, authenticate, type HubSocket } from './handshake.ts';
import type { Publisher } from './publish.ts';
import { type Ack, reply } from './reply.ts';
import { SlowReaders } from './slow-readers.ts';
import { viewerOf } from './viewer.ts';

const connectTimeoutMs = 5000;
/** setTimeout takes a longer wait for no wait at all. */
const longestTimerMs = 2 ** 31 - 1;
/** A notice that a session was revoked may get lost on its way between nodes: so often they are looked up. */
const recheckEveryMs = 30_000;
const recheckAtOnce = 200;
/** A socket may be past the look-up of its session, but not in yet, when the session is revoked. */
const enteringMs = 10_000;

export interface SocketServerOptions {
  app: TemplatedApp;
  guard: GuardOptions;
  links: RedisLinks;
  channelPrefix: string;
  tokens: Tokens;
  allowedOrigins: () => ReadonlySet<string>;
  isRevoked: (sessionId: string) => Promise<boolean>;
  publisher: Publisher;
  log: Logger;
  /** From other nodes: an event or a session changed. */
  onNotice: (notice: Notice, id: string) => void;
}

export class SocketServer {
  readonly io: Server;
  readonly guardCounts: GuardCounts;
  readonly readers: SlowReaders;
  readonly counts = { foreignOrigins: 0, withoutAck: 0 };
  readonly cluster: Cluster;
  dispatcher: Dispatcher | undefined;
  readonly #sessions = new Map<string, Set<HubSocket>>();
  /** Sessions that ended just now. */
  readonly #ended = new Set<string>();
  readonly #isRevoked: SocketServerOptions['isRevoked'];
  readonly #recheck: NodeJS.Timeout;
  readonly #log: Logger;
  #draining = false;

  constructor(options: SocketServerOptions) {
    const { links, log, publisher } = options;
    this.#log = log;
    this.#isRevoked = options.isRevoked;
    this.#recheck = setInterval(() => void this.recheckSessions(), recheckEveryMs).unref();
    const guarded = guardApp(options.app, options.guard, {
      drained: (ws) => this.readers.drained(ws),
      closed: (ws) => this.readers.forget(ws),
    });
    this.guardCounts = guarded.counts;
    this.readers = new SlowReaders(() => publisher.maps, guarded.closeTooSlow);
    const { adapter, cluster } = guardedAdapter(links, options.channelPrefix, log, (room, name, data) =>
      publisher.fromRemote(room, name, data),
    );
    this.cluster = cluster;
    this.io = new Server({
      transports: ['websocket'],
      allowUpgrades: false,
      serveClient: false,
      connectTimeout: connectTimeoutMs,
      maxHttpBufferSize: maxPayloadBytes,
      allowRequest: allowRequest(options.allowedOrigins, () => this.#draining, this.counts),
      adapter: adapter as never,
    });
    this.io.attachApp(guarded.app as never);
    this.io.use(authenticate(options.tokens, options.isRevoked, log) as never);
    this.io.on('connection', (socket) => this.#connected(socket as unknown as HubSocket));
    for (const notice of notices) {
      this.io.on(notice, (id: unknown) => typeof id === 'string' && options.onNotice(notice, id));
    }
  }

  get connections(): number {
    return this.guardCounts.connections;
  }

  /** To every other node. */
  notify(notice: Notice, id: string): void {
    try {
      this.io.serverSideEmit(notice, id);
    } catch (error) {
      this.#log.debug({ err: error }, 'could not notify the other nodes');
    }
  }

  /** Whether anybody on this node is in the room of the event. */
  isWatched(eventId: string): boolean {
    return this.io.of('/').adapter.rooms.has(eventRoom(eventId));
  }

  /** Disconnects every socket of a session on this node. */
  endSession(sessionId: string): void {
    this.#ended.add(sessionId);
    setTimeout(() => this.#ended.delete(sessionId), enteringMs).unref();
    for (const socket of this.#sessions.get(sessionId) ?? []) this.#disconnect(socket, 'session-revoked');
  }

  /** Ends the sessions that were revoked without this node being told. */
  async recheckSessions(): Promise<void> {
    const ids = [...this.#sessions.keys()];
    for (let i = 0; i < ids.length; i += recheckAtOnce) {
      const some = ids.slice(i, i + recheckAtOnce);
      const revoked = await Promise.all(some.map(this.#isRevoked)).catch(() => undefined);
      // Redis is away: nobody can revoke anything, and the next round comes soon.
      if (!revoked) return;
      for (const [at, id] of some.entries()) if (revoked[at]) this.endSession(id);
    }
  }

  /** Lets nobody in any more, and refuses what is asked from now on. */
  refuseNew(): void {
    this.#draining = true;
  }

  /** Sends those who are here to other nodes, spread over `overMs`. */
  async drain(overMs: number): Promise<void> {
    this.refuseNew();
    const sockets = [...this.io.of('/').sockets.values()] as unknown as HubSocket[];
    const groups = 10;
    for (let group = 0; group < groups; group++) {
      for (let i = group; i < sockets.length; i += groups) {
        this.#disconnect(sockets[i] as HubSocket, 'server-draining');
      }
      if (overMs > 0 && group < groups - 1) await new Promise((r) => setTimeout(r, overMs / groups));
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#recheck);
    this.readers.stop();
    for (const socket of this.io.of('/').sockets.values()) socket.disconnect(true);
    await this.io.of('/').adapter.close();
  }

  #connected(socket: HubSocket): void {
    const { session } = socket.data;
    if (session && this.#ended.has(session.id)) {
      this.#disconnect(socket, 'session-revoked');
      return;
    }
    // A client may leave the namespace and keep the connection, which would stay in its rooms.
    socket.on('disconnect' as never, () => void socket.conn.close());
    if (session) {
      void socket.join(userRoom(session.userId));
      this.#endInTime(socket, session);
    }
    // Nobody reads the upgrade request any more, and it is a kilobyte for every viewer.
    (socket.conn as { request: unknown }).request = null;
    const listen = (name: string, ...args: unknown[]) => this.#listen(socket, name, args);
    socket.onAny(listen);
  }

  #endInTime(socket: HubSocket, session: Session): void {
    const ofSession = this.#sessions.get(session.id) ?? new Set();
    this.#sessions.set(session.id, ofSession.add(socket));
    const wait = Math.min(longestTimerMs, Math.max(0, session.expiresAt - Date.now()));
    const timer = setTimeout(() => this.#disconnect(socket, 'session-expired'), wait);
    timer.unref();
    socket.on('disconnect' as never, () => {
      clearTimeout(timer);
      ofSession.delete(socket);
      if (ofSession.size === 0) this.#sessions.delete(session.id);
    });
  }

  /**
   * `disconnect(true)` closes the connection; without it the native socket would stay subscribed to its
   * rooms and hear what it must not.
   */
  #disconnect(socket: HubSocket, code: DisconnectCode): void {
    this.guardCounts.disconnects[code] = (this.guardCounts.disconnects[code] ?? 0) + 1;
    (socket as { emit(name: string, data: unknown): void }).emit('server:disconnected', wireDisconnect(code));
    socket.disconnect(true);
  }

  /** Every packet of every socket comes through here; nothing it does can throw. */
  #listen(socket: HubSocket, name: string, args: unknown[]): void {
    const last = args.at(-1);
    if (typeof last !== 'function') {
      // Nobody waits for an answer, so nothing is done either.
      this.counts.withoutAck++;
      return;
    }
    args.pop();
    reply(this.#ask(socket, name, args))
      .then((ack) => (last as (ack: Ack) => void)(ack))
      .catch((error) => this.#log.error({ err: error, message: name }, 'could not answer'));
  }

  async #ask(socket: HubSocket, name: string, args: unknown[]): Promise<unknown> {
    if (this.#draining) throw new RequestError('server-draining');
    if (!this.dispatcher || loadContracts().asks.get(name)?.socket === false) {
      throw new RequestError('unknown-message');
    }
    if (args.length !== 1) {
      throw new RequestError('invalid-request', {
        field: '(the whole request)',
        allowed: `one object and an ack, found ${args.length} arguments`,
      });
    }
    const { session, address } = socket.data;
    return this.dispatcher.dispatch(name, () => args[0], {
      connection: socket.id,
      session,
      address,
      viewer: viewerOf(socket, this.readers),
    });
  }
}
