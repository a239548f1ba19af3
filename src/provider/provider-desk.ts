/** The provider as admins see it: what is configured, what is known, how the last syncs went. */
import { instant } from '../bookings/records.ts';
import type {
  ProviderEventsReply,
  ProviderEventsRequest,
  ProviderRun,
  ProviderStatusReply,
} from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import {
  countProviderEvents,
  listProviderEvents,
  listProviderRuns,
  type ProviderRunRow,
} from '../database/provider-statements.ts';
import { pageOf, readCursor } from '../events/cursor.ts';
import type { ProviderFeed, ProviderSettings } from './provider-feed.ts';
import { beforeAll } from './search.ts';

export async function providerStatus(
  feed: ProviderFeed,
  db: Database,
  limit: number,
): Promise<ProviderStatusReply> {
  const [[counted], runs, next] = await Promise.all([
    db.run(countProviderEvents),
    db.run(listProviderRuns, limit),
    feed.nextRunAt(),
  ]);
  return {
    source: sourceOf(feed.settings),
    events: { known: counted?.known ?? 0, inFeed: counted?.present ?? 0 },
    circuit: feed.circuit,
    nextRunAt: next?.toISOString() ?? null,
    runs: runs.map(runOf),
  };
}

/** Every event that was ever online, with the provider's names and when it was seen. Throws `cursor-invalid`. */
export async function knownEvents(
  db: Database,
  request: ProviderEventsRequest,
): Promise<ProviderEventsReply> {
  const { inFeed = null, limit = 50, cursor } = request;
  const [start = beforeAll[0], id = beforeAll[1]] = readCursor(cursor, 'time', 'id');
  const rows = await db.run(listProviderEvents, inFeed, start, id, limit + 1);
  const { page, nextCursor } = pageOf(rows, limit, (last) => [instant(last.starts), last.id]);
  return {
    events: page.map((row) => ({
      id: row.id,
      baseId: row.base_id,
      entryId: row.entry_id,
      title: row.title,
      online: row.online,
      startsAt: instant(row.starts),
      inFeed: row.in_feed,
      firstSeenAt: instant(row.first_seen),
      lastSeenAt: instant(row.last_seen),
    })),
    nextCursor,
  };
}

/** Without what may be secret: a name, a password, and whatever the query holds. */
function sourceOf({ url, intervalMs, timeZone, allowedNetworks }: ProviderSettings) {
  const { origin, pathname } = url === undefined ? { origin: '', pathname: '' } : new URL(url);
  return {
    url: url === undefined ? null : `${origin}${pathname}`,
    intervalS: Math.round(intervalMs / 1000),
    timeZone,
    allowedNetworks: [...allowedNetworks],
  };
}

const runOf = (row: ProviderRunRow): ProviderRun => ({
  id: row.id,
  state: row.state,
  askedBy: row.asked_by,
  startedAt: instant(row.started_at),
  endedAt: row.ended_at === null ? null : instant(row.ended_at),
  durationMs: row.duration_ms,
  attempts: row.attempts,
  bytes: row.bytes,
  circuit: row.circuit,
  code: row.code,
  error: row.error,
  counts: row.counts && {
    bases: row.counts.bases ?? 0,
    entries: row.counts.entries ?? 0,
    online: row.counts.online ?? 0,
    spoiled: row.counts.spoiled ?? 0,
    added: row.counts.added ?? 0,
    changed: row.counts.changed ?? 0,
    gone: row.counts.gone ?? 0,
  },
  spoiled: row.spoiled,
});
