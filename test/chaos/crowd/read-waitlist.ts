/** Reads what PostgreSQL and Redis have of a waitlist past the nodes, as its check wants it. */
import { makeKeys } from '../../../src/redis/keys.ts';
import type {
  EntryFact,
  OfferFact,
  SeatFact,
  StepFact,
  Told,
  WaitlistEvidence,
} from '../checks/waitlist-record.ts';
import { redisPrefix, type Stage } from '../stage/stage.ts';

const keys = makeKeys(redisPrefix);
const ms = (at: Date) => at.getTime() - performance.timeOrigin;

export async function readWaitlist(
  stage: Stage,
  eventId: string,
  known: { told: Told[]; users: ReadonlyMap<string, string>; plan: SeatFact[] },
): Promise<WaitlistEvidence> {
  const [entries, steps, offers, queue] = await Promise.all([
    readEntries(stage, eventId),
    readSteps(stage, eventId),
    readOffers(stage, eventId),
    stage.redis.direct.zrange(keys.event(eventId)[9] as string, '0', '-1'),
  ]);
  return { ...known, entries, steps, offers, queue };
}

/** What has still to be written down, and offers that wait for an answer. */
export async function unsettled(
  stage: Stage,
  eventId: string,
): Promise<{ unrecorded: number; live: number }> {
  const [unrecorded, [row]] = await Promise.all([
    stage.redis.direct.hlen(keys.event(eventId)[14] as string),
    stage.postgres.query<{ live: string }>(
      `select count(*) as live from waitlist_offers where event_id = $1 and state = 'live'`,
      [eventId],
    ),
  ]);
  return { unrecorded, live: Number(row?.live) };
}

async function readEntries(stage: Stage, eventId: string): Promise<EntryFact[]> {
  const rows = await stage.postgres.query<{
    id: string;
    user_id: string;
    category: string | null;
    quantity: number;
    together: boolean;
    state: string;
    created_at: Date;
    request_id: string | null;
  }>(
    `select id, user_id, category, quantity, together, state, created_at, request_id
     from waitlist_entries where event_id = $1`,
    [eventId],
  );
  return rows.map((row) => ({
    id: row.id,
    userId: row.user_id,
    category: row.category,
    quantity: row.quantity,
    together: row.together,
    state: row.state,
    joinedAt: ms(row.created_at),
    requestId: row.request_id ?? '',
  }));
}

async function readSteps(stage: Stage, eventId: string): Promise<StepFact[]> {
  const rows = await stage.postgres.query<{
    action: string;
    at: Date;
    seats: number[];
    details: { entryId: string; state?: string; holdId?: string; asked?: number[] };
  }>(
    `select action, at, seats, details from audit
     where event_id = $1 and action like 'waitlist-%' and action <> 'waitlist-joined' order by at, id`,
    [eventId],
  );
  return rows.map(({ action, at, seats, details }) => ({
    entryId: details.entryId,
    kind: action.slice('waitlist-'.length),
    state: details.state ?? '',
    at: ms(at),
    holdId: details.holdId ?? '',
    seats: details.asked ?? seats,
  }));
}

async function readOffers(stage: Stage, eventId: string): Promise<OfferFact[]> {
  const rows = await stage.postgres.query<{
    hold_id: string;
    entry_id: string;
    user_id: string;
    seats: number[];
    offered_at: Date;
    until: Date;
    state: string;
    ended_at: Date | null;
  }>(
    `select hold_id, entry_id, user_id, seats, offered_at, until, state, ended_at
     from waitlist_offers where event_id = $1`,
    [eventId],
  );
  return rows.map((row) => ({
    holdId: row.hold_id,
    entryId: row.entry_id,
    userId: row.user_id,
    seats: row.seats,
    offeredAt: ms(row.offered_at),
    until: ms(row.until),
    state: row.state,
    endedAt: row.ended_at ? ms(row.ended_at) : undefined,
  }));
}
