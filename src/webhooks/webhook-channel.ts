import type { Database } from '../database/database.ts';
import { type DeliveryRow, readWebhookKeys, type WebhookPayload } from '../database/delivery-statements.ts';
import { DeliveryFailure } from '../deliveries/delivery-failure.ts';
import type { DeliveryChannel } from '../deliveries/delivery-lane.ts';
import { type PostOptions, post } from '../deliveries/post.ts';
import { cloudEventOf } from '../domain-events/cloud-event.ts';
import { signWebhook } from './sign-webhook.ts';

/** Sends domain events to the endpoints of organizers: the CloudEvents that are on the stream, signed. */
export class WebhookChannel implements DeliveryChannel {
  readonly name = 'webhook';
  readonly atOnce = 16;
  readonly perEndpoint = 4;
  readonly #db: Database;
  readonly #publicUrl: () => string;
  readonly #options: Omit<PostOptions, 'signal'>;

  constructor(db: Database, publicUrl: () => string, options: Omit<PostOptions, 'signal'>) {
    this.#db = db;
    this.#publicUrl = publicUrl;
    this.#options = options;
  }

  async send({ source, endpoint_id, event_id, payload }: DeliveryRow, signal: AbortSignal): Promise<void> {
    const [keys] = await this.#db.run(readWebhookKeys, endpoint_id ?? '', event_id);
    if (!keys)
      throw new DeliveryFailure('the webhook is off or deleted, or its owner may not hear of it any more', {
        isFinal: true,
        isUnasked: true,
      });
    const body = JSON.stringify(cloudEventOf(payload as WebhookPayload, this.#publicUrl()));
    const secrets = [keys.secret, ...(keys.old_secret ? [keys.old_secret] : [])];
    const headers = {
      'content-type': 'application/cloudevents+json; charset=utf-8',
      ...signWebhook(source, Date.now(), body, secrets),
    };
    await post(keys.url, headers, body, { ...this.#options, signal });
  }
}
