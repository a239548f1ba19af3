/**
 * Sessions: a sign-in and all that is renewed from it. An access token is short-lived and checked without the database;
 * a refresh token renews it once and is replaced by the next. One that comes a second time has been copied, so the
 * whole session ends (RFC 9700, 4.14; OWASP ASVS 5.0, 10.4.5).
 */
import { createHash, randomBytes } from 'node:crypto';
import { LockMode } from '@mikro-orm/core';
import { raw, type SqlEntityManager } from '@mikro-orm/postgresql';
import type { SignedIn } from '../contracts.gen.ts';
import { endSession, openSession, type PersonRow, renewSession } from '../database/account-statements.ts';
import type { Database } from '../database/database.ts';
import { SessionEntity } from '../database/entities.ts';
import { RequestError } from '../errors.ts';
import { newSessionId, type Session, type Tokens } from '../session.ts';
import type { EndedSession, EndedSessions } from './ended-sessions.ts';

/** However often it is renewed: after that somebody has to show a password again. */
const sessionMs = 90 * 24 * 3_600_000;
const refreshTokenBytes = 32;

/** Why a session ended, as the audit log has it. */
export type EndReason = 'signed-out' | 'password-changed' | 'account-changed' | 'kiosk-revoked';

export class Sessions {
  readonly #db: Database;
  readonly #tokens: Tokens;
  readonly ended: EndedSessions;
  readonly #tokenMs: number;
  readonly #refreshMs: number;
  /** Disconnects what a session has open, on every node. */
  onEnd: ((sessionId: string) => void) | undefined;

  constructor(parts: {
    db: Database;
    tokens: Tokens;
    ended: EndedSessions;
    tokenMs: number;
    refreshMs: number;
  }) {
    this.#db = parts.db;
    this.#tokens = parts.tokens;
    this.ended = parts.ended;
    this.#tokenMs = parts.tokenMs;
    this.#refreshMs = parts.refreshMs;
  }

  /**
   * @param provenHash of the password that was shown
   * @returns undefined if the account changed since: it is disabled, or has another password
   */
  async open(
    userId: string,
    provenHash: string | null,
    requestId: string | null,
  ): Promise<SignedIn | undefined> {
    const sessionId = newSessionId();
    const refreshToken = newRefreshToken();
    const [opened] = await this.#db.run(
      openSession,
      sessionId,
      userId,
      provenHash,
      sessionMs,
      this.#tokenMs,
      hashOf(refreshToken),
      this.#refreshMs,
      requestId,
    );
    return opened && this.#signedIn(opened, sessionId, refreshToken, opened.refresh_expires_at);
  }

  /** Throws `refresh-refused`, `refresh-superseded`. */
  async renew(refreshToken: string): Promise<SignedIn> {
    const next = newRefreshToken();
    const [row] = await this.#db.run(
      renewSession,
      hashOf(refreshToken),
      hashOf(next),
      this.#refreshMs,
      this.#tokenMs,
    );
    if (row?.verdict === 'renewed') {
      return this.#signedIn(row, row.session_id, next, row.refresh_expires_at);
    }
    if (row?.verdict === 'reused') await this.announce([{ id: row.session_id, leftMs: row.left_ms }]);
    throw new RequestError(row?.verdict === 'superseded' ? 'refresh-superseded' : 'refresh-refused');
  }

  /** The session of a token that counts; undefined: it does not, or its session has ended. Throws `try-later`. */
  async read(token: string): Promise<Session | undefined> {
    const session = await this.#tokens.verify(token).catch(() => undefined);
    return session && !(await this.ended.has(session.id)) ? session : undefined;
  }

  /** From now on its tokens are refused everywhere, and its sockets are let go of. */
  async end(session: Session, reason: EndReason, requestId: string | null): Promise<void> {
    const tokenMs = Math.max(0, session.expiresAt - Date.now());
    const [row] = await this.#db.run(endSession, session.id, session.userId, tokenMs, reason, requestId);
    await this.announce([{ id: session.id, leftMs: Math.max(tokenMs, row?.left_ms ?? 0) }]);
  }

  /**
   * Ends what a user has open, in the transaction that is the reason for it, but for `except`. Whoever calls it has
   * locked the user's row before, and announces what it returns once the transaction is committed.
   */
  async endAllOf(
    em: SqlEntityManager,
    userId: string,
    reason: EndReason,
    except?: string,
  ): Promise<EndedSession[]> {
    const open = await em.find(
      SessionEntity,
      { userId, endedAt: null, ...(except ? { id: { $ne: except } } : {}) },
      { lockMode: LockMode.PESSIMISTIC_WRITE, orderBy: { id: 'asc' } },
    );
    const ids = open.map(({ id }) => id);
    // By the clock of the database: nodes look for what ended lately.
    await em.nativeUpdate(SessionEntity, { id: { $in: ids } }, { endedAt: raw('now()'), endReason: reason });
    return open.map(({ id, tokensUntil }) => ({ id, leftMs: tokensUntil.getTime() - Date.now() }));
  }

  /** After the commit that ended them. */
  async announce(sessions: readonly EndedSession[]): Promise<void> {
    for (const { id } of sessions) this.onEnd?.(id);
    await this.ended.add(sessions);
  }

  async #signedIn(
    person: PersonRow,
    sessionId: string,
    refreshToken: string,
    refreshExpiresAt: string,
  ): Promise<SignedIn> {
    const { id, email, name, role } = person;
    const { token, session } = await this.#tokens.sign({ id, role }, { sessionId });
    return {
      user: { id, email, name, role },
      token,
      expiresAt: new Date(session.expiresAt).toISOString(),
      refreshToken,
      refreshExpiresAt: new Date(refreshExpiresAt).toISOString(),
    };
  }
}

const newRefreshToken = (): string => randomBytes(refreshTokenBytes).toString('base64url');

/** 256 random bits need no salt and no slow hash: there is nothing to guess. */
const hashOf = (refreshToken: string): string =>
  createHash('sha256').update(refreshToken).digest('base64url');
