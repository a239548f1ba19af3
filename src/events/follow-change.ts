import { LockMode } from '@mikro-orm/core';
import { EventEntity } from '../database/entities.ts';
import type { Engine } from '../hub.ts';
import { setRules } from '../redis/scripts/set-rules.ts';
import { closesAt } from './events.ts';

/** Every node reads the event again, and Redis learns until when it is sold. What fails here the outbox does again. */
export async function followChange(engine: Engine, eventId: string): Promise<void> {
  try {
    await Promise.all([engine.eventChanged(eventId), followSale(engine, eventId)]);
  } catch (error) {
    engine.log.warn({ err: error, eventId }, 'changed; Redis learns later until when it is sold');
  }
}

/**
 * Tells Redis until when the event is sold, if it has the map and knows otherwise. The row cannot change before Redis
 * has its value, so what is older never comes after what is newer. Answers whether it did. Throws `try-later` while
 * Redis is away.
 */
export async function followSale(
  { db, inventory }: Pick<Engine, 'db' | 'inventory'>,
  eventId: string,
): Promise<boolean> {
  const known = await inventory.soldUntil(eventId);
  if (known === undefined) return false;
  return db.em().transactional(async (em) => {
    const row = await em.findOne(
      EventEntity,
      { id: eventId },
      { lockMode: LockMode.PESSIMISTIC_READ, disableIdentityMap: true },
    );
    if (!row) return false;
    const { status, sellMode, startsAt, salesEndAt } = row;
    const until = closesAt({
      status,
      sellMode,
      startsAt: startsAt.getTime(),
      salesEndAt: salesEndAt?.getTime() ?? Number.POSITIVE_INFINITY,
    });
    if (until === known) return false;
    await inventory.runIfLoaded(setRules, eventId, { closesAt: until });
    return true;
  });
}

/**
 * The same where nothing is known to have changed: PostgreSQL is asked only if Redis says otherwise than the card, which
 * is read again when it is old.
 */
export async function compareSale(
  engine: Pick<Engine, 'db' | 'inventory' | 'events'>,
  eventId: string,
): Promise<boolean> {
  const [known, card] = await Promise.all([engine.inventory.soldUntil(eventId), engine.events.card(eventId)]);
  if (known === undefined || !card || closesAt(card) === known) return false;
  return followSale(engine, eventId);
}
