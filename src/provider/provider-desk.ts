/** The provider as admins see it: what is configured, what is known, how the last syncs went. */
import { instant } from '../bookings/records.ts';
import type { ProviderRun, ProviderStatusReply } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import {
  countProviderEvents,
  listProviderRuns,
  type ProviderRunRow,
} from '../database/provider-statements.ts';
import type { ProviderFeed, ProviderSettings } from './provider-feed.ts';

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
