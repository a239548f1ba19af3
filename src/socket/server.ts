/**
 * The Socket.IO server on uWebSockets.js. Every ask of every socket takes the same steps; connections are kept as
 * light as socket.io allows.
 */

import type { TemplatedApp } from 'uWebSockets.js';
import { Server } from 'socket.io';
import { loadContracts } from '../contracts.ts';
import { type DisconnectCode, disconnects, wireDisconnect } from '../disconnects.ts';
import type { Dispatcher } from '../dispatch.ts';
import { RequestError } from '../errors.ts';
import type { Logger } from '../log.ts';
import type { RedisLinks } from '../redis/links.ts';
import type { Tokens } from '../session.ts';
import { type Cluster, guardedAdapter, type Notice, notices } from './adapter.ts';
import { ackFrame, isEvent, readAsk } from './ask-frame.ts';
import { sharedParser } from './decoder.ts';
import { eventRoom, userRoom, venueRoom } from './frame.ts';
import { type GuardCounts, type GuardOptions, guardApp, maxPayloadBytes } from './guard.ts';
import { allowRequest, authenticate, type HubSocket, nativeOf } from './handshake.ts';
import { Heartbeat, pingIntervalMs, pingTimeoutMs } from './heartbeat.ts';
import { lighten, withoutTimers } from './lighten.ts';
import type { Publisher } from './publish.ts';
import { reply } from './reply.ts';
import { SocketSessions } from './sessions.ts';
import { SlowReaders } from './slow-readers.ts';
import { SocketViewer } from './viewer.ts';

const connectTimeoutMs = 5000;
/** Stands for this node in rooms. No socket has such an id. */
const itself = 'node';
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
  readonly counts = { foreignOrigins: 0, withoutAck: 0, answers: 0, answerBytes: 0 };
  readonly cluster: Cluster;
  dispatcher: Dispatcher | undefined;
  readonly sessions: SocketSessions;
  readonly #heartbeat: Heartbeat;
  readonly #log: Logger;
  readonly #left: (this: HubSocket) => void;
  #draining = false;

  constructor(options: SocketServerOptions) {
    const { links, log, publisher } = options;
    this.#log = log;
    this.sessions = new SocketSessions(options.isRevoked, (socket, code) => this.#disconnect(socket, code));
    this.#heartbeat = new Heartbeat(options.app);
    const { sessions } = this;
    // One for all sockets, which is why it asks for `this`.
    this.#left = function (this: HubSocket) {
      sessions.leave(this);
      // A client may leave the namespace and keep the connection, which would stay in its rooms.
      this.conn.close();
    };
    const guarded = guardApp(options.app, options.guard, {
      opened: (ws) => this.#heartbeat.join(ws),
      received: (ws, frame) => this.#received(ws.getUserData().socket, frame),
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
      pingInterval: pingIntervalMs,
      pingTimeout: pingTimeoutMs,
      parser: sharedParser,
      maxHttpBufferSize: maxPayloadBytes,
      allowRequest: allowRequest(options.allowedOrigins, () => this.#draining, this.counts),
      adapter: adapter as never,
    });
    this.io.attachApp(guarded.app as never);
    this.io.engine.on('connection', withoutTimers);
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

  /** Whether anybody on this node shows the board of the venue. */
  isBoardWatched(venueId: string): boolean {
    return this.io.of('/').adapter.rooms.has(venueRoom(venueId));
  }

  /** Makes this node itself a viewer of an event: its ticks come from the other nodes as if a socket watched it. */
  follow(eventId: string): void {
    this.io.of('/').adapter.addAll(itself, new Set([eventRoom(eventId)]));
  }

  unfollow(eventId: string): void {
    this.io.of('/').adapter.del(itself, eventRoom(eventId));
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
      if (overMs > 0 && group < groups - 1 && sockets.length > 0)
        await new Promise((r) => setTimeout(r, overMs / groups));
    }
  }

  async close(): Promise<void> {
    this.sessions.stop();
    this.#heartbeat.stop();
    this.readers.stop();
    for (const socket of this.io.of('/').sockets.values()) socket.disconnect(true);
    await this.io.of('/').adapter.close();
  }

  #connected(socket: HubSocket): void {
    if (!this.sessions.enter(socket)) return;
    socket.on('disconnect' as never, this.#left as never);
    const { session } = socket.data;
    if (session) void socket.join(userRoom(session.userId));
    nativeOf(socket).getUserData().socket = socket;
    lighten(socket);
  }

  /**
   * Either way the connection is closed; a native socket that stayed open would stay subscribed to its rooms and hear
   * what it must not. A stock client that is disconnected by name stays away until its page connects again, so
   * whoever may come back finds the connection closed, as if a network had done it.
   */
  #disconnect(socket: HubSocket, code: DisconnectCode): void {
    this.guardCounts.disconnects[code] = (this.guardCounts.disconnects[code] ?? 0) + 1;
    (socket as { emit(name: string, data: unknown): void }).emit('server:disconnected', wireDisconnect(code));
    const { reconnect } = disconnects[code];
    if (reconnect === 'now' || reconnect === 'later') socket.conn.close();
    else socket.disconnect(true);
  }

  /** Nothing that a frame does can throw. @returns whether it was an ask */
  #received(socket: HubSocket | undefined, frame: Buffer): boolean {
    if (!socket?.connected) return false;
    const ask = readAsk(frame);
    if (!ask) {
      // Nobody waits for an answer, so nothing is done either.
      if (isEvent(frame)) this.counts.withoutAck++;
      return false;
    }
    reply(this.#ask(socket, ask.name, ask.args))
      .then((ack) => {
        if (!socket.connected) return;
        const frame = ackFrame(ask.id, ack);
        this.counts.answers++;
        this.counts.answerBytes += Buffer.byteLength(frame);
        nativeOf(socket).send(frame, false, false);
      })
      .catch((error) => this.#log.error({ err: error, message: ask.name }, 'could not answer'));
    return true;
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
      viewer: new SocketViewer(socket, this.readers, this.sessions),
    });
  }
}
