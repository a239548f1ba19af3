/**
 * Kiosks: screens that only watch. A device shows a short code, an organizer types it where they are signed in, and the
 * device fetches a token for its secret (the idea of the device flow, RFC 8628, turned around: the device has no
 * keyboard and nothing to lose).
 *
 * Codes live in PostgreSQL: one use of a code, the kiosk it makes and the audit row are one transaction, and a lost
 * Redis costs nobody a walk to the screen. Guessing is limited a minute, by account and by address, and 29^8 codes are
 * five hundred thousand million.
 */
import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { LockMode, UniqueConstraintViolationException } from '@mikro-orm/core';
import type { Actor } from '../audit/audit-log.ts';
import { recordChange } from '../audit/record-change.ts';
import type { Kiosk } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import {
  KioskEntity,
  type KioskRow,
  KioskStateEntity,
  type KioskStateRow,
  PairingEntity,
  SessionEntity,
} from '../database/entities.ts';
import { RequestError } from '../errors.ts';
import { newId } from '../ids.ts';
import { newSessionId, type Session, type Tokens } from '../session.ts';
import { seenView } from './kiosk-presence.ts';
import type { Limits } from './limits.ts';
import type { Sessions } from './sessions.ts';

/** None that is taken for another, read from a screen across a foyer: no 0 O, 1 I L, U V. */
const codeLetters = '23456789ABCDEFGHJKMNPQRSTWXYZ';
const codeLength = 8;
const pairingMs = 10 * 60_000;
const pollMs = 2000;
/** A screen hangs for years; its token is revoked rather than left to run out. */
const tokenMs = 365 * 24 * 3_600_000;
/** A minute. */
const newPairingsPerAddress = 20;
const codesPerAccount = 10;
const codesPerAddress = 30;

export interface NewPairing {
  pairingId: string;
  code: string;
  secret: string;
  expiresAt: string;
}

export class Kiosks {
  readonly #db: Database;
  readonly #tokens: Tokens;
  readonly #sessions: Sessions;
  readonly #limits: Limits;

  constructor(parts: { db: Database; tokens: Tokens; sessions: Sessions; limits: Limits }) {
    this.#db = parts.db;
    this.#tokens = parts.tokens;
    this.#sessions = parts.sessions;
    this.#limits = parts.limits;
  }

  /** For a device that nobody knows yet. Throws `rate-limited`. */
  async begin(address: string): Promise<NewPairing> {
    await this.#limits.take(`pairing:${address}`, newPairingsPerAddress);
    const secret = randomBytes(32).toString('base64url');
    const expiresAt = new Date(Date.now() + pairingMs);
    for (let attempt = 1; ; attempt++) {
      const pairing = { id: newId(), code: newCode(), secretHash: hashOf(secret), expiresAt, kioskId: null };
      try {
        await this.#db.em().insert(PairingEntity, pairing);
        const { id: pairingId, code } = pairing;
        return { pairingId, code, secret, expiresAt: expiresAt.toISOString() };
      } catch (error) {
        // Somebody else's screen shows this code.
        if (!(error instanceof UniqueConstraintViolationException) || attempt === 3) throw error;
      }
    }
  }

  /** Takes the device that shows `code` for a kiosk. Throws `pairing-not-found`, `rate-limited`. */
  async pair(
    code: string,
    { name, venueId }: { name: string; venueId: string | null },
    address: string,
    by: Actor & { userId: string },
  ): Promise<Kiosk> {
    await this.#limits.take(`pair:${address}`, codesPerAddress);
    await this.#limits.take(`pair:${by.userId}`, codesPerAccount);
    const written = code.toUpperCase().replace(/[^0-9A-Z]/g, '');
    const now = new Date();
    return this.#db.em().transactional(async (em) => {
      const pairing = await em.findOne(
        PairingEntity,
        { code: written, kioskId: null, expiresAt: { $gt: now } },
        { lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      if (!pairing) throw new RequestError('pairing-not-found');
      const kiosk = {
        id: newId(),
        organizerId: by.userId,
        venueId,
        name: name.trim(),
        sessionId: newSessionId(),
        pairedAt: now,
        claimedAt: null,
        tokenUntil: new Date(now.getTime() + tokenMs),
        revokedAt: null,
      };
      await em.insert(KioskEntity, kiosk);
      await em.nativeUpdate(PairingEntity, { id: pairing.id }, { kioskId: kiosk.id });
      await recordChange(em, 'kiosk-paired', by, { kioskId: kiosk.id, name: kiosk.name, venueId });
      return viewOf(kiosk);
    });
  }

