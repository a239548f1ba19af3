/** The SQL files about the provider of events, with the types of their parameters and rows. */
import { statement } from './database.ts';

export const beginProviderRun = statement<
  [askedBy: string | null, diedAfterMs: number, kept: number],
  { id: string }
>('begin-provider-run');

type Fetched = [attempts: number, bytes: number, circuit: string];
export const failProviderRun = statement<
  [runId: string, code: string, error: string, ...fetched: Fetched, counts: string | null, spoiled: string],
  never
>('fail-provider-run');

export const applyProviderFeed = statement<
  [
    runId: string,
    entries: string,
    spoiledIds: string[],
    timeZone: string,
    ...fetched: Fetched,
    counts: string,
    spoiled: string,
  ],
  { added: number; changed: number; gone: number }
>('apply-provider-feed');

export interface ProviderRunRow {
  id: string;
  state: 'running' | 'applied' | 'failed';
  asked_by: string | null;
  started_at: string;
  ended_at: string | null;
  duration_ms: number | null;
  attempts: number;
  bytes: number;
  circuit: 'closed' | 'open' | 'half-open';
  code: string | null;
  error: string | null;
  counts: Partial<Record<ProviderCount, number>> | null;
  spoiled: { baseId: string; entryId: string; reason: string }[];
}
export type ProviderCount = 'bases' | 'entries' | 'online' | 'spoiled' | 'added' | 'changed' | 'gone';
export const listProviderRuns = statement<[limit: number], ProviderRunRow>('list-provider-runs');

export const countProviderEvents = statement<[], { known: number; present: number }>('count-provider-events');

export const rezoneProviderEvents = statement<[timeZone: string, atMost: number], { moved: number }>(
  'rezone-provider-events',
);

export interface ProviderEventRow {
  id: string;
  title: string;
  start_date: string;
  start_time: string;
  end_date: string;
  end_time: string;
  min_cents: number | null;
  max_cents: number | null;
  starts: string;
}
export const searchProviderEvents = statement<
  [from: string, to: string, timeZone: string, afterStart: string, afterId: string, limit: number],
  ProviderEventRow
>('search-provider-events');

export interface KnownEventRow {
  id: string;
  base_id: string;
  entry_id: string;
  title: string;
  online: boolean;
  starts: string;
  first_seen: string;
  last_seen: string;
  in_feed: boolean;
}
export const listProviderEvents = statement<
  [inFeed: boolean | null, afterStart: string, afterId: string, limit: number],
  KnownEventRow
>('list-provider-events');
