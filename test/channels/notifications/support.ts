import type { Notification } from '../../../src/contracts.gen.ts';
import { until } from '../../support/client.ts';
import type { TestHubs, TestUser } from '../../support/hub.ts';
import { call, node } from '../support.ts';

/** Resolves with what somebody finds, newest first, once it is so many. */
export async function untilListed(hubs: TestHubs, user: TestUser, count: number): Promise<Notification[]> {
  let found: Notification[] = [];
  await until(async () => {
    found = (await call(node(hubs), 'notifications:list', {}, user)).notifications;
    return found.length >= count;
  }, `${count} notifications`);
  return found;
}
