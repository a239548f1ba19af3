/**
 * Answers that many ask for, kept in Redis for a minute. What PostgreSQL has counts: an answer is used only while it
 * carries the generation its group has now, and whoever changes something gives the group a new generation before
 * the change is answered. So nobody misses a change they know of, on whichever node they ask:
 *
 * - a reader takes the generation first and reads PostgreSQL afterwards, so what was read before a change, and is stored
 *   after it, carries an old generation and is never used
 * - generations are random, so one that is lost with Redis, or forgotten, never comes back
 * - a node whose connection to Redis broke gives everything a new generation before it uses any of it again: it may
 *   have changed something meanwhile
 * - the outbox does it again for a node that died in between (`event-changed`)
 *
 * - an answer and its generation name the life of the server they are in: a replica that took over starts anew
 *
 * A cold answer is read once: by one caller of a node (the others share it), on one node (the others wait for it, but
 * not for long). Without Redis everything is read from PostgreSQL.
 */
import { hash, randomBytes } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { Logger } from './log.ts';
import type { Keys } from './redis/keys.ts';
import type { RedisLinks } from './redis/links.ts';

export interface Loaded<T> {
  readonly value: T;
  /** Whether everybody may have it. */
  readonly keep: boolean;
}

export interface CacheTimes {
  /** How long an answer is kept, ms. Only what changed past the hub is wrong for so long. */
  keptMs: number;
  /** After which one reader reads it anew while the others still get it. */
  freshMs: number;
  /** How long another node may take to read it. */
  lockMs: number;
}

const defaultTimes: CacheTimes = { keptMs: 60_000, freshMs: 40_000, lockMs: 2000 };
/** Longer than an answer is kept; a generation that is forgotten is made anew. */
const generationMs = 300_000;
const entryBytesAtMost = 64 * 1024;
/** Characters of the texts whose values a node keeps. */
const parsedAtMost = 8 * 1024 * 1024;
/** Places of a group. Two answers that have the same one displace each other: whoever asks for many fills no Redis. */
const placesOfGroup = 256;
const lookAgainMs = 20;
const bumpsAtMost = 3;

interface Found {
  /** What an answer must carry to be used. */
  readonly generation: string;
  readonly entry: Entry | undefined;
  /** The group had no generation: this look made one. */
  readonly isFirst: boolean;
}
interface Entry {
  readonly value: unknown;
  readonly ageMs: number;
}
interface Parsed {
  readonly text: string;
  readonly value: unknown;
}

