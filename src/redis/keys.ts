/**
 * Every key the hub uses. All keys of one event share a hash tag, so that they live in one slot of a
 * Redis Cluster and one script may touch them all.
 */
export interface Keys {
  /** The fifteen keys of an event, in the order of KEYS in `scripts/inventory.lua`. */
  event(eventId: string): string[];
  /** Set of the events whose map is in this Redis: what the sweepers look after. */
  loadedEvents: string;
  /** Hash of events that leave Redis: event id -> since when (ms). */
  retiringEvents: string;
  /** Present while the session is revoked and tokens of it would be valid. */
  revoked(sessionId: string): string;
  /** Run id of the Redis in which the list of revoked sessions is complete. In one slot with them. */
  revokedRun: string;
  /** Written to see whether Redis still takes what is written; in one slot with the revoked sessions. */
  probe: string;
  /** Something of `src/cache.ts`; all in one slot. */
  cached(name: string): string;
  /** A rate-limit window. */
  limit(name: string): string;
  /** Prefix of the queues of `src/jobs/`. Their scripts get keys of one queue, which share a hash tag. */
  jobsPrefix: string;
  /** Prefix of the channels between nodes. */
  channelPrefix: string;
}

/** Names of so many events are kept: they are long, and needed for every call. */
const keptEvents = 1000;
const eventParts = [
  'seats',
  'holds',
  'expiry',
  'meta',
  'dirty',
  'log',
  'replies',
  'earlier',
  'buyers',
  'queue',
  'classes',
  'entries',
  'offers',
  'layout',
  'unrecorded',
];

export function makeKeys(prefix: string): Keys {
  const kept = new Map<string, string[]>();
  return {
    event(eventId) {
      let keys = kept.get(eventId);
      if (!keys) {
        keys = eventParts.map((part) => `${prefix}:{${eventId}}:${part}`);
        if (kept.size === keptEvents) kept.clear();
        kept.set(eventId, keys);
      }
      return keys;
    },
    loadedEvents: `${prefix}:loaded-events`,
    retiringEvents: `${prefix}:retiring-events`,
    revoked: (sessionId) => `${prefix}:{revoked}:${sessionId}`,
    revokedRun: `${prefix}:{revoked}`,
    probe: `${prefix}:{revoked}:probe`,
    cached: (name) => `${prefix}:{cache}:${name}`,
    limit: (name) => `${prefix}:limit:${name}`,
    jobsPrefix: `${prefix}:{jobs}`,
    channelPrefix: `${prefix}:io`,
  };
}
