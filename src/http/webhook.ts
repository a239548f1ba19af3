/**
 * Where the payment provider tells what happened to a payment. Who sends it is known by the signature over the
 * body as it came, so nothing reads it before. What it says is only a hint to ask the provider.
 */
import type { Hono } from 'hono';
import { isOutage } from '../database/database.ts';
import { RequestError } from '../errors.ts';
import { type PaymentNotice, WebhookRefused } from '../payments/provider.ts';
import type { Bindings } from './api.ts';
import { problem } from './problem.ts';

export const webhookPath = '/api/v1/payments/webhook';
/** Stripe's: the only provider that sends any. */
const signatureHeader = 'stripe-signature';

export interface Webhook {
  /** undefined: it does not concern us. @throws WebhookRefused */
  read(rawBody: Uint8Array, signature: string): PaymentNotice | undefined;
  tell(notice: PaymentNotice): Promise<void>;
}

/** Whatever is not answered with 2xx is sent again, for days. */
export function mountWebhook(app: Hono<Bindings>, { read, tell }: Webhook): void {
  app.post(webhookPath, async (c) => {
    const body = new Uint8Array(await c.req.arrayBuffer());
    try {
      const notice = read(body, c.req.header(signatureHeader) ?? '');
      if (notice) await tell(notice);
    } catch (error) {
      if (error instanceof WebhookRefused) {
        const allowed = 'must be the signature of the body, made with our secret, and not old';
        return problem(new RequestError('invalid-request', { field: signatureHeader, allowed }));
      }
      if (isOutage(error)) return problem(new RequestError('try-later'));
      throw error;
    }
    return c.body(null, 204);
  });
}
