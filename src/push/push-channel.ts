import webPush from 'web-push';
import type { Database } from '../database/database.ts';
import {
  type DeliveryRow,
  forgetPushSubscription,
  type PushKeysRow,
  readPushKeys,
} from '../database/delivery-statements.ts';
import { DeliveryFailure } from '../deliveries/delivery-failure.ts';
import type { DeliveryChannel } from '../deliveries/delivery-lane.ts';
import { type PostOptions, post } from '../deliveries/post.ts';
import { outdated, usefulUntil } from '../notifications/outdated.ts';
import { textIn } from '../notifications/payload.ts';

/** The keys by which push services know who sends (VAPID, RFC 8292). */
export interface PushKeys {
  readonly publicKey: string;
  readonly privateKey: string;
  /** Whom they may ask: mailto: or https: */
  readonly subject: string;
}

/** A browser that is offline gets it when it is back within so long. */
const longestTtlS = 86_400;

/** Sends notifications to browsers, encrypted for each. What a page shows of them is its own business. */
export class PushChannel implements DeliveryChannel {
  readonly name = 'push';
  readonly atOnce = 8;
  readonly perEndpoint = 1;
  readonly #db: Database;
  readonly #keys: PushKeys;
  readonly #options: Omit<PostOptions, 'signal'>;

  constructor(db: Database, keys: PushKeys, options: Omit<PostOptions, 'signal'>) {
    this.#db = db;
    this.#keys = keys;
    this.#options = options;
  }

  async send(delivery: DeliveryRow, signal: AbortSignal): Promise<void> {
    const { source, endpoint_id: subscriptionId, event_id: eventId, kind, payload } = delivery;
    const holdId = textIn(payload, 'holdId') || null;
    const [to] = await this.#db.run(readPushKeys, subscriptionId ?? '', eventId, kind, holdId);
    const reason = refusalOf(delivery, to);
    if (!to || reason) throw new DeliveryFailure(reason ?? '', { isFinal: true, isUnasked: true });
    const message = JSON.stringify({ id: source, kind, eventId, payload });
    const { endpoint, p256dh, auth } = to;
    const { headers, body } = webPush.generateRequestDetails({ endpoint, keys: { p256dh, auth } }, message, {
      vapidDetails: this.#keys,
      TTL: ttlOf(kind, payload),
      contentEncoding: 'aes128gcm',
      urgency: 'high',
      // The push service keeps one message a topic: a repeat takes the place of the first.
      topic: topicOf(source),
    });
    const texts = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), String(value)]);
    try {
      await post(endpoint, Object.fromEntries(texts), new Uint8Array(body), { ...this.#options, signal });
    } catch (error) {
      if (error instanceof DeliveryFailure && goneStatuses.has(error.status ?? 0)) {
        await this.#db.run(forgetPushSubscription, subscriptionId ?? '', error.message);
        throw new DeliveryFailure(error.message, { isGone: true, cause: error });
      }
      throw error;
    }
  }
}

/** What push services answer for a browser that has unsubscribed, or is gone (RFC 8030). */
const goneStatuses: ReadonlySet<number> = new Set([404, 410]);

/** Why a browser is not told; undefined: it is. */
function refusalOf(delivery: DeliveryRow, to: PushKeysRow | undefined): string | undefined {
  if (!to) return 'the subscription has ended';
  if (to.is_disabled) return 'the account is disabled';
  if (!to.is_wanted) return 'its reader has switched it off';
  return outdated(delivery, { event: to.event, offerState: to.offer_state });
}

/** The push service gives up when it is of no use any more. */
function ttlOf(kind: string, payload: Record<string, unknown>): number {
  const end = usefulUntil(kind, payload);
  if (end === undefined) return longestTtlS;
  return Math.max(0, Math.min(Math.floor((end - Date.now()) / 1000), longestTtlS));
}

/** A UUID in 22 of the 32 characters that a topic may have. */
const topicOf = (source: string): string =>
  Buffer.from(source.replaceAll('-', ''), 'hex').toString('base64url').slice(0, 32);
