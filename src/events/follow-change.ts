import type { EventRow } from '../database/entities.ts';
import type { Engine } from '../hub.ts';
import { setRules } from '../redis/scripts/set-rules.ts';
import { closesAt } from './events.ts';

/** Every node reads the event again, and Redis learns until when it is sold. */
export async function followChange(engine: Engine, { id, status }: EventRow): Promise<void> {
  engine.eventChanged(id);
  if (status !== 'published') return;
  const card = await engine.events.card(id);
  if (card) await engine.inventory.run(setRules, id, { closesAt: closesAt(card) });
}
