import { defineEntity, type InferEntity, p } from '@mikro-orm/core';

export const WebhookEntity = defineEntity({
  name: 'Webhook',
  tableName: 'webhooks',
  properties: {
    id: p.uuid().primary(),
    userId: p.uuid(),
    url: p.text(),
    description: p.text(),
    /** None: all there are. */
    types: p.array(),
    secret: p.text(),
    oldSecret: p.text().nullable(),
    oldSecretUntil: p.datetime().nullable(),
    isActive: p.boolean(),
    /** In a row. */
    failures: p.integer(),
    /** In a row. */
    pauses: p.integer(),
    pausedUntil: p.datetime().nullable(),
    /** The delivery that finds out whether it is well again. */
    trialId: p.bigint().nullable(),
    lastError: p.text(),
    lastSentAt: p.datetime().nullable(),
    createdAt: p.datetime(),
    deletedAt: p.datetime().nullable(),
  },
});
export type WebhookRow = InferEntity<typeof WebhookEntity>;

export const PushSubscriptionEntity = defineEntity({
  name: 'PushSubscription',
  tableName: 'push_subscriptions',
  properties: {
    id: p.uuid().primary(),
    userId: p.uuid(),
    /** Whoever ends it ends this. */
    sessionId: p.string(),
    endpoint: p.text(),
    p256dh: p.text(),
    auth: p.text(),
    createdAt: p.datetime(),
  },
});
