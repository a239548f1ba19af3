/** Events and lists of them as everybody may see them, through the cache. What is private never goes in. */
import type { Event } from '../contracts.gen.ts';
import type { Engine } from '../hub.ts';
import { findEvent } from './catalogue.ts';
import { eventView } from './event-view.ts';

const lists = 'events';
const groupOf = (eventId: string): string => `event:${eventId}`;

/** What is different once an event was changed. */
export const groupsOf = (eventId: string): string[] => [lists, groupOf(eventId)];

/** null: there is none. Of drafts, and of what was deleted, nothing is kept: who may see them is decided by whoever asks. */
export const cachedEvent = (
  { cache, db }: Pick<Engine, 'cache' | 'db'>,
  eventId: string,
): Promise<Event | null> =>
  cache.read(groupOf(eventId), '', async () => {
    const row = await findEvent(db, eventId);
    const value = row ? eventView(row) : null;
    return { value, keep: value !== null && value.publishedAt !== null && value.deletedAt === null };
  });

/** A list that is the same for everybody who asks for it. */
export const cachedList = <T>(
  { cache }: Pick<Engine, 'cache'>,
  request: object,
  read: () => Promise<T>,
): Promise<T> => {
  const key = JSON.stringify(Object.entries(request).sort(([a], [b]) => (a < b ? -1 : 1)));
  return cache.read(lists, key, async () => ({ value: await read(), keep: true }));
};
