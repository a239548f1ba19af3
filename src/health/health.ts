/**
 * How this node is: whether it should get traffic, and what is wrong if not. Whoever asks, however often, PostgreSQL is
 * asked once a second whether it answers, and every five seconds what waits in it; Redis once a second whether it takes
 * what is written to it, which one that is full does not although it answers.
 */
import type { Config } from '../config.ts';
import type { HealthInfoReply, HealthStatusReply } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { type Backlog, readBacklog } from '../database/health-statements.ts';
import { defaultRules } from '../events/events.ts';
import { ordinaryBodyBytes } from '../http/bridge.ts';
import type { Keys } from '../redis/keys.ts';
import type { RedisLinks } from '../redis/links.ts';
import { maxDepth, maxPayloadBytes } from '../socket/guard.ts';
import { pingIntervalMs, pingTimeoutMs } from '../socket/heartbeat.ts';
import { maxRooms } from '../socket/viewer.ts';
import { EventLoopLag } from './event-loop-lag.ts';

const pingEveryMs = 1000;
const backlogEveryMs = 5000;
const probeForMs = 10_000;
/** It is full, cannot write to its disk, or lacks its replicas. */
const refusesWrites = /^(OOM|MISCONF|NOREPLICAS)/;

/** What a node needs, each part with whether it is well. `wrong` says what is not, in sentences. */
export interface Readiness {
  ok: boolean;
  serving: boolean;
  redis: boolean;
  postgresql: boolean;
  eventLoop: boolean;
  outbox: boolean;
  wrong?: string[];
}

export interface HealthParts {
  version: string;
  node: string;
  config: Config;
  db: Database;
  links: RedisLinks;
  keys: Keys;
  draining: () => boolean;
}

export class Health {
  readonly lag = new EventLoopLag();
  /** Of the hub. */
  readonly version: string;
  readonly #parts: HealthParts;
  readonly #startedAt = Date.now();
  readonly #answers: () => Promise<boolean>;
  readonly #takesWrites: () => Promise<boolean>;
  /** undefined: PostgreSQL does not say. */
  readonly backlog: () => Promise<Backlog | undefined>;

  constructor(parts: HealthParts) {
    this.#parts = parts;
    this.version = parts.version;
    const { db, links, keys, node } = parts;
    this.#answers = onceIn(pingEveryMs, () =>
      db.ping().then(
        () => true,
        () => false,
      ),
    );
    // No answer is no refusal: that is said by another part.
    this.#takesWrites = onceIn(pingEveryMs, () =>
      links.commands.set(keys.probe, node, 'PX', probeForMs).then(
        () => true,
        (error) => !refusesWrites.test(error instanceof Error ? error.message : ''),
      ),
    );
    this.backlog = onceIn(backlogEveryMs, () =>
      db.run(readBacklog).then(
        ([found]) => found,
        () => undefined,
      ),
    );
  }

  stop(): void {
    this.lag.stop();
  }

  /** What waits is unknown while PostgreSQL is away, and that is said by another part already. */
  async readiness(): Promise<Readiness> {
    const { config, links, draining } = this.#parts;
    const [postgresql, takesWrites, backlog] = await Promise.all([
      this.#answers(),
      this.#takesWrites(),
      this.backlog(),
    ]);
    const lateMs = backlog?.outbox_late_ms ?? 0;
    const parts = {
      serving: !draining(),
      redis: links.available && takesWrites,
      postgresql,
      eventLoop: this.lag.ms <= config.readyLoopLagMs,
      outbox: lateMs <= config.readyOutboxLagMs,
    };
    const faults: Record<keyof typeof parts, string> = {
      serving: 'This node is stopping.',
      redis: takesWrites ? 'Redis does not answer.' : 'Redis refuses to be written to: it may be full.',
      postgresql: 'PostgreSQL does not answer.',
      eventLoop: `The event loop is ${Math.round(this.lag.ms)} ms late; at most ${config.readyLoopLagMs} is well.`,
      outbox: `The outbox is ${Math.round(lateMs / 1000)} s late; at most ${config.readyOutboxLagMs / 1000} is well.`,
    };
    const wrong = Object.entries(faults).flatMap(([name, sentence]) =>
      parts[name as keyof typeof parts] ? [] : [sentence],
    );
    return { ok: wrong.length === 0, ...parts, ...(wrong.length > 0 ? { wrong } : {}) };
  }

  async status(): Promise<HealthStatusReply> {
    const { ok, redis, postgresql, eventLoop, outbox } = await this.readiness();
    return { up: ok, version: this.#parts.version, parts: { redis, postgresql, eventLoop, outbox } };
  }

  info(): HealthInfoReply {
    const { config, version, node } = this.#parts;
    const now = Date.now();
    return {
      version,
      node,
      time: new Date(now).toISOString(),
      uptimeS: Math.floor((now - this.#startedAt) / 1000),
      defaults: {
        holdMs: defaultRules.holdMs,
        seatsPerHold: defaultRules.seatsPerHold,
        seatsPerBuyer: defaultRules.seatsPerBuyer,
        extensions: defaultRules.extensions,
      },
      limits: {
        tickMs: config.tickMs,
        frameBytes: maxPayloadBytes,
        frameDepth: maxDepth,
        bodyBytes: ordinaryBodyBytes,
        eventsPerSocket: maxRooms,
        messagesPerSecond: config.messagesPerSecond,
        userMessagesPerSecond: config.userMessagesPerSecond,
        httpRequestsPerSecond: config.httpRequestsPerSecond,
        httpBurst: config.httpBurst,
        pingIntervalMs,
        pingTimeoutMs,
      },
    };
  }
}

function onceIn<T>(ms: number, work: () => Promise<T>): () => Promise<T> {
  let last: { at: number; result: Promise<T> } | undefined;
  return () => {
    if (!last || performance.now() - last.at > ms) last = { at: performance.now(), result: work() };
    return last.result;
  };
}
