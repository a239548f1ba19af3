/**
 * Lets go of what Redis keeps of events that are long over. It leaves in two steps, so that nobody brings it back by
 * merely looking after it: first out of the list of loaded events, and when every node has read that list again, its
 * keys. Every step can be taken by any node, and whoever asks for such an event has it loaded anew.
 */
import { type Clock, systemClock } from '../clock.ts';
import type { Database } from '../database/database.ts';
import { pastEvents } from '../database/statements.ts';
import type { Logger } from '../log.ts';
import type { Keys } from '../redis/keys.ts';
import type { RedisLinks } from '../redis/links.ts';
import { retireEvent } from '../redis/scripts/retire-event.ts';

const everyMs = 60_000;
const ageMs = 86_400_000;
/** Sweepers and reconcilers read the list every five seconds. */
const waitMs = 30_000;
/** One that was asked for all the same, by somebody who looks at the past, is left alone for so long. */
const againMs = 3_600_000;

export class PastEvents {
  readonly #links: RedisLinks;
  readonly #keys: Keys;
  readonly #db: Database;
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #everyMs: number;
  readonly #waitMs: number;
  readonly #begun = new Map<string, number>();
  #cancel: (() => void) | undefined;
  #stopped = false;
  /** `kept`: they had holds. */
  readonly counts = { retired: 0, kept: 0 };

  constructor(parts: {
    links: RedisLinks;
    keys: Keys;
    db: Database;
    log: Logger;
    clock?: Clock;
    everyMs?: number;
    waitMs?: number;
  }) {
    this.#links = parts.links;
    this.#keys = parts.keys;
    this.#db = parts.db;
    this.#log = parts.log;
    this.#clock = parts.clock ?? systemClock;
    this.#everyMs = parts.everyMs ?? everyMs;
    this.#waitMs = parts.waitMs ?? waitMs;
  }

  start(): void {
    this.#cancel = this.#clock.after(this.#everyMs, () => {
      this.#round()
        .catch((error) => this.#log.debug({ err: error }, 'could not retire events'))
        .finally(() => this.#stopped || this.start());
    });
  }

  stop(): void {
    this.#stopped = true;
    this.#cancel?.();
  }

  async #round(): Promise<void> {
    if (!this.#links.available) return;
    await this.#begin();
    await this.#end();
  }

  async #begin(): Promise<void> {
    const { loadedEvents, retiringEvents } = this.#keys;
    const { commands } = this.#links;
    const now = this.#clock.now();
    for (const [id, at] of this.#begun) if (now - at > againMs) this.#begun.delete(id);
    const loaded = (await commands.smembers(loadedEvents)).filter((id) => !this.#begun.has(id));
    if (loaded.length === 0) return;
    for (const { id } of await this.#db.run(pastEvents, loaded, ageMs)) {
      this.#begun.set(id, now);
      // In this order: one that is on neither list would stay for ever.
      await commands.hset(retiringEvents, id, now);
      await commands.srem(loadedEvents, id);
    }
  }

  #retire(eventId: string): Promise<'retired' | 'holds'> {
    const keys = this.#keys.event(eventId);
    return retireEvent(this.#links.home(keys).redis, keys);
  }

  async #end(): Promise<void> {
    const { loadedEvents, retiringEvents } = this.#keys;
    const { commands } = this.#links;
    for (const [id, since] of Object.entries(await commands.hgetall(retiringEvents))) {
      if (this.#clock.now() - Number(since) < this.#waitMs) continue;
      const isBack = (await commands.sismember(loadedEvents, id)) === 1;
      const end = isBack ? 'back' : await this.#retire(id);
      if (end === 'holds') {
        // The sweepers end them, and it is retired another time.
        await commands.sadd(loadedEvents, id);
        this.counts.kept++;
      }
      await commands.hdel(retiringEvents, id);
      if (end !== 'retired') continue;
      this.counts.retired++;
      this.#log.info({ eventId: id }, 'an event that is over has left Redis');
    }
  }
}
