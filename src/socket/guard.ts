/**
 * Stands between uWebSockets.js and engine.io, which passes none of these limits on: size, backlog and
 * lifetime of a connection, frames and bytes a second, the shape of a frame before anything parses it.
 * Whoever breaks them is disconnected with a named reason. Nothing but a new WebSocket reaches engine.io.
 */

import type { HttpRequest, HttpResponse, TemplatedApp, WebSocket, WebSocketBehavior } from 'uWebSockets.js';
import { STATUS_CODES } from 'node:http';
import { isIPv6 } from 'node:net';
import { type DisconnectCode, wireDisconnect } from '../disconnects.ts';
import { RequestError } from '../errors.ts';
import { problemParts } from '../http/problem.ts';
import { eventFrame } from './frame.ts';
import type { HubSocket } from './handshake.ts';
import { idleTimeoutS, isPong } from './heartbeat.ts';
import { TokenBuckets } from './limits.ts';

/** Bytes of one message. Our largest request, 50 seats, is below 1 KB. */
export const maxPayloadBytes = 16 * 1024;
/**
 * Bytes that may wait for a reader; a snapshot of 20,000 seats is 7 KB, a second of a rush 10 KB. Ticks are
 * held back long before (`slow-readers.ts`); this much is lost on who reads nothing at all.
 */
const maxBackpressureBytes = 128 * 1024;
/**
 * A connection older than this comes back on whichever node is least busy. uWebSockets.js counts minutes
 * modulo 240, so that 240 would close every connection within seconds.
 */
const maxLifetimeMin = 180;
/** Frames a second that no client of ours sends, 5 times the soft limit; those over the soft one get an error. */
const hardFactor = 5;
const bytesPerSecond = 64 * 1024;
export const maxDepth = 16;

/** When an address with too many connections may try again: one of them may have closed by then. */
const refusedForMs = 5000;

const closeCodes = { flooding: 4008, 'protocol-violation': 4002, 'too-slow': 4009 } as const;

/** What hangs on each connection. */
interface Connection {
  address: string;
  id: string;
  /** It does not read and is being closed. */
  slow?: true;
  /** It has asked to be let in. */
  tried?: true;
  /** Once it is in. */
  socket?: HubSocket;
}
export type GuardedSocket = WebSocket<Connection>;

/** Who follows what becomes of each connection. */
export interface ConnectionListener {
  opened(ws: GuardedSocket): void;
  /** Answers whether it takes the frame; else socket.io gets it. */
  received(ws: GuardedSocket, frame: Buffer): boolean;
  /** It has read some of what waited for it. */
  drained(ws: GuardedSocket): void;
  closed(ws: GuardedSocket): void;
}

export interface GuardOptions {
  connectionsPerAddress: number;
  messagesPerSecond: number;
  /** Whether X-Forwarded-For comes from a proxy of ours. */
  trustProxy: boolean;
}

export interface GuardCounts {
  connections: number;
  refusedAddresses: number;
  /** Frames that would have gone beyond the backlog; their connections were closed. */
  dropped: number;
  disconnects: Partial<Record<DisconnectCode, number>>;
}

/** Whom a request counts for: the last hop a proxy of ours has seen, or the peer. */
export function addressOf(res: HttpResponse, req: HttpRequest, trustProxy: boolean): string {
  let forwarded = '';
  if (trustProxy) {
    // Some proxies add a line of their own below the one the client sent: the last one counts.
    req.forEach((name, value) => {
      if (name === 'x-forwarded-for') forwarded = value.split(',').at(-1)?.trim() ?? '';
    });
  }
  return networkOf(forwarded || Buffer.from(res.getRemoteAddressAsText()).toString());
}

/** Whoever has one IPv6 address has the 2^64 of its network: they count as one. */
export function networkOf(address: string): string {
  if (!isIPv6(address) || address.includes('.')) return address;
  const [head = '', tail = ''] = address.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array.from({ length: 8 - head.length - tail.length }, () => '0');
  const groups = [...head, ...zeros, ...tail].map((group) => Number.parseInt(group, 16));
  // The loopback, and IPv4 addresses written as IPv6.
  if (groups.slice(0, 5).every((group) => group === 0)) return address;
  return `${groups
    .slice(0, 4)
    .map((group) => group.toString(16))
    .join(':')}::/64`;
}

