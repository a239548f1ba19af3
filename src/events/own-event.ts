import { owns } from '../channel.ts';
import { RequestError } from '../errors.ts';
import type { Engine } from '../hub.ts';
import type { Session } from '../session.ts';
import type { EventCard } from './events.ts';

/** The event of an organizer, or any for an admin, drafts as well. Throws `event-not-found`. */
export async function ownEvent(engine: Engine, session: Session, eventId: string): Promise<EventCard> {
  const card = await engine.events.card(eventId);
  if (!card || !owns(session, card.organizerId)) throw new RequestError('event-not-found');
  return card;
}
