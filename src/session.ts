/**
 * Who is asking. Tokens are JWTs (jose) with a pinned algorithm, issuer, audience and type, and keys
 * looked up by `kid` in our own list alone, as RFC 8725 asks.
 */
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jwtVerify, SignJWT } from 'jose';
import type { Role } from './contracts.gen.ts';

const algorithm = 'HS256';
const issuer = 'seatcast';
const audience = 'seatcast-hub';
const type = 'at+jwt';
/** Clocks of nodes may differ by so much. */
const clockToleranceS = 5;
const maxTokenLength = 4096;

export interface Session {
  /** The token's id: what is revoked. */
  id: string;
  userId: string;
  role: Role;
  /** ms since 1970 */
  expiresAt: number;
}

export class TokenError extends Error {
  override readonly name = 'TokenError';
}

export class Tokens {
  readonly #keys: Map<string, Uint8Array>;
  readonly #signingKid: string;
  readonly #ttlMs: number;

  /** @param keys "kid:secret,kid:secret" as in JWT_KEYS; the first signs */
  constructor(keys: string, ttlMs: number) {
    this.#keys = new Map(
      keys.split(',').map((pair) => {
        const [kid = '', secret = ''] = pair.split(':');
        const bytes = Buffer.from(secret, 'base64url');
        if (bytes.length < 32) throw new Error(`The key "${kid}" in JWT_KEYS has less than 32 bytes`);
        return [kid, new Uint8Array(bytes)];
      }),
    );
    this.#signingKid = this.#keys.keys().next().value as string;
    this.#ttlMs = ttlMs;
  }

  async sign(user: { id: string; role: Role }): Promise<{ token: string; session: Session }> {
    const now = Math.floor(Date.now() / 1000);
    const session: Session = {
      id: randomBytes(16).toString('base64url'),
      userId: user.id,
      role: user.role,
      expiresAt: (now + Math.floor(this.#ttlMs / 1000)) * 1000,
    };
    const token = await new SignJWT({ role: user.role })
      .setProtectedHeader({ alg: algorithm, kid: this.#signingKid, typ: type })
      .setIssuer(issuer)
      .setAudience(audience)
      .setSubject(user.id)
      .setJti(session.id)
      .setIssuedAt(now)
      .setExpirationTime(session.expiresAt / 1000)
      .sign(this.#keys.get(this.#signingKid) as Uint8Array);
    return { token, session };
  }

  /** @throws TokenError, which never says more than the reason's name */
  async verify(token: unknown): Promise<Session> {
    if (typeof token !== 'string' || token.length > maxTokenLength) throw new TokenError('not a token');
    try {
      const { payload } = await jwtVerify(
        token,
        ({ kid }) => {
          const key = kid === undefined ? undefined : this.#keys.get(kid);
          if (!key) throw new TokenError('unknown key');
          return key;
        },
        {
          algorithms: [algorithm],
          issuer,
          audience,
          typ: type,
          clockTolerance: clockToleranceS,
          requiredClaims: ['exp', 'sub', 'jti', 'role'],
        },
      );
      const { sub, jti, exp, role } = payload as { sub: string; jti: string; exp: number; role: Role };
      return { id: jti, userId: sub, role, expiresAt: exp * 1000 };
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
