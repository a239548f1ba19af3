/** Webhooks as their owners see and change them. Those of others do not exist; admins see all. */
import { LockMode } from '@mikro-orm/core';
import type { SqlEntityManager } from '@mikro-orm/postgresql';
import type { Actor } from '../audit/audit-log.ts';
import { recordChange } from '../audit/record-change.ts';
import type { Webhook, WebhooksCreateRequest, WebhooksUpdateRequest } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { WebhookEntity, type WebhookRow } from '../database/delivery-entities.ts';
import { UserEntity } from '../database/entities.ts';
import { domainEventTypes } from '../domain-events/cloud-event.ts';
import { RequestError } from '../errors.ts';
import { newId } from '../ids.ts';
import type { Addresses } from '../provider/addresses.ts';
import { FeedFailure } from '../provider/feed-failure.ts';
import { newWebhookSecret } from './sign-webhook.ts';

export const webhooksAtMost = 10;
/** An old secret goes on for so long, until its owner has put the new one everywhere. */
const oldSecretMs = 86_400_000;

/** Without their versions: whoever hears of bookings goes on to when their form changes. */
export const webhookTypes: readonly string[] = [
  ...new Set(domainEventTypes.map((type) => type.replace(/\.v\d+$/, ''))),
];

type Owns = (userId: string) => boolean;

export class WebhookDesk {
  readonly #db: Database;
  readonly #addresses: Addresses;
  readonly #takesPlain: boolean;

  /** @param takesPlain whether http: will do */
  constructor(db: Database, addresses: Addresses, takesPlain: boolean) {
    this.#db = db;
    this.#addresses = addresses;
    this.#takesPlain = takesPlain;
  }

  /** Newest first. @param filter userId: undefined for those of all */
  async list(filter: {
    userId?: string | undefined;
    olderThan?: string | undefined;
    limit: number;
  }): Promise<Webhook[]> {
    const { userId, olderThan, limit } = filter;
    const where = {
      deletedAt: null,
      ...(userId ? { userId } : {}),
      ...(olderThan ? { id: { $lt: olderThan } } : {}),
    };
    return (await this.#db.em().find(WebhookEntity, where, { orderBy: { id: 'desc' }, limit })).map(viewOf);
  }

  /** Throws `webhook-not-found`. */
  async find(webhookId: string, owns: Owns): Promise<Webhook> {
    const row = await this.#db.em().findOne(WebhookEntity, { id: webhookId, deletedAt: null });
    if (!row || !owns(row.userId)) throw new RequestError('webhook-not-found');
    return viewOf(row);
  }

  /** Its secret is answered here and nowhere else. Throws `webhook-refused`, `webhooks-full`. */
  async create(
    userId: string,
    { url, description = '', types = [] }: WebhooksCreateRequest,
    by: Actor,
  ): Promise<{ webhook: Webhook; secret: string }> {
    this.#check(url, types);
    const secret = newWebhookSecret();
    const webhook = await this.#db.em().transactional(async (em) => {
      // Of two that come at once one sees the other.
      await em.findOneOrFail(UserEntity, { id: userId }, { lockMode: LockMode.PESSIMISTIC_WRITE });
      if ((await em.count(WebhookEntity, { userId, deletedAt: null })) >= webhooksAtMost)
        throw new RequestError('webhooks-full', { allowed: webhooksAtMost });
      const row = { ...fresh, id: newId(), userId, url, description, types, secret, createdAt: new Date() };
      await em.insert(WebhookEntity, row);
      await recordChange(em, 'webhook-created', by, { webhookId: row.id, userId, types });
      return viewOf(row);
    });
    return { webhook, secret };
  }

  /** Throws `webhook-not-found`, `webhook-refused`. @returns secret: the new one, if one was asked for */
  update(
    { webhookId, newSecret, active, ...changes }: WebhooksUpdateRequest,
    owns: Owns,
    by: Actor,
  ): Promise<{ webhook: Webhook; secret: string | null }> {
    return this.#db.em().transactional(async (em) => {
      const row = await own(em, webhookId, owns);
      this.#check(changes.url, changes.types ?? []);
      const secret = newSecret ? newWebhookSecret() : null;
      const columns: Partial<WebhookRow> = {
        ...changes,
        ...(secret
          ? { secret, oldSecret: row.secret, oldSecretUntil: new Date(Date.now() + oldSecretMs) }
          : {}),
        ...(active === undefined ? {} : { isActive: active }),
        // Whoever has mended their end does not wait for the next trial.
        ...(active || changes.url !== undefined ? mended : {}),
      };
      await em.nativeUpdate(WebhookEntity, { id: webhookId }, columns);
      if (active || changes.url !== undefined) await goOn(em, webhookId);
      const fields = Object.keys({ ...changes, ...(active === undefined ? {} : { active }) });
      if (secret) fields.push('secret');
      await recordChange(em, 'webhook-updated', by, { webhookId, fields });
      return { webhook: viewOf({ ...row, ...columns }), secret };
    });
  }

  /** What still waits for it is sent nowhere. Throws `webhook-not-found`. */
  async delete(webhookId: string, owns: Owns, by: Actor): Promise<void> {
    await this.#db.em().transactional(async (em) => {
      await own(em, webhookId, owns);
      await em.nativeUpdate(
        WebhookEntity,
        { id: webhookId },
        { deletedAt: new Date(), secret: '', oldSecret: null },
      );
      await recordChange(em, 'webhook-deleted', by, { webhookId });
    });
  }

  #check(url: string | undefined, types: readonly string[]): void {
    const unknown = types.findIndex((type) => !webhookTypes.includes(type));
    if (unknown >= 0) {
      const allowed = `must be one of ${webhookTypes.join(', ')}`;
      throw new RequestError('invalid-request', { field: `types.${unknown}`, allowed });
    }
    if (url === undefined) return;
    const reason = refusedUrl(url, this.#addresses, this.#takesPlain);
    if (reason) throw new RequestError('webhook-refused', { reason }, `The address is refused: ${reason}.`);
  }
}

