import type { KiosksBeginReply, KiosksClaimReply } from '../../../src/contracts.gen.ts';
import type { TestHubs, TestUser } from '../../support/hub.ts';
import { call, node } from '../support.ts';

export const begin = (hubs: TestHubs, index = 0): Promise<KiosksBeginReply> =>
  call(node(hubs, index), 'kiosks:begin', {});

export const claim = (
  hubs: TestHubs,
  { pairingId, secret }: KiosksBeginReply,
  index = 0,
): Promise<KiosksClaimReply> => call(node(hubs, index), 'kiosks:claim', { pairingId, secret });

/** A kiosk with its token, paired as people do it. */
export async function paired(
  hubs: TestHubs,
  organizer: TestUser,
  name = 'Foyer',
): Promise<KiosksClaimReply & { user: TestUser }> {
  const shown = await begin(hubs);
  await call(node(hubs), 'kiosks:pair', { code: shown.code, name }, organizer);
  const claimed = await claim(hubs, shown);
  return { ...claimed, user: { id: claimed.kiosk.id, token: claimed.token } };
}
