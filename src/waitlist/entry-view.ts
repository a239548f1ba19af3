import type { WaitlistEntry, WaitlistOffer } from '../contracts.gen.ts';
import { instant } from '../bookings/records.ts';
import type { EntryRow } from '../database/waitlist-statements.ts';
import { categoryOf, type EventCard, priceOf } from '../events/events.ts';
import type { Standing } from '../redis/scripts/read-waitlist.ts';

/** Seats that are kept for somebody, as they are shown. */
export function offerView(
  card: EventCard,
  offer: { holdId: string; seats: readonly number[]; expiresAt: number },
): WaitlistOffer {
  const seats = offer.seats.map((seat) => {
    const found = card.plan.seats[seat];
    if (!found) throw new RangeError(`event ${card.id} has no seat ${seat}`);
    return { seat, label: found.label, category: categoryOf(card, found), priceCents: priceOf(card, seat) };
  });
  return {
    holdId: offer.holdId,
    seats,
    totalCents: seats.reduce((sum, { priceCents }) => sum + priceCents, 0),
    currency: card.currency,
    expiresAt: offer.expiresAt,
  };
}

/** @param standing where it stands in Redis; undefined: Redis does not know it as one that lives */
export function entryView(card: EventCard, row: EntryRow, standing: Standing | undefined): WaitlistEntry {
  const { offer, position } = standing ?? {};
  const isLive = row.state === 'waiting' || row.state === 'offered';
  const state = !isLive ? row.state : offer ? 'offered' : position ? 'waiting' : row.state;
  return {
    id: row.id,
    eventId: row.event_id,
    quantity: row.quantity,
    category: row.category,
    together: row.together,
    state,
    position: (isLive && position) || null,
    missedOffers: isLive && standing ? standing.missed : row.skipped,
    offer: isLive && offer ? offerView(card, offer) : null,
    joinedAt: instant(row.created_at),
    endedAt: row.ended_at && instant(row.ended_at),
  };
}
