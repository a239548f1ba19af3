/**
 * The sockets of each session on this node, so that they end with it: when it expires, when it is revoked here, and
 * when it was revoked elsewhere and the notice of it got lost.
 */
import type { DisconnectCode } from '../disconnects.ts';
import type { Session } from '../session.ts';
import type { HubSocket } from './handshake.ts';

const expireEveryMs = 1000;
/** A notice that a session was revoked may get lost on its way between nodes: so often they are looked up. */
const recheckEveryMs = 30_000;
const recheckAtOnce = 200;
/** A socket may be past the look-up of its session, but not in yet, when the session is revoked. */
const enteringMs = 10_000;

interface Entry {
  /** When the first of the sockets' tokens runs out, ms since 1970: each came with one of its own. */
  expiresAt: number;
  sockets: HubSocket[];
}

export class SocketSessions {
  readonly #entries = new Map<string, Entry>();
  /** Sessions that ended just now. */
  readonly #ended = new Set<string>();
  readonly #isRevoked: (sessionId: string) => Promise<boolean>;
  readonly #disconnect: (socket: HubSocket, code: DisconnectCode) => void;
  readonly #timers: NodeJS.Timeout[];

  constructor(
    isRevoked: (sessionId: string) => Promise<boolean>,
    disconnect: (socket: HubSocket, code: DisconnectCode) => void,
  ) {
    this.#isRevoked = isRevoked;
    this.#disconnect = disconnect;
    this.#timers = [
      setInterval(() => this.#expire(), expireEveryMs).unref(),
      setInterval(() => void this.recheck(), recheckEveryMs).unref(),
    ];
  }

  /** @returns false if its session has ended while it was let in: it is disconnected */
  enter(socket: HubSocket): boolean {
    const { session } = socket.data;
    if (!session) return true;
    if (this.#ended.has(session.id)) {
      this.#disconnect(socket, 'session-revoked');
      return false;
    }
    const entry = this.#entries.get(session.id);
    if (entry) {
      entry.sockets.push(socket);
      entry.expiresAt = Math.min(entry.expiresAt, session.expiresAt);
    } else this.#entries.set(session.id, { expiresAt: session.expiresAt, sockets: [socket] });
    return true;
  }

  leave(socket: HubSocket): void {
    const { session } = socket.data;
    const entry = session && this.#entries.get(session.id);
    if (!entry) return;
    const left = entry.sockets.filter((other) => other !== socket);
    if (left.length === 0) this.#entries.delete(session.id);
    else entry.sockets = left;
  }

  /** The socket goes on with a newer token of its session. */
  renew(socket: HubSocket, session: Session): void {
    socket.data.session = session;
    const entry = this.#entries.get(session.id);
    if (entry) entry.expiresAt = firstEnd(entry.sockets);
  }

  /** Whether a session has sockets here. */
  has(sessionId: string): boolean {
    return this.#entries.has(sessionId);
  }

  /** Disconnects every socket of a session. */
  end(sessionId: string): void {
    this.#ended.add(sessionId);
    setTimeout(() => this.#ended.delete(sessionId), enteringMs).unref();
    this.#disconnectAll(sessionId, 'session-revoked');
  }

  /** Ends the sessions that were revoked without this node being told. */
  async recheck(): Promise<void> {
    const ids = [...this.#entries.keys()];
    for (let i = 0; i < ids.length; i += recheckAtOnce) {
      const some = ids.slice(i, i + recheckAtOnce);
      const revoked = await Promise.all(some.map(this.#isRevoked)).catch(() => undefined);
      // Redis is away: nobody can revoke anything, and the next round comes soon.
      if (!revoked) return;
      for (const [at, id] of some.entries()) if (revoked[at]) this.end(id);
    }
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
  }

  /** One look at all of them instead of a timer for each. */
  #expire(): void {
    const now = Date.now();
    for (const entry of this.#entries.values()) {
      if (entry.expiresAt > now) continue;
      // Whoever is disconnected leaves at once.
      for (const socket of [...entry.sockets]) {
        if ((socket.data.session?.expiresAt ?? 0) <= now) this.#disconnect(socket, 'session-expired');
      }
      entry.expiresAt = firstEnd(entry.sockets);
    }
  }

  #disconnectAll(sessionId: string, code: DisconnectCode): void {
    // Whoever is disconnected leaves at once.
    for (const socket of [...(this.#entries.get(sessionId)?.sockets ?? [])]) this.#disconnect(socket, code);
  }
}

const firstEnd = (sockets: readonly HubSocket[]): number =>
  sockets.reduce(
    (first, { data }) => Math.min(first, data.session?.expiresAt ?? 0),
    Number.POSITIVE_INFINITY,
  );