/** Why nothing is sent to an address; undefined: a name is looked up, and looked at, when something is. */
export function refusedUrl(text: string, addresses: Addresses, takesPlain: boolean): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !(url.protocol === 'https:' || (takesPlain && url.protocol === 'http:')))
    return takesPlain ? 'it must begin with https:// or http://' : 'it must begin with https://';
  if (url.username || url.password) return 'it must not hold a name or a password';
  try {
    addresses.checkHost(url.hostname);
    return undefined;
  } catch (error) {
    if (error instanceof FeedFailure) return error.message;
    throw error;
  }
}

async function own(em: SqlEntityManager, webhookId: string, owns: Owns): Promise<WebhookRow> {
  const row = await em.findOne(
    WebhookEntity,
    { id: webhookId, deletedAt: null },
    { lockMode: LockMode.PESSIMISTIC_WRITE },
  );
  if (!row || !owns(row.userId)) throw new RequestError('webhook-not-found');
  return row;
}

/** What was put off to the end of a pause is due. */
const goOn = (em: SqlEntityManager, webhookId: string): Promise<unknown> =>
  em
    .getConnection()
    .execute(
      "update deliveries set next_at = clock_timestamp() where endpoint_id = ? and state = 'waiting' and next_at > clock_timestamp()",
      [webhookId],
      'run',
      em.getTransactionContext(),
    );

const mended = { failures: 0, pauses: 0, pausedUntil: null, trialId: null, lastError: '' };
const fresh = {
  ...mended,
  oldSecret: null,
  oldSecretUntil: null,
  isActive: true,
  lastSentAt: null,
  deletedAt: null,
};

const viewOf = (row: WebhookRow): Webhook => ({
  id: row.id,
  userId: row.userId,
  url: row.url,
  description: row.description,
  types: row.types,
  state: row.isActive ? (row.pausedUntil ? 'paused' : 'on') : 'off',
  failures: row.failures,
  pausedUntil: row.pausedUntil?.toISOString() ?? null,
  lastError: row.lastError,
  lastSentAt: row.lastSentAt?.toISOString() ?? null,
  createdAt: row.createdAt.toISOString(),
});
