import type { Hold } from '../contracts.gen.ts';
import { RequestError } from '../errors.ts';
import { closesAt, type EventCard, priceOf } from '../events/events.ts';
import type { Engine } from '../hub.ts';
import type { holdSeats } from '../redis/scripts/hold-seats.ts';
import { readHolds } from '../redis/scripts/read-holds.ts';
import type { Answer, RawHold } from '../redis/scripts/script.ts';

/** The event, unless it is nobody's business yet. Throws `event-not-found`. */
export async function knownEvent(engine: Engine, eventId: string): Promise<EventCard> {
  const card = await engine.events.card(eventId);
  if (!card?.isPublic) throw new RequestError('event-not-found');
  return card;
}

/** Throws `event-not-found`, `event-not-on-sale`. The scripts have the last word on the latter. */
export async function onSale(engine: Engine, eventId: string): Promise<EventCard> {
  const card = await knownEvent(engine, eventId);
  if (closesAt(card) <= Date.now()) throw new RequestError('event-not-on-sale');
  return card;
}

/**
 * The same for whoever has no hold yet; who has one keeps it when the beginning of the sale is put off. Throws
 * `sale-not-started` too.
 */
export async function openSale(engine: Engine, eventId: string): Promise<EventCard> {
  const card = await onSale(engine, eventId);
  const { salesStartAt: from } = card;
  if (from > Date.now()) throw new RequestError('sale-not-started', { from });
  return card;
}

/** What the refusals that several scripts share are called on the wire. */
export const refusals = {
  closed: 'event-not-on-sale',
  'unknown-hold': 'hold-not-found',
  confirming: 'hold-confirming',
  reused: 'request-id-reused',
} as const;

/** The hold that was made; any other answer is thrown as the refusal it is. */
export function expectHeld(answer: Answer<(typeof holdSeats)['decoders']>) {
  switch (answer.status) {
    case 'held':
      return answer;
    case 'taken':
      throw new RequestError('seats-taken', { seats: answer.seats });
    case 'unknown-seats':
      throw new RequestError('seats-unknown', { seats: answer.seats, count: answer.count });
    case 'seats-per-hold':
      throw new RequestError('seats-per-hold', { allowed: answer.allowed });
    case 'seats-per-buyer':
      throw new RequestError('seats-per-buyer', { allowed: answer.allowed, left: answer.left });
    default:
      throw new RequestError(refusals[answer.status]);
  }
}

/** A hold as its owner sees it, with its price. */
export function holdView(card: EventCard, hold: RawHold): Hold {
  return {
    holdId: hold.holdId,
    eventId: card.id,
    seats: hold.seats,
    expiresAt: hold.expiresAt,
    extensionsLeft: hold.extensionsLeft,
    totalCents: hold.seats.reduce((sum, seat) => sum + priceOf(card, seat), 0),
    currency: card.currency,
  };
}

/** The live holds of one buyer, of an event that is public. Costs PostgreSQL nothing, however many come back at once. */
export async function holdsOf(engine: Engine, eventId: string, owner: string): Promise<Hold[]> {
  const { answer } = await engine.inventory.run(readHolds, eventId, { owner });
  if (answer.holds.length === 0) return [];
  const card = await engine.events.agedCard(eventId);
  if (!card?.isPublic) throw new RequestError('event-not-found');
  return answer.holds.map((hold) => holdView(card, hold));
}
