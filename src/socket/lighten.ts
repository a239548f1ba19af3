/**
 * What Engine.IO and Socket.IO keep for each connection and nobody reads: with a hundred thousand viewers that is
 * half of a node's memory. Found by looking at heap snapshots; `npm run bench -- memory` says what it is worth.
 */
import type { HubSocket } from './handshake.ts';

/** The parts of an Engine.IO connection that are its own business. */
interface EngineConnection {
  request: unknown;
  pingIntervalTimer: NodeJS.Timeout | null;
  cleanupFn: unknown[];
  sentCallbackFn: unknown[];
  transport: { removeAllListeners(name: string): void };
}

/** Called as soon as there is a connection: heartbeats are not its own (`heartbeat.ts`). */
export function withoutTimers(connection: unknown): void {
  const conn = connection as EngineConnection;
  if (conn.pingIntervalTimer) clearTimeout(conn.pingIntervalTimer);
  conn.pingIntervalTimer = null;
}

const noAcks = new Map<number, never>();

/** Called when a socket is in. */
export function lighten(socket: HubSocket): void {
  const conn = socket.conn as unknown as EngineConnection;
  // The upgrade request, with all its headers, a kilobyte; the handshake has copies of its parts.
  conn.request = null;
  (socket as { handshake: unknown }).handshake = null;
  // Answers of clients to asks of ours, of which there are none.
  (socket as unknown as { acks: Map<number, never> }).acks = noAcks;
  // They would add headers to polling requests.
  conn.transport.removeAllListeners('headers');
  // An array that has ever been pushed to keeps room for 17.
  conn.cleanupFn = [...conn.cleanupFn];
  conn.sentCallbackFn = [...conn.sentCallbackFn];
}
