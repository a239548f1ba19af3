/** The browsers that people want to be told in, also while no page of ours is open. */
import { createECDH } from 'node:crypto';
import { LockMode } from '@mikro-orm/core';
import type { Actor } from '../audit/audit-log.ts';
import { recordChange } from '../audit/record-change.ts';
import type { PushSubscribeRequest } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { PushSubscriptionEntity } from '../database/delivery-entities.ts';
import { SessionEntity, UserEntity } from '../database/entities.ts';
import { RequestError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Addresses } from '../provider/addresses.ts';
import type { Session } from '../session.ts';
import { refusedUrl } from '../webhooks/webhook-desk.ts';

/** More browsers than anybody has; the oldest goes. */
const subscriptionsAtMost = 20;

export class PushDesk {
  /** What browsers need to subscribe; undefined: there is no web push here. */
  readonly publicKey: string | undefined;
  readonly #db: Database;
  readonly #addresses: Addresses;

  constructor(db: Database, addresses: Addresses, publicKey: string | undefined) {
    this.#db = db;
    this.#addresses = addresses;
    this.publicKey = publicKey;
  }

  /**
   * A browser that has subscribed before, for whomever, is this session's now, and told as long as it lasts.
   * Throws `push-unavailable`, `push-refused`.
   */
  subscribe(session: Session, { endpoint, keys }: PushSubscribeRequest, by: Actor): Promise<string> {
    const { id: sessionId, userId } = session;
    if (this.publicKey === undefined) throw new RequestError('push-unavailable');
    const reason = refusedUrl(endpoint, this.#addresses, false) ?? refusedKey(keys.p256dh);
    if (reason) throw new RequestError('push-refused', { reason }, `The subscription is refused: ${reason}.`);
    return this.#db.em().transactional(async (em) => {
      // Of two that come at once one sees the other.
      await em.findOneOrFail(UserEntity, { id: userId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      await em.upsert(SessionEntity, rowOf(session), { onConflictAction: 'ignore' });
      const known = await em.findOne(
        PushSubscriptionEntity,
        { endpoint },
        { lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      if (known?.userId === userId && known.p256dh === keys.p256dh && known.auth === keys.auth) {
        if (known.sessionId === sessionId) return known.id;
        await em.nativeUpdate(PushSubscriptionEntity, { id: known.id }, { sessionId });
        await recordChange(em, 'push-subscribed', by, { subscriptionId: known.id, replaced: null, gone: [] });
        return known.id;
      }
      const row = { id: newId(), userId, sessionId, endpoint, ...keys, createdAt: new Date() };
      await em.nativeDelete(PushSubscriptionEntity, { endpoint });
      await em.insert(PushSubscriptionEntity, row);
      const all = await em.find(PushSubscriptionEntity, { userId }, { orderBy: { id: 'desc' } });
      const gone = all.slice(subscriptionsAtMost).map(({ id }) => id);
      if (gone.length > 0) await em.nativeDelete(PushSubscriptionEntity, { id: { $in: gone } });
      await recordChange(em, 'push-subscribed', by, {
        subscriptionId: row.id,
        replaced: known?.id ?? null,
        gone,
      });
      return row.id;
    });
  }

  /** @returns whether there was such a subscription of this user */
  unsubscribe(userId: string, endpoint: string, by: Actor): Promise<boolean> {
    return this.#db.em().transactional(async (em) => {
      const removed = await em.nativeDelete(PushSubscriptionEntity, { userId, endpoint });
      if (removed > 0) await recordChange(em, 'push-unsubscribed', by, {});
      return removed > 0;
    });
  }
}

/** Of a session that was opened before there was a table of them: it lasts as long as its token. */
const rowOf = ({ id, userId, expiresAt }: Session) => ({
  id,
  userId,
  expiresAt: new Date(),
  tokensUntil: new Date(expiresAt),
  endedAt: null,
  endReason: null,
});

/** A point that is not on the curve would only be noticed by each delivery. */
function refusedKey(p256dh: string): string | undefined {
  try {
    const ours = createECDH('prime256v1');
    ours.generateKeys();
    ours.computeSecret(Buffer.from(p256dh, 'base64url'));
    return undefined;
  } catch {
    return 'keys.p256dh is no public key of the curve P-256';
  }
}
