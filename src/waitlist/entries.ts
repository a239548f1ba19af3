/** Entries as they are shown: rows of PostgreSQL with what Redis knows of them. */
import type { Viewer } from '../channel.ts';
import type { WaitlistEntry } from '../contracts.gen.ts';
import type { EntryRow } from '../database/waitlist-statements.ts';
import type { EventCard } from '../events/events.ts';
import type { Engine } from '../hub.ts';
import { entryView } from './entry-view.ts';

/**
 * @param rows of one event
 * @param viewer whoever hears of new places from now on, their owner; undefined: nobody
 * @returns the entries; how many wait for the event; and for each entry how many seats are kept for it while it waits for
 * more, which is for its organizer
 */
export async function entriesOf(
  { waitlist, waiters }: Pick<Engine, 'waitlist' | 'waiters'>,
  card: EventCard,
  rows: readonly EntryRow[],
  viewer?: Viewer,
): Promise<{ entries: WaitlistEntry[]; length: number; gathered: number[] }> {
  const { length, of } = await waitlist.standings(
    card.id,
    rows.map(({ id }) => id),
  );
  const entries = rows.map((row) => entryView(card, row, of.get(row.id)));
  for (const { id, user_id: userId } of viewer ? rows : []) {
    const standing = of.get(id);
    if (standing) waiters.remember(card.id, id, userId, standing.position);
  }
  return { entries, length, gathered: rows.map(({ id }) => of.get(id)?.gathered ?? 0) };
}

/** One entry as it is by now; undefined: it never was. */
export async function entryOf(
  engine: Engine,
  card: EventCard,
  entryId: string,
): Promise<WaitlistEntry | undefined> {
  await engine.waitlist.recorder.settled(card.id);
  const row = await engine.waitlist.find(entryId);
  if (!row) return undefined;
  return (await entriesOf(engine, card, [row])).entries[0];
}
