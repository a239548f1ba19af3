/**
 * What a provider of events has on offer, kept beside the hub's own events: fetched from time to time by one node, and
 * searched in our database alone, so it does not matter to who asks how the provider is. A sync takes all of a feed or
 * nothing, and deletes nothing ever: what is gone from the feed says so, and since when.
 */
import type { Actor } from '../audit/audit-log.ts';
import { recordChange } from '../audit/record-change.ts';
import type { Database } from '../database/database.ts';
import {
  applyProviderFeed,
  beginProviderRun,
  failProviderRun,
  rezoneProviderEvents,
} from '../database/provider-statements.ts';
import { RequestError } from '../errors.ts';
import type { JobQueue } from '../jobs/job-queue.ts';
import type { Jobs } from '../jobs/jobs.ts';
import type { Logger } from '../log.ts';
import { Addresses, type Resolve } from './addresses.ts';
import { FeedFailure } from './feed-failure.ts';
import { defaultFeedLimits, type FeedLimits } from './feed-limits.ts';
import { type CircuitName, GuardedFeed } from './guarded-feed.ts';
import { type ParsedFeed, parseFeed } from './parse-feed.ts';

export interface ProviderSettings {
  /** undefined: there is none, and nothing is fetched. May hold a secret. */
  readonly url: string | undefined;
  readonly intervalMs: number;
  /** IANA name: where the clock hangs that its feed goes by. */
  readonly timeZone: string;
  /** Networks (CIDR) that it may be in although they are not public. */
  readonly allowedNetworks: readonly string[];
}

interface SyncJob {
  askedBy: string | null;
}

const queueName = 'provider';
const repeatId = 'sync';
const runsKept = 1000;
/** Rows that are moved to another time zone with one statement. */
const rezonedAtOnce = 20_000;

export class ProviderFeed {
  readonly settings: ProviderSettings;
  readonly #limits: FeedLimits;
  readonly #db: Database;
  readonly #log: Logger;
  readonly #queue: JobQueue<SyncJob> | undefined;
  readonly #feed: GuardedFeed | undefined;

  constructor(parts: {
    settings: ProviderSettings;
    limits?: Partial<FeedLimits> | undefined;
    resolve?: Resolve | undefined;
    db: Database;
    jobs: Jobs;
    log: Logger;
  }) {
    const { settings, db, jobs, log } = parts;
    this.settings = settings;
    this.#limits = { ...defaultFeedLimits, ...parts.limits };
    this.#db = db;
    this.#log = log;
    if (settings.url === undefined) return;
    const addresses = new Addresses(settings.allowedNetworks, parts.resolve);
    this.#feed = new GuardedFeed(settings.url, addresses, this.#limits);
    this.#queue = jobs.open<SyncJob>(queueName, ({ askedBy }, signal) => this.#sync(askedBy, signal), {
      everywhere: 1,
    });
  }

  /** Of this node. */
  get circuit(): CircuitName {
    return this.#feed?.circuit ?? 'closed';
  }

  /** After that, `jobs.start()`. */
  start(): void {
    this.#queue?.repeat(repeatId, this.settings.intervalMs, { askedBy: null });
    this.#rezone().catch((error) =>
      this.#log.warn({ err: error }, 'moments were not moved to the time zone'),
    );
  }

  /** undefined: there is none, or nobody knows, for Redis is away. */
  async nextRunAt(): Promise<Date | undefined> {
    const at = await this.#queue?.nextRepeatAt(repeatId).catch(() => undefined);
    return at === undefined ? undefined : new Date(at);
  }

  /** Has some node sync soon. Throws `provider-not-configured`, `try-later`. */
  async ask(by: Actor): Promise<void> {
    const queue = this.#queue;
    if (!queue) throw new RequestError('provider-not-configured');
    await this.#db.em().transactional(async (em) => {
      await recordChange(em, 'provider-sync-asked', by, {});
      // Last: what Redis does not take was not asked for.
      await queue.add({ askedBy: by.userId }, { key: 'asked' }).catch((error) => {
        this.#log.debug({ err: error }, 'a sync could not be asked for');
        throw new RequestError('try-later');
      });
    });
  }

  async #sync(askedBy: string | null, signal: AbortSignal): Promise<void> {
    const feed = this.#feed as GuardedFeed;
    const { answerMs, retries, maxPauseMs, parseMs } = this.#limits;
    const longestMs = (retries + 1) * (answerMs + maxPauseMs) + parseMs;
    const [begun] = await this.#db.run(beginProviderRun, askedBy, 2 * longestMs, runsKept);
    const id = begun?.id ?? '';
    let [attempts, bytes] = [0, 0];
    let parsed: ParsedFeed | undefined;
    try {
      const answer = await feed.fetch(signal, () => attempts++);
      bytes = answer.length;
      parsed = await parseFeed(answer, this.#limits, signal);
      await this.#apply(id, parsed, [attempts, bytes, feed.circuit]);
    } catch (error) {
      const failure = error instanceof FeedFailure ? error : new FeedFailure('unexpected', undefined, error);
      const { code, message } = failure;
      const level = code === 'unexpected' ? 'error' : 'warn';
      this.#log[level]({ err: failure, code, run: id }, 'the provider was not synced: what is known stays');
      const counts = parsed ? JSON.stringify(parsed.counts) : null;
      const spoiled = JSON.stringify(parsed?.spoiled ?? []);
      await this.#db.run(failProviderRun, id, code, message, attempts, bytes, feed.circuit, counts, spoiled);
    }
  }

  async #apply(id: string, feed: ParsedFeed, fetched: [number, number, string]): Promise<void> {
    const { entries, spoiledIds, spoiled, counts } = feed;
    const { timeZone } = this.settings;
    const told = [JSON.stringify(counts), JSON.stringify(spoiled)] as const;
    const [changes] = await this.#db.run(
      applyProviderFeed,
      id,
      entries,
      spoiledIds,
      timeZone,
      ...fetched,
      ...told,
    );
    if (!changes) throw new FeedFailure('superseded');
    const { added, changed, gone } = changes;
    const isQuiet = added + changed + gone === 0;
    this.#log[isQuiet ? 'debug' : 'info']({ run: id, ...counts, ...changes }, 'the provider was synced');
    // It may be right, and it may be half a feed: nothing is lost by it, but somebody should look.
    if (gone > counts.entries)
      this.#log.warn({ run: id, gone }, 'more than half of the provider’s events are gone');
  }

  /** The configured time zone may be another one since they were written, or have got other rules. */
  async #rezone(): Promise<void> {
    for (;;) {
      const [row] = await this.#db.run(rezoneProviderEvents, this.settings.timeZone, rezonedAtOnce);
      if (!row || row.moved === 0) return;
      this.#log.info({ events: row.moved }, 'events of the provider were moved to its time zone');
    }
  }
}
