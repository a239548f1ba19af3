import type { WaitlistClosed } from '../contracts.gen.ts';
import type { WaitlistNews } from '../database/waitlist-statements.ts';
import type { Engine } from '../hub.ts';
import { offerView } from './entry-view.ts';

/** Tells somebody who waits what has become of it. More than once if a node died over it. */
export async function tellWaiter(
  { events, publisher }: Pick<Engine, 'events' | 'publisher'>,
  news: WaitlistNews,
): Promise<void> {
  const { kind, state, eventId, entryId, userId, holdId, seats, skipped, until, reason } = news;
  if (kind === 'offered' && holdId && seats) {
    const card = await events.agedCard(eventId);
    if (!card) return;
    const offer = offerView(card, { holdId, seats, expiresAt: until ?? 0 });
    publisher.toUser(userId, 'waitlist:promoted', { eventId, entryId, offer });
  }
  if (kind === 'expired' && holdId && seats) {
    publisher.toUser(userId, 'waitlist:offer-expired', {
      eventId,
      entryId,
      holdId,
      seats,
      missedOffers: skipped,
    });
  }
  if (state === 'expired' || state === 'closed') {
    const told = { eventId, entryId, reason: reason as WaitlistClosed['reason'] };
    publisher.toUser(userId, 'waitlist:closed', told);
  }
}
