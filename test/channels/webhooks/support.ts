import type { Webhook } from '../../../src/contracts.gen.ts';
import type { TestHubs, TestUser } from '../../support/hub.ts';
import { call, node } from '../support.ts';

export const url = 'https://hooks.example.org/seatcast';

export const create = (hubs: TestHubs, user: TestUser): Promise<{ webhook: Webhook; secret: string }> =>
  call(node(hubs), 'webhooks:create', { url }, user);

/** A delivery as it would be there if something had happened. @returns its id */
export async function delivery(
  hubs: TestHubs,
  to: { webhook: Webhook },
  state: 'waiting' | 'sending' | 'sent' | 'dead',
): Promise<string> {
  const [row] = await hubs.sql<{ id: string }>(
    `insert into deliveries (source, channel, endpoint_id, user_id, target, kind, payload, state, attempts, next_at, last_error)
     values (gen_random_uuid()::text, 'webhook', $1, $2, $3, 'booking.confirmed', '{}', $4, 8, now() + interval '1 hour', 'no')
     returning id::text as id`,
    [to.webhook.id, to.webhook.userId, to.webhook.url, state],
  );
  return row?.id ?? '';
}
