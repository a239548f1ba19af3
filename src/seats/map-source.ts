import { RequestError } from '../errors.ts';
import type { Events } from '../events/events.ts';
import { newEpoch } from '../ids.ts';
import { readMap } from '../redis/scripts/read-map.ts';
import { readTicks } from '../redis/scripts/read-ticks.ts';
import { eventRoom } from '../socket/frame.ts';
import type { Publisher } from '../socket/publish.ts';
import { statesOfLetters } from './codec.ts';
import type { Inventory } from './inventory.ts';
import type { MapSource } from './live-maps.ts';

/** Where the copies of maps on this node come from, and the room they go to. */
export function makeMapSource(parts: {
  inventory: Inventory;
  events: Events;
  publisher: Publisher;
  isWatched: (eventId: string) => boolean;
  /** Told of every map of this node that has changed, or may be trusted more or less than before. */
  moved?: (eventId: string) => void;
}): MapSource {
  const { inventory, events, publisher, moved } = parts;

  async function fromDatabase(eventId: string) {
    const card = await events.card(eventId);
    if (!card) throw new RequestError('event-not-found');
    const { seats } = await inventory.truth(card);
    return { epoch: newEpoch(), position: 0, seats: statesOfLetters(seats), stale: true };
  }

  return {
    isWatched: parts.isWatched,
    async read(eventId) {
      if (!inventory.available) return fromDatabase(eventId);
      try {
        const { answer, epoch, position } = await inventory.run(readMap, eventId, undefined);
        return { epoch, position, seats: statesOfLetters(answer.seats), stale: false };
      } catch (error) {
        // Redis went away just now.
        if (error instanceof RequestError && error.code === 'try-later') return fromDatabase(eventId);
        throw error;
      }
    },
    async ticksAfter(eventId, epoch, position) {
      const { answer } = await inventory.run(readTicks, eventId, { epoch, position });
      return answer.status === 'ticks' ? answer.ticks : 'gone';
    },
    deliver(eventId, tick) {
      publisher.local(eventRoom(eventId), 'seats:changed', tick);
      moved?.(eventId);
    },
    beacon(eventId, epoch, position, stale) {
      publisher.local(eventRoom(eventId), 'seats:position', { eventId, epoch, position, stale });
      moved?.(eventId);
    },
  };
}
