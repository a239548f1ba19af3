/**
 * Who is asking. Tokens are JWTs (jose) with an algorithm pinned to each key, issuer, audience and type, and keys
 * looked up by `kid` in our own list alone, as RFC 8725 asks.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jwtVerify, SignJWT } from 'jose';
import type { Role } from './contracts.gen.ts';
import { type PublicJwk, publicJwks, readTokenKeys, type TokenKey } from './token-keys.ts';

const issuer = 'seatcast';
const audience = 'seatcast-hub';
const type = 'at+jwt';
/** Clocks of nodes may differ by so much. */
const clockToleranceS = 5;
const maxTokenLength = 4096;

export interface Session {
  /** What is revoked: the sign-in it goes back to, however often its token was renewed since. */
  id: string;
  userId: string;
  role: Role;
  /** When its token runs out, ms since 1970. */
  expiresAt: number;
}

export const newSessionId = (): string => randomBytes(16).toString('base64url');

export class TokenError extends Error {
  override readonly name = 'TokenError';
}

export class Tokens {
  readonly #keys: Map<string, TokenKey>;
  readonly #signing: TokenKey;
  readonly #algorithms: string[];
  readonly #ttlMs: number;
  /** What others need to verify our tokens; empty with secrets. */
  readonly jwks: { keys: PublicJwk[] };

  /** @param keys "kid:secret,kid:@file" as in JWT_KEYS; the first signs */
  constructor(keys: string, ttlMs: number) {
    const read = readTokenKeys(keys);
    this.#signing = read[0] as TokenKey;
    this.#keys = new Map(read.map((key) => [key.kid, key]));
    this.#algorithms = [...new Set(read.map(({ algorithm }) => algorithm))];
    this.#ttlMs = ttlMs;
    this.jwks = publicJwks(read);
  }

  /** @param of the session it belongs to, and its end, ms since 1970; without them: one of its own, as long as usual */
  async sign(
    user: { id: string; role: Role },
    of: { sessionId?: string; until?: number } = {},
  ): Promise<{ token: string; session: Session }> {
    const now = Math.floor(Date.now() / 1000);
    const tokenId = newSessionId();
    const usual = now + Math.floor(this.#ttlMs / 1000);
    const session: Session = {
      id: of.sessionId ?? tokenId,
      userId: user.id,
      role: user.role,
      expiresAt: (of.until === undefined ? usual : Math.floor(of.until / 1000)) * 1000,
    };
    const { kid, algorithm, signs } = this.#signing;
    const token = await new SignJWT({ role: user.role, ...(of.sessionId ? { sid: of.sessionId } : {}) })
      .setProtectedHeader({ alg: algorithm, kid, typ: type })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(user.id)
      .setJti(tokenId)
      .setIssuedAt(now)
      .setExpirationTime(session.expiresAt / 1000)
      .sign(signs as NonNullable<typeof signs>);
    return { token, session };
  }

  /** @throws TokenError, which never says more than the reason's name */
  async verify(token: unknown): Promise<Session> {
    if (typeof token !== 'string' || token.length > maxTokenLength) throw new TokenError('not a token');
    try {
      const { payload } = await jwtVerify(
        token,
        ({ kid, alg }) => {
          const key = kid === undefined ? undefined : this.#keys.get(kid);
          if (!key) throw new TokenError('unknown key');
          // One key, one algorithm: a public key is never a secret.
          if (alg !== key.algorithm) throw new TokenError('wrong algorithm');
          return key.verifies;
        },
        {
          algorithms: this.#algorithms,
          issuer,
          audience,
          typ: type,
          clockTolerance: clockToleranceS,
          requiredClaims: ['exp', 'sub', 'jti', 'role'],
        },
      );
      const { sub, jti, exp, role, sid } = payload as {
        sub: string;
        jti: string;
        exp: number;
        role: Role;
        sid?: string;
      };
      return { id: sid ?? jti, userId: sub, role, expiresAt: exp * 1000 };
    } catch (error) {
      throw new TokenError(error instanceof Error ? error.name : 'invalid');
    }
  }
}

/** The development key: made once, kept in `dataDir`, readable by its owner alone. */
export function developmentKeys(dataDir: string): string {
  const file = join(dataDir, 'jwt-keys');
  if (!existsSync(file)) {
    mkdirSync(dataDir, { recursive: true });
    const secret = randomBytes(32).toString('base64url');
    const kid = createHash('sha256').update(secret).digest('hex').slice(0, 8);
    try {
      writeFileSync(file, `${kid}:${secret}`, { mode: 0o600, flag: 'wx' });
    } catch (error) {
      // Two nodes start at once: the other one's key is as good.
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    chmodSync(file, 0o600);
  }
  return readFileSync(file, 'utf8').trim();
}
