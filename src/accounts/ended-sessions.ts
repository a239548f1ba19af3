/**
 * Which sessions have ended, so that their tokens are refused everywhere although they are still valid by themselves.
 *
 * PostgreSQL has the truth (`sessions.ended_at`, in the transaction that ends them), Redis a list that every request can
 * afford to ask: an entry a session, for as long as its tokens last. A Redis that lost its data, or only its last second,
 * has another run id or no mark that the list is complete; then the list is written anew before anybody is answered. The
 * other way, to ask PostgreSQL each time, would put a query before every request and a storm of them behind every
 * reconnect of a crowd.
 *
 * What was written to PostgreSQL and did not reach Redis (it was away, or a tool that knows nothing of Redis did it) is
 * found by a look each node takes every 10 s. A Redis that is full refuses an entry but not to delete: then the mark goes,
 * and while there is none, or no Redis, PostgreSQL is asked after all, by a few at a time.
 */
import type { Database } from '../database/database.ts';
import { isOutage } from '../database/database.ts';
import { inBites } from '../database/in-bites.ts';
import { endedSessions, forgetSessions, sessionEnd } from '../database/account-statements.ts';
import { RequestError } from '../errors.ts';
import { Gate } from '../gate.ts';
import type { Logger } from '../log.ts';
import type { Keys } from '../redis/keys.ts';
import type { RedisLinks } from '../redis/links.ts';

const lookEveryMs = 10_000;
/** Longer than any transaction of ours takes to commit, and than a few looks that failed. */
const lookBackMs = 120_000;
const forgetEvery = 60;
const forgetAtMost = 1000;
/** Of those who ask PostgreSQL, so that a crowd that comes back leaves it room for other work. */
const askingAtOnce = 4;
const askingQueue = 500;
/** After the list could not be written. */
const completeAgainMs = 1000;
const writtenAtOnce = 1000;
/** Clocks of nodes may differ: an entry outlives its tokens by so much. */
const slackMs = 10_000;

export interface EndedSession {
  id: string;
  /** How long tokens of it would still be valid. */
  leftMs: number;
}

export class EndedSessions {
  readonly #db: Database;
  readonly #links: RedisLinks;
  readonly #keys: Keys;
  readonly #log: Logger;
  /** All of the list is in one slot. */
  readonly #place: readonly string[];
  readonly #asking = new Gate(askingAtOnce, askingQueue);
  #completing: Promise<void> | undefined;
  #failedAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  #lookedAt: number | undefined;
  #looks = 0;
  /** What the look before has brought already. */
  #brought: ReadonlySet<string> = new Set();
  /** Hears of the sessions that ended lately, here or elsewhere. */
  onEnded: ((sessionId: string) => void) | undefined;

  constructor(parts: { db: Database; links: RedisLinks; keys: Keys; log: Logger }) {
    this.#db = parts.db;
    this.#links = parts.links;
    this.#keys = parts.keys;
    this.#place = [parts.keys.revokedRun];
    this.#log = parts.log;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.look().catch((error) => this.#log.debug({ err: error }, 'could not look for ended sessions'));
    }, lookEveryMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  /** Throws `try-later` while it cannot be known: neither Redis nor PostgreSQL can be asked. */
  has = async (sessionId: string): Promise<boolean> =>
    (await this.#hasInRedis(sessionId)) ?? (await this.#asking.run(() => this.#hasInDatabase(sessionId)));

  /** Never rejects: what does not get there now is brought by the next look. */
  async add(sessions: readonly EndedSession[]): Promise<void> {
    await this.#write(sessions).catch((error) => {
      this.#log.warn({ err: error }, 'Redis was not told of ended sessions; it is told later');
    });
  }

  /** Brings Redis, and the sockets of this node, what ended since the look before. */
  async look(): Promise<void> {
    const startedAt = Date.now();
    const sinceMs = startedAt - (this.#lookedAt ?? startedAt) + lookBackMs;
    const rows = await this.#db.run(endedSessions, sinceMs);
    const news = rows.filter(({ id }) => !this.#brought.has(id));
    for (const { id } of news) this.onEnded?.(id);
    await this.#write(news.map(({ id, left_ms: leftMs }) => ({ id, leftMs })));
    this.#brought = new Set(rows.map(({ id }) => id));
    this.#lookedAt = startedAt;
    if (this.#looks++ % forgetEvery === 0) await this.#forget();
  }

  #forget(): Promise<void> {
    const bite = async () => (await this.#db.run(forgetSessions, forgetAtMost))[0]?.forgotten ?? 0;
    return inBites(forgetAtMost, bite);
  }

  /** undefined: Redis does not know. */
  async #hasInRedis(sessionId: string): Promise<boolean | undefined> {
    try {
      const first = await this.#ask(sessionId);
      if (first.ended || first.complete) return first.ended;
      if (performance.now() - this.#failedAt < completeAgainMs) return undefined;
      this.#completing ??= this.#complete().finally(() => {
        this.#completing = undefined;
      });
      await this.#completing;
      const second = await this.#ask(sessionId);
      return second.ended || second.complete ? second.ended : undefined;
    } catch {
      return undefined;
    }
  }

  async #hasInDatabase(sessionId: string): Promise<boolean> {
    const rows = await this.#db.run(sessionEnd, sessionId).catch((error) => {
      if (!isOutage(error)) this.#log.warn({ err: error }, 'could not ask for the end of a session');
      throw new RequestError('try-later');
    });
    return rows.length > 0;
  }

  async #ask(sessionId: string): Promise<{ ended: boolean; complete: boolean }> {
    const { redis, run } = this.#links.home(this.#place);
    const [ended, completeIn] = await redis.mget(this.#keys.revoked(sessionId), this.#keys.revokedRun);
    return { ended: ended !== null, complete: completeIn === run };
  }

  /** The whole list anew, then the mark: it names the life of Redis it was written in. */
  async #complete(): Promise<void> {
    const { redis, run } = this.#links.home(this.#place);
    try {
      const rows = await this.#db.run(endedSessions, null);
      await this.#write(rows.map(({ id, left_ms: leftMs }) => ({ id, leftMs })));
      await redis.set(this.#keys.revokedRun, run);
      this.#log.info({ sessions: rows.length }, 'Redis has the list of ended sessions again');
    } catch (error) {
      this.#failedAt = performance.now();
      if (!isOutage(error)) this.#log.warn({ err: error }, 'could not write the list of ended sessions');
      throw error;
    }
  }

  /** When it fails the list is no longer complete, and Redis is not believed before it is. */
  async #write(sessions: readonly EndedSession[]): Promise<void> {
    try {
      await this.#writeAll(sessions);
    } catch (error) {
      const { commands } = this.#links;
      await commands
        .del(this.#keys.revokedRun)
        .catch((err) => this.#log.debug({ err }, 'could not delete the mark of ended sessions'));
      throw error;
    }
  }

  async #writeAll(sessions: readonly EndedSession[]): Promise<void> {
    for (let i = 0; i < sessions.length; i += writtenAtOnce) {
      const some = sessions.slice(i, i + writtenAtOnce);
      await Promise.all(
        some.map(({ id, leftMs }) => {
          const forMs = Math.ceil(Math.max(0, leftMs)) + slackMs;
          return this.#links.commands.set(this.#keys.revoked(id), '1', 'PX', forMs);
        }),
      );
    }
  }
}
