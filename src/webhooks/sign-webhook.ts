/**
 * How webhooks are signed: as Standard Webhooks says (https://www.standardwebhooks.com), so that receivers can use the
 * libraries there are. The signature is over id, time and body, so neither can be taken from one message to another.
 */
import { createHmac, randomBytes } from 'node:crypto';

const secretPrefix = 'whsec_';
const secretBytes = 32;

export const newWebhookSecret = (): string => secretPrefix + randomBytes(secretBytes).toString('base64');

/**
 * @param id the same in every attempt: receivers drop repeats by it
 * @param secrets several while one takes the place of another; receivers take any signature that fits
 */
export function signWebhook(
  id: string,
  atMs: number,
  body: string,
  secrets: readonly string[],
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(atMs / 1000));
  const signature = (secret: string) => {
    const key = Buffer.from(secret.slice(secretPrefix.length), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  };
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map(signature).join(' '),
  };
}
