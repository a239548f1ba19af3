/**
 * Who may open a socket. The Origin is checked while the connection is upgraded: synchronously, because
 * an answer that comes later ends the process. The token is checked afterwards, in the namespace's
 * middleware.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'socket.io';
import { type DisconnectCode, wireDisconnect } from '../disconnects.ts';
import type { Logger } from '../log.ts';
import type { GuardedSocket } from './guard.ts';
import { type Session, TokenError, type Tokens } from '../session.ts';

/** What we keep on a socket. */
export interface SocketData {
  session: Session | undefined;
  address: string;
}
export type HubSocket = Socket<never, never, never, SocketData>;

/** The connection under a socket. Only while the socket is connected: a closed one throws at every touch. */
export const nativeOf = (socket: HubSocket): GuardedSocket =>
  (socket.conn as unknown as { transport: { socket: GuardedSocket } }).transport.socket;

/**
 * Browsers always send an Origin and cannot forge it, so it must be exactly one of ours. What sends none
 * is no browser, and gets in with or without a token like everybody else.
 */
export function originAllowed(origin: string | undefined, allowed: ReadonlySet<string>): boolean {
  return origin === undefined || allowed.has(origin);
}

/** For socket.io's `allowRequest`. */
export const allowRequest =
  (allowed: () => ReadonlySet<string>, draining: () => boolean, counts: { foreignOrigins: number }) =>
  (req: IncomingMessage, callback: (error: string | null | undefined, success: boolean) => void): void => {
    const ok = originAllowed(req.headers.origin, allowed());
    if (!ok) counts.foreignOrigins++;
    callback(ok ? null : 'origin-not-allowed', ok && !draining());
  };

/** Refuses a connection with a code of `disconnects.ts` in `error.data`. */
class Refused extends Error {
  readonly data: ReturnType<typeof wireDisconnect>;

  constructor(code: DisconnectCode) {
    super(code);
    this.data = wireDisconnect(code);
  }
}

/**
 * Reads the token, if there is one, into a session. Nothing of the client's handshake is kept. A connection
 * has one try: a second CONNECT, sent before the first is answered, would make a second socket on it.
 */
export function authenticate(
  tokens: Tokens,
  isRevoked: (sessionId: string) => Promise<boolean>,
  log: Logger,
) {
  return async (socket: HubSocket, next: (error?: Error) => void): Promise<void> => {
    const connection = nativeOf(socket).getUserData();
    if (connection.tried) {
      socket.conn.close();
      return next(new Refused('protocol-violation'));
    }
    connection.tried = true;
    const { token } = socket.handshake.auth as { token?: unknown };
    // What a client put there could be read by other nodes, and may be nested as deep as it likes.
    socket.handshake.auth = {};
    try {
      const session = token === undefined || token === null ? undefined : await tokens.verify(token);
      if (session && (await isRevoked(session.id))) return next(new Refused('session-revoked'));
      socket.data = { session, address: connection.address };
      next();
    } catch (error) {
      if (error instanceof TokenError) return next(new Refused('token-invalid'));
      // Redis keeps the list of revoked sessions: without it nobody is let in as somebody.
      log.warn({ err: error }, 'could not check a token');
      next(new Refused('try-later'));
    }
  };
}