  /**
   * The token of a paired device. While the pairing lives it is answered again: the first answer may have been lost.
   * Throws `pairing-not-found`, `pairing-pending`.
   */
  async claim(
    pairingId: string,
    secret: string,
  ): Promise<{ kiosk: Kiosk; token: string; expiresAt: string }> {
    const pairing = await this.#db.em().findOne(PairingEntity, { id: pairingId });
    if (
      !pairing ||
      pairing.expiresAt.getTime() <= Date.now() ||
      !isSame(hashOf(secret), pairing.secretHash)
    ) {
      throw new RequestError('pairing-not-found');
    }
    const { kioskId } = pairing;
    if (!kioskId) throw new RequestError('pairing-pending', { retryAfterMs: pollMs });
    const kiosk = await this.#claimed(kioskId);
    const { token, session } = await this.#tokens.sign(
      { id: kiosk.id, role: 'kiosk' },
      { sessionId: kiosk.sessionId, until: kiosk.tokenUntil.getTime() },
    );
    return { kiosk: viewOf(kiosk), token, expiresAt: new Date(session.expiresAt).toISOString() };
  }

  /** Newest first; `organizerId` undefined: everybody's. */
  async list(filter: {
    organizerId: string | undefined;
    olderThan: string | undefined;
    limit: number;
  }): Promise<Kiosk[]> {
    const { organizerId, olderThan, limit } = filter;
    const rows = await this.#db.em().find(
      KioskEntity,
      {
        revokedAt: null,
        ...(organizerId ? { organizerId } : {}),
        ...(olderThan ? { id: { $lt: olderThan } } : {}),
      },
      { orderBy: { id: 'desc' }, limit },
    );
    const states = await this.#db
      .em()
      .find(KioskStateEntity, { kioskId: { $in: rows.map((row) => row.id) } });
    const stateOf = new Map(states.map((state) => [state.kioskId, state]));
    return rows.map((row) => viewOf(row, stateOf.get(row.id)));
  }

  /** The venue whose board a kiosk shows. undefined: there is no such kiosk (any more) */
  async venueOf(kioskId: string): Promise<string | null | undefined> {
    const kiosk = await this.#db.em().findOne(KioskEntity, { id: kioskId, revokedAt: null });
    return kiosk ? (kiosk.venueId ?? null) : undefined;
  }

  /** Throws `kiosk-not-found`. */
  async update(
    kioskId: string,
    changes: { name?: string; venueId?: string | null },
    owns: (organizerId: string) => boolean,
    by: Actor,
  ): Promise<Kiosk> {
    const columns = {
      ...(changes.name === undefined ? {} : { name: changes.name.trim() }),
      ...(changes.venueId === undefined ? {} : { venueId: changes.venueId }),
    };
    return this.#db.em().transactional(async (em) => {
      const kiosk = await em.findOne(
        KioskEntity,
        { id: kioskId, revokedAt: null },
        { lockMode: LockMode.PESSIMISTIC_WRITE, disableIdentityMap: true },
      );
      if (!kiosk || !owns(kiosk.organizerId)) throw new RequestError('kiosk-not-found');
      await em.nativeUpdate(KioskEntity, { id: kioskId }, columns);
      await recordChange(em, 'kiosk-updated', by, { kioskId, ...columns });
      const state = await em.findOne(KioskStateEntity, { kioskId });
      return viewOf({ ...kiosk, ...columns }, state ?? undefined);
    });
  }

  /** Its token is refused from now on, its sockets are let go of. Throws `kiosk-not-found`. */
  async revoke(kioskId: string, owns: (organizerId: string) => boolean, by: Actor): Promise<void> {
    const ended = await this.#db.em().transactional(async (em) => {
      const kiosk = await em.findOne(
        KioskEntity,
        { id: kioskId, revokedAt: null },
        { lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      if (!kiosk || !owns(kiosk.organizerId)) throw new RequestError('kiosk-not-found');
      await em.nativeUpdate(KioskEntity, { id: kioskId }, { revokedAt: new Date() });
      await recordChange(em, 'kiosk-revoked', by, { kioskId });
      return this.#sessions.endAllOf(em, kioskId, 'kiosk-revoked');
    });
    await this.#sessions.announce(ended);
  }

  /**
   * A kiosk that signs out is paired no more: its token was all it had.
   * @returns false if there is no such kiosk (any more)
   */
  async signOut({ id: sessionId, userId }: Session, requestId: string | null): Promise<boolean> {
    try {
      await this.revoke(userId, () => true, { userId, sessionId, requestId });
      return true;
    } catch (error) {
      if (error instanceof RequestError && error.code === 'kiosk-not-found') return false;
      throw error;
    }
  }

  /** Its session begins with the first token. */
  async #claimed(kioskId: string): Promise<KioskRow> {
    return this.#db.em().transactional(async (em) => {
      const kiosk = await em.findOne(
        KioskEntity,
        { id: kioskId, revokedAt: null },
        { lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      if (!kiosk) throw new RequestError('pairing-not-found');
      if (kiosk.claimedAt) return kiosk;
      const claimedAt = new Date();
      await em.nativeUpdate(KioskEntity, { id: kioskId }, { claimedAt });
      await em.insert(SessionEntity, {
        id: kiosk.sessionId,
        userId: kioskId,
        expiresAt: kiosk.tokenUntil,
        tokensUntil: kiosk.tokenUntil,
        endedAt: null,
        endReason: null,
      });
      const by = { userId: kioskId, sessionId: kiosk.sessionId, requestId: null };
      await recordChange(em, 'kiosk-claimed', by, { kioskId });
      return { ...kiosk, claimedAt };
    });
  }
}

const newCode = (): string =>
  Array.from({ length: codeLength }, () => codeLetters[randomInt(codeLetters.length)]).join('');

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('base64url');
const isSame = (a: string, b: string): boolean => timingSafeEqual(Buffer.from(a), Buffer.from(b));

const viewOf = (row: KioskRow, state?: KioskStateRow): Kiosk => {
  const { id, organizerId, venueId, name, pairedAt, claimedAt, tokenUntil } = row;
  return {
    id,
    organizerId,
    venueId: venueId ?? null,
    name,
    pairedAt: pairedAt.toISOString(),
    claimedAt: claimedAt?.toISOString() ?? null,
    tokenUntil: tokenUntil.toISOString(),
    seen: state ? seenView(state, Date.now()) : null,
  };
};
