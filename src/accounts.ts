/**
 * Accounts and their sessions. Passwords are kept as argon2id with OWASP's parameters; hashing is slow on
 * purpose, so only a few run at once and the queue is short.
 */

import { UniqueConstraintViolationException } from '@mikro-orm/core';
import { hash, verify } from '@node-rs/argon2';
import type { Limits } from './accounts/limits.ts';
import type { Sessions } from './accounts/sessions.ts';
import { type Actor, nobody } from './audit/audit-log.ts';
import { recordChange } from './audit/record-change.ts';
import type { Role, SignedIn } from './contracts.gen.ts';
import type { Database } from './database/database.ts';
import { UserEntity } from './database/entities.ts';
import { RequestError } from './errors.ts';
import { Gate } from './gate.ts';
import { newId } from './ids.ts';
import type { Session } from './session.ts';

/** 19 MiB, 2 passes: OWASP's first choice for argon2id, which is the library's default algorithm. */
const argon = { memoryCost: 19_456, timeCost: 2, parallelism: 1 };
const hashingAtOnce = 2;
/** Attempts a minute, on all nodes together. */
const perAccount = 10;
/** From everywhere: so wide that nobody is locked out by a stranger who types wrong passwords from one address. */
const perAccountFromAnywhere = 100;

export class Accounts {
  readonly #db: Database;
  readonly #sessions: Sessions;
  readonly #limits: Limits;
  readonly #attemptsPerAddress: number;
  /** Each takes 19 MiB and a core. */
  readonly #hashing: Gate;
  /** Verified against when there is no such account, so that both take the same time. */
  #dummy: Promise<string> | undefined;

  constructor(parts: {
    db: Database;
    sessions: Sessions;
    limits: Limits;
    /** A minute. */
    attemptsPerAddress: number;
    passwordQueue: number;
  }) {
    this.#db = parts.db;
    this.#sessions = parts.sessions;
    this.#limits = parts.limits;
    this.#attemptsPerAddress = parts.attemptsPerAddress;
    this.#hashing = new Gate(hashingAtOnce, parts.passwordQueue);
  }

  /** Throws `email-taken`, `rate-limited`. */
  async register(
    input: { email: string; password: string; name: string; role?: Role },
    address: string,
    requestId: string | null = null,
  ): Promise<SignedIn> {
    await this.#limits.take(`register:${address}`, this.#attemptsPerAddress);
    const { id, passwordHash } = await this.create(input);
    const signedIn = await this.#sessions.open(id, passwordHash, requestId);
    if (!signedIn) throw new RequestError('try-later');
    return signedIn;
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
  async login(
    email: string,
    password: string,
    address: string,
    requestId: string | null = null,
  ): Promise<SignedIn> {
    await this.#limits.take(`login:${address}`, this.#attemptsPerAddress);
    const account = email.toLowerCase();
    await this.#limits.take(`login:${account}:${address}`, perAccount);
    await this.#limits.take(`login:${account}`, perAccountFromAnywhere);
    const user = await this.#db.em().findOne(UserEntity, { email: account }, { populate: ['passwordHash'] });
    this.#dummy ??= hash('nobody has this password', argon);
    const dummy = await this.#dummy;
    const stored = user?.passwordHash ?? dummy;
    const right = await this.#hashing.run(() =>
      // Accounts that were made without a password have a hash that nothing can be compared with.
      verify(stored, password).catch(() => verify(dummy, password).then(() => false)),
    );
    if (!user || !right) throw new RequestError('wrong-credentials');
    if (user.disabledAt) throw new RequestError('account-disabled');
    const signedIn = await this.#sessions.open(user.id, stored, requestId);
    // Another password, or disabled, while this one was being looked at.
    if (!signedIn) throw new RequestError('wrong-credentials');
    return signedIn;
  }

  /**
   * Gives the user of a session another password and ends all other sessions of theirs.
   * @returns how many. Throws `wrong-password`, `rate-limited`.
   */
  async changePassword(
    session: Session,
    oldPassword: string,
    newPassword: string,
    requestId: string | null,
  ): Promise<number> {
    const { userId } = session;
    await this.#limits.take(`password:${userId}`, perAccount);
    const user = await this.#db.em().findOne(UserEntity, { id: userId }, { populate: ['passwordHash'] });
    if (!user) throw new RequestError('unauthenticated');
    const before = user.passwordHash;
    // Accounts that were made without one have nothing that could be compared.
    const right = await this.#hashing.run(() => verify(before, oldPassword).catch(() => false));
    if (!right) throw new RequestError('wrong-password');
    const passwordHash = await this.#hashing.run(() => hash(newPassword, argon));
    const by: Actor = { userId, sessionId: session.id, requestId };
    const ended = await this.#db.em().transactional(async (em) => {
      const changed = await em.nativeUpdate(
        UserEntity,
        { id: userId, passwordHash: before },
        { passwordHash },
      );
      if (changed === 0) throw new RequestError('wrong-password');
      const others = await this.#sessions.endAllOf(em, userId, 'password-changed', session.id);
      await recordChange(em, 'password-changed', by, { userId, endedSessions: others.map(({ id }) => id) });
      return others;
    });
    await this.#sessions.announce(ended);
    return ended.length;
  }
}