export class Cache {
  readonly #links: RedisLinks;
  readonly #keys: Keys;
  readonly #log: Logger;
  readonly #times: CacheTimes;
  /** What says where all of them are: `RedisLinks.home` wants the same array each time. */
  readonly #place: readonly string[];
  readonly #isOff: boolean;
  readonly #flights = new Map<string, Promise<unknown>>();
  /** What was read of each place last. Redis is asked all the same, but a text that is still there is not parsed again. */
  readonly #parsed = new LRUCache<string, Parsed>({
    maxSize: parsedAtMost,
    sizeCalculation: ({ text }) => text.length,
  });
  /** Answers that are being read anew, while the old ones are still given. */
  readonly #refreshing = new Set<string>();
  readonly #bumping = new Set<Promise<boolean>>();
  /** The connection is new, or something could not be told: nothing of before may be used. */
  #isDoubtful = true;
  #renewing: Promise<boolean> | undefined;
  readonly counts = {
    hits: 0,
    misses: 0,
    /** Read anew before their time was over. */
    early: 0,
    /** Got what another caller of this node was reading. */
    shared: 0,
    /** Got what another node was reading. */
    waited: 0,
    /** Read from PostgreSQL because Redis was away. */
    bypassed: 0,
    tooLarge: 0,
    bumps: 0,
  };

  /** @param parts `isOff`: everything is read anew each time; other nodes are told of changes all the same */
  constructor(parts: {
    links: RedisLinks;
    keys: Keys;
    log: Logger;
    times?: CacheTimes;
    isOff?: boolean;
  }) {
    this.#links = parts.links;
    this.#keys = parts.keys;
    this.#log = parts.log;
    this.#place = [parts.keys.cached('gen')];
    this.#times = parts.times ?? defaultTimes;
    this.#isOff = parts.isOff ?? false;
    parts.links.commands.on('close', () => {
      this.#isDoubtful = true;
    });
  }

  /**
   * What `load` gives, or gave a moment ago to somebody else: many get the same object, which is frozen. The value goes
   * through JSON; `key` says everything it depends on beside what `group` is changed for.
   */
  async read<T>(group: string, key: string, load: () => Promise<Loaded<T>>): Promise<T> {
    if (this.#isOff) return (await load()).value;
    const name = hash('sha256', key, 'hex').slice(0, 40);
    const id = `${group}:${Number.parseInt(name.slice(0, 8), 16) % placesOfGroup}`;
    const found = await this.#look(group, id, name);
    if (!found) {
      this.counts.bypassed++;
      return (await load()).value;
    }
    const { generation, entry, isFirst } = found;
    if (!entry) {
      const forgotten = isFirst ? group : undefined;
      return (await this.#flight(id, generation, load, forgotten)) as T;
    }
    this.counts.hits++;
    if (entry.ageMs > this.#times.freshMs) this.#refresh(id, generation, load);
    return entry.value as T;
  }

  /**
   * What these groups hold has changed. Never rejects. @returns whether every node knows; if not, it is to be told
   * again (the outbox), and this node uses nothing it has until then.
   */
  changed(...groups: string[]): Promise<boolean> {
    const bump = this.#bump(groups).finally(() => this.#bumping.delete(bump));
    this.#bumping.add(bump);
    return bump;
  }

  /** Whether something was changed here that not every node knows yet. */
  get isSettling(): boolean {
    return this.#bumping.size > 0;
  }

  /** Resolves when every node knows what was changed here until now, or cannot be told. */
  async settled(): Promise<void> {
    if (this.#bumping.size > 0) await Promise.all(this.#bumping);
  }

  async #bump(groups: string[]): Promise<boolean> {
    this.counts.bumps++;
    for (let attempt = 1; this.#links.available && attempt <= bumpsAtMost; attempt++) {
      try {
        await Promise.all(groups.map((group) => this.#setGeneration(this.#keys.cached(`gen:${group}`))));
        return true;
      } catch (error) {
        this.#log.debug({ err: error, groups }, 'could not tell the cache of a change');
      }
    }
    this.#isDoubtful = true;
    return false;
  }

  #setGeneration(key: string): Promise<unknown> {
    return this.#links.commands.set(key, newGeneration(), 'PX', generationMs);
  }

  /** The run id of the server that has all of this; undefined while it is away. */
  #run(): string | undefined {
    return this.#links.canReach(this.#place) ? this.#links.home(this.#place).run : undefined;
  }

  /**
   * The generation of a group, as far as the answer `name` goes, with what there is of it. It holds for one life of
   * one server: a replica that took over may not have the last changes. undefined: Redis cannot be asked.
   */
  async #look(group: string, id: string, name: string): Promise<Found | undefined> {
    if (!this.#links.available || (this.#isDoubtful && !(await this.#renew()))) return undefined;
    try {
      const run = this.#run();
      const keys = [this.#keys.cached('gen'), this.#keys.cached(`gen:${group}`), this.#keys.cached(id)];
      const [all, own, text] = await this.#links.commands.mget(...keys);
      const [first, second] = await Promise.all([
        all ?? this.#makeGeneration(this.#keys.cached('gen')),
        own ?? this.#makeGeneration(this.#keys.cached(`gen:${group}`)),
      ]);
      if (run === undefined || this.#run() !== run) return undefined;
      const generation = `${run}.${first}.${second}.${name}`;
      return { generation, entry: this.#entryOf(id, text, generation), isFirst: own === null };
    } catch (error) {
      this.#log.debug({ err: error }, 'could not ask the cache');
      return undefined;
    }
  }

  /** Whoever comes first makes it. */
  async #makeGeneration(key: string): Promise<string> {
    const made = newGeneration();
    return (await this.#links.commands.set(key, made, 'PX', generationMs, 'NX', 'GET')) ?? made;
  }

  /** Nothing of before is used by anybody. @returns whether Redis has taken that */
  #renew(): Promise<boolean> {
    this.#renewing ??= this.#setGeneration(this.#keys.cached('gen'))
      .then(
        () => {
          this.#isDoubtful = false;
          return true;
        },
        () => false,
      )
      .finally(() => {
        this.#renewing = undefined;
      });
    return this.#renewing;
  }

  #refresh(id: string, generation: string, load: () => Promise<Loaded<unknown>>): void {
    if (this.#refreshing.has(id)) return;
    this.#refreshing.add(id);
    void this.#lock(id, generation)
      .then(async (isOurs) => {
        if (!isOurs) return;
        this.counts.early++;
        try {
          await this.#store(id, generation, await load());
        } finally {
          await this.#unlock(id, generation);
        }
      })
      .catch((error) => this.#log.debug({ err: error }, 'could not read an answer anew'))
      .finally(() => this.#refreshing.delete(id));
  }

  /** Reads it once for all who ask here under this generation: all of them asked after it was given. */
  #flight<T>(
    id: string,
    generation: string,
    load: () => Promise<Loaded<T>>,
    forgotten?: string,
  ): Promise<unknown> {
    const flight = `${generation} ${id}`;
    const known = this.#flights.get(flight);
    if (known) {
      this.counts.shared++;
      return known;
    }
    const work = this.#miss(id, generation, load, forgotten).finally(() => this.#flights.delete(flight));
    this.#flights.set(flight, work);
    return work;
  }

  /** @param forgotten a group whose generation is of no use to anybody if this answer is not kept */
  async #miss<T>(
    id: string,
    generation: string,
    load: () => Promise<Loaded<T>>,
    forgotten?: string,
  ): Promise<unknown> {
    // Redis that goes away now only makes it slower.
    const isOurs = await this.#lock(id, generation).catch(() => true);
    if (!isOurs) {
      const theirs = await this.#await(id, generation).catch(() => undefined);
      if (theirs) {
        this.counts.waited++;
        return theirs.value;
      }
    }
    this.counts.misses++;
    try {
      const loaded = await load();
      await this.#store(id, generation, loaded);
      if (!loaded.keep && forgotten !== undefined) await this.#forget(forgotten);
      return loaded.value;
    } finally {
      if (isOurs) await this.#unlock(id, generation);
    }
  }

  /** As good as a new one: no generation ever comes back. */
  async #forget(group: string): Promise<void> {
    await this.#links.commands.del(this.#keys.cached(`gen:${group}`)).catch(() => undefined);
  }

  async #lock(id: string, generation: string): Promise<boolean> {
    const { lockMs } = this.#times;
    return (await this.#links.commands.set(this.#lockKey(id, generation), '1', 'PX', lockMs, 'NX')) === 'OK';
  }

  /** Who held it for too long takes the next one's: then two read, which does no harm. */
  async #unlock(id: string, generation: string): Promise<void> {
    await this.#links.commands.del(this.#lockKey(id, generation)).catch(() => undefined);
  }

  #lockKey(id: string, generation: string): string {
    return this.#keys.cached(`lock:${generation}:${id}`);
  }

  /** What another node is reading; undefined when it ends without an answer for everybody. */
  async #await(id: string, generation: string): Promise<Entry | undefined> {
    const end = performance.now() + this.#times.lockMs;
    while (performance.now() < end) {
      await new Promise((resolve) => setTimeout(resolve, lookAgainMs));
      const keys = [this.#keys.cached(id), this.#lockKey(id, generation)];
      const [text, lock] = await this.#links.commands.mget(...keys);
      const entry = this.#entryOf(id, text, generation);
      if (entry || lock === null) return entry;
    }
    return undefined;
  }

  async #store(id: string, generation: string, { value, keep }: Loaded<unknown>): Promise<void> {
    if (!keep) return;
    const text = `${generation}\n${Date.now()}\n${JSON.stringify(value)}`;
    if (Buffer.byteLength(text) > entryBytesAtMost) {
      this.counts.tooLarge++;
      return;
    }
    // Not all at the same moment.
    const keptMs = Math.ceil(this.#times.keptMs * (0.9 + 0.1 * Math.random()));
    await this.#links.commands
      .set(this.#keys.cached(id), text, 'PX', keptMs)
      .catch((error: unknown) => this.#log.debug({ err: error }, 'could not keep an answer'));
  }

  #entryOf(id: string, text: string | null | undefined, generation: string): Entry | undefined {
    if (!text?.startsWith(`${generation}\n`)) return undefined;
    const start = generation.length + 1;
    const end = text.indexOf('\n', start);
    // The clocks of nodes need not agree: Redis forgets it in time, whatever they say.
    const ageMs = Date.now() - Number(text.slice(start, end));
    const known = this.#parsed.get(id);
    if (known?.text === text) return { value: known.value, ageMs };
    const value: unknown = Object.freeze(JSON.parse(text.slice(end + 1)));
    this.#parsed.set(id, { text, value });
    return { value, ageMs };
  }
}

const newGeneration = (): string => randomBytes(9).toString('base64url');
