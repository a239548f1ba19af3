/**
 * Accounts and their sessions. Passwords are kept as argon2id with OWASP's parameters; hashing is slow on
 * purpose, so only a few run at once and the queue is short.
 */

import { UniqueConstraintViolationException } from '@mikro-orm/core';
import { hash, verify } from '@node-rs/argon2';
import { nobody } from './audit/audit-log.ts';
import { recordChange } from './audit/record-change.ts';
import type { Role, SignedIn } from './contracts.gen.ts';
import type { Database } from './database/database.ts';
import { UserEntity } from './database/entities.ts';
import { RequestError } from './errors.ts';
import { Gate } from './gate.ts';
import { newId } from './ids.ts';
import type { Keys } from './redis/keys.ts';
import type { RedisLinks } from './redis/links.ts';
import { takeWindow } from './redis/scripts/take-window.ts';
import type { Session, Tokens } from './session.ts';

/** 19 MiB, 2 passes: OWASP's first choice for argon2id, which is the library's default algorithm. */
const argon = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const hashingAtOnce = 2;
const hashingQueue = 200;
const windowMs = 60_000;
/** Attempts a minute, on all nodes together. */
const perAccount = 10;
const perAddress = 60;

export class Accounts {
  readonly #db: Database;
  readonly #links: RedisLinks;
  readonly #keys: Keys;
  readonly #tokens: Tokens;
  readonly #attemptsPerAddress: number;
  /** Each takes 19 MiB and a core. */
  readonly #hashing = new Gate(hashingAtOnce, hashingQueue);
  /** Verified against when there is no such account, so that both take the same time. */
  #dummy: Promise<string> | undefined;

  constructor(parts: {
    db: Database;
    links: RedisLinks;
    keys: Keys;
    tokens: Tokens;
    attemptsPerAddress?: number;
  }) {
    this.#db = parts.db;
    this.#links = parts.links;
    this.#keys = parts.keys;
    this.#tokens = parts.tokens;
    this.#attemptsPerAddress = parts.attemptsPerAddress ?? perAddress;
  }

  /** Throws `email-taken`, `rate-limited`. */
  async register(
    input: { email: string; password: string; name: string; role?: Role },
    address: string,
  ): Promise<SignedIn> {
    await this.#attempt(`register:${address}`, this.#attemptsPerAddress);
    return this.signIn(await this.create(input));
  }

  /** Without limits: for set-up. */
  async create(input: { email: string; password: string; name: string; role?: Role }) {
    const user = {
      id: newId(),
      email: input.email.toLowerCase(),
      name: input.name.trim(),
      passwordHash: await this.#hashing.run(() => hash(input.password, argon)),
      role: input.role ?? 'user',
      disabledAt: null,
      createdAt: new Date(),
    };
    try {
      await this.#db.em().transactional(async (em) => {
        await em.insert(UserEntity, user);
        const { id: userId, role } = user;
        // Nothing that names the person: what is in the log stays there.
        await recordChange(em, 'account-registered', { ...nobody, userId }, { userId, role });
      });
    } catch (error) {
      if (error instanceof UniqueConstraintViolationException) throw new RequestError('email-taken');
      throw error;
    }
    return user;
  }

  /** Throws `wrong-credentials`, `account-disabled`, `rate-limited`. */
  async login(email: string, password: string, address: string): Promise<SignedIn> {
    await this.#attempt(`login:${address}`, this.#attemptsPerAddress);
    await this.#attempt(`login:${email.toLowerCase()}`, perAccount);
    const user = await this.#db
      .em()
      .findOne(UserEntity, { email: email.toLowerCase() }, { populate: ['passwordHash'] });
    this.#dummy ??= hash('nobody has this password', argon);
    const stored = user?.passwordHash ?? (await this.#dummy);
    const right = await this.#hashing.run(() => verify(stored, password));
    if (!user || !right) throw new RequestError('wrong-credentials');
    if (user.disabledAt) throw new RequestError('account-disabled');
    return this.signIn(user);
  }

  async signIn(user: { id: string; email: string; name: string; role: Role }): Promise<SignedIn> {
    const { token, session } = await this.#tokens.sign(user);
    const { id, email, name, role } = user;
    return { user: { id, email, name, role }, token, expiresAt: new Date(session.expiresAt).toISOString() };
  }

  /** From now on the token is refused everywhere. */
  async revoke(session: Session): Promise<void> {
    const leftMs = Math.max(1000, session.expiresAt - Date.now() + 10_000);
    await this.#redis(() => this.#links.commands.set(this.#keys.revoked(session.id), '1', 'PX', leftMs));
  }

  isRevoked = async (sessionId: string): Promise<boolean> =>
    (await this.#redis(() => this.#links.commands.exists(this.#keys.revoked(sessionId)))) === 1;

  async #attempt(name: string, limit: number): Promise<void> {
    const key = this.#keys.limit(name);
    const retryAfterMs = await this.#redis(() =>
      takeWindow(this.#links.home([key]).redis, key, { limit, windowMs }),
    );
    if (retryAfterMs > 0) throw new RequestError('rate-limited', { retryAfterMs });
  }

  async #redis<T>(work: () => Promise<T>): Promise<T> {
    return work().catch(() => {
      throw new RequestError('try-later');
    });
  }
}