/** @returns an app for `io.attachApp` that is `app` with guarded WebSocket routes */
export function guardApp(
  app: TemplatedApp,
  options: GuardOptions,
  listener: ConnectionListener,
): { app: TemplatedApp; counts: GuardCounts; closeTooSlow: (ws: GuardedSocket) => void } {
  const counts: GuardCounts = { connections: 0, refusedAddresses: 0, dropped: 0, disconnects: {} };
  const perAddress = new Map<string, number>();
  const frames = new TokenBuckets(options.messagesPerSecond * hardFactor);
  const bytes = new TokenBuckets(bytesPerSecond, 8);
  let lastId = 0;

  function refuse(ws: GuardedSocket, code: keyof typeof closeCodes): void {
    counts.disconnects[code] = (counts.disconnects[code] ?? 0) + 1;
    ws.send(eventFrame('server:disconnected', wireDisconnect(code)));
    ws.end(closeCodes[code], code);
  }

  function closeTooSlow(ws: GuardedSocket): void {
    const connection = ws.getUserData();
    if (connection.slow) return;
    connection.slow = true;
    refuse(ws, 'too-slow');
  }

  function fault(
    ws: GuardedSocket,
    frame: Uint8Array,
    isBinary: boolean,
  ): keyof typeof closeCodes | undefined {
    const { id } = ws.getUserData();
    const now = performance.now();
    if (frames.take(id, 1, now) > 0 || bytes.take(id, frame.length, now) > 0) return 'flooding';
    return isBinary || !isPlainFrame(frame) ? 'protocol-violation' : undefined;
  }

  function guarded(behavior: WebSocketBehavior<Connection>): WebSocketBehavior<Connection> {
    return {
      ...behavior,
      maxPayloadLength: maxPayloadBytes,
      maxBackpressure: maxBackpressureBytes,
      closeOnBackpressureLimit: true,
      idleTimeout: idleTimeoutS,
      // WebSocket's own pings: Engine.IO has its heartbeat.
      sendPingsAutomatically: false,
      maxLifetime: maxLifetimeMin,
      upgrade(res, req, context) {
        // A session id asks to move a connection to this one, past the Origin check.
        if (new URLSearchParams(req.getQuery()).has('sid')) {
          const details = { field: 'sid', allowed: 'must not be there: a connection cannot be taken over' };
          refuseUpgrade(res, new RequestError('invalid-request', details));
          return;
        }
        const address = addressOf(res, req, options.trustProxy);
        if ((perAddress.get(address) ?? 0) >= options.connectionsPerAddress) {
          counts.refusedAddresses++;
          const message = 'Too many connections from this address.';
          refuseUpgrade(res, new RequestError('rate-limited', { retryAfterMs: refusedForMs }, message));
          return;
        }
        const upgrade = res.upgrade.bind(res);
        res.upgrade = (userData, ...rest) => upgrade({ ...userData, address, id: String(++lastId) }, ...rest);
        return behavior.upgrade?.(res, req, context);
      },
      open(ws) {
        const { address } = ws.getUserData();
        counts.connections++;
        perAddress.set(address, (perAddress.get(address) ?? 0) + 1);
        listener.opened(ws);
        return behavior.open?.(ws);
      },
      message(ws, message, isBinary) {
        // One look at its bytes serves all.
        const frame = Buffer.from(message);
        const code = fault(ws, frame, isBinary);
        if (code) refuse(ws, code);
        // That something came is all it says.
        else if (!isPong(frame) && !listener.received(ws, frame))
          return behavior.message?.(ws, message, isBinary);
      },
      dropped(ws) {
        counts.dropped++;
        const connection = ws.getUserData();
        if (connection.slow) return;
        connection.slow = true;
        listener.closed(ws);
        counts.disconnects['too-slow'] = (counts.disconnects['too-slow'] ?? 0) + 1;
      },
      drain(ws) {
        listener.drained(ws);
      },
      close(ws, code, message) {
        listener.closed(ws);
        const { address } = ws.getUserData();
        counts.connections--;
        const left = (perAddress.get(address) ?? 1) - 1;
        if (left > 0) perAddress.set(address, left);
        else perAddress.delete(address);
        behavior.close?.(ws, code, message);
      },
    };
  }

  const proxy: TemplatedApp = new Proxy(app, {
    get(target, property) {
      if (property === 'ws') {
        return (pattern: string, behavior: WebSocketBehavior<Connection>) => {
          target.ws(pattern, guarded(behavior));
          return proxy;
        };
      }
      // Engine.IO's own answers to plain HTTP: there is no polling here.
      if (property === 'any') {
        return (pattern: string) => {
          target.any(pattern, (res) =>
            refuseUpgrade(res, new RequestError('invalid-request', webSocketOnly)),
          );
          return proxy;
        };
      }
      const value: unknown = Reflect.get(target, property);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        const result: unknown = value.apply(target, args);
        return result === target ? proxy : result;
      };
    },
  });
  return { app: proxy, counts, closeTooSlow };
}

const webSocketOnly = { field: 'transport', allowed: 'must be a WebSocket: there is no polling' };

/** Before there is a connection the answer is one of HTTP, and nothing of socket.io is in it. */
function refuseUpgrade(res: HttpResponse, error: RequestError): void {
  const { status, headers, body } = problemParts(error);
  res.writeStatus(`${status} ${STATUS_CODES[status]}`);
  for (const [name, value] of Object.entries(headers)) res.writeHeader(name, value);
  res.writeHeader('x-content-type-options', 'nosniff').end(body, true);
}

const code = (character: string) => character.charCodeAt(0);
const [quote, backslash, slash] = [code('"'), code('\\'), code('/')];
const [openArray, openObject] = [code('['), code('{')];
const [closeArray, closeObject] = [code(']'), code('}')];

/**
 * Whether a text frame is one that our clients send: pong, or connect, disconnect, event or ack of the one
 * namespace, without binary attachments, nested at most `maxDepth` deep. Deep nesting overflows the stack of what handles it
 * later, so it is counted before anything parses it.
 */
export function isPlainFrame(frame: Uint8Array): boolean {
  const [engine, packet] = [frame[0], frame[1]];
  // 1 close, 2 ping, 3 pong, 5 upgrade, 6 noop; 4 message
  if (engine !== code('4'))
    return frame.length <= 8 && engine !== undefined && '12356'.includes(String.fromCharCode(engine));
  if (packet === undefined || !'0123'.includes(String.fromCharCode(packet))) return false;
  if (frame[2] === slash) return false;
  let depth = 0;
  let inString = false;
  for (let i = 2; i < frame.length; i++) {
    const byte = frame[i];
    if (inString) {
      if (byte === backslash) i++;
      else if (byte === quote) inString = false;
    } else if (byte === quote) inString = true;
    else if (byte === openArray || byte === openObject) {
      if (++depth > maxDepth) return false;
    } else if (byte === closeArray || byte === closeObject) depth--;
  }
  return true;
}
