/** Reads PostgreSQL, Redis and the viewers past the nodes: while waiting for peace, and once there is. */
import { makeKeys } from '../../../src/redis/keys.ts';
import { decodeRawTick, letters } from '../../../src/seats/codec.ts';
import type { BookingFact, Rest } from '../checks/evidence.ts';
import { redisPrefix, type Stage } from '../stage/stage.ts';
import type { Watcher } from './watcher.ts';

const keys = makeKeys(redisPrefix);

/** What is compared twice a second until all agree. */
export interface Glance {
  /** Every viewer shows what Redis has. */
  viewersAgree: boolean;
  /** What PostgreSQL has sold is sold in Redis, and nothing else is. */
  salesAgree: boolean;
  held: number;
}

export async function glance(stage: Stage, eventId: string, watchers: Watcher[]): Promise<Glance> {
  const [sold, redis] = await Promise.all([soldSeats(stage, eventId), readRedis(stage, eventId)]);
  const shown = new Set([...redis.seats].flatMap((letter, seat) => (letter === 's' ? [seat] : [])));
  return {
    viewersAgree:
      redis.seats !== '' && watchers.every((each) => each.map.fresh && each.seats === redis.seats),
    salesAgree: shown.size === sold.size && [...shown].every((seat) => sold.has(seat)),
    // A held seat without a hold is as stuck as a hold.
    held: redis.holds.length + redis.seats.replaceAll(/[^h]/g, '').length,
  };
}

export async function readRest(stage: Stage, eventId: string, watchers: Watcher[]): Promise<Rest> {
  const [bookings, orphans, outcomes, redis] = await Promise.all([
    readBookings(stage, eventId),
    stage.postgres.query<{ seat: number }>(
      'select seat from booking_seats s where event_id = $1 and not exists (select from bookings where id = s.booking_id)',
      [eventId],
    ),
    stage.postgres.query<{ hold_id: string; outcome: string }>(
      'select hold_id, outcome from outcomes where event_id = $1',
      [eventId],
    ),
    readRedis(stage, eventId),
  ]);
  return {
    bookings,
    orphans: orphans.map(({ seat }) => seat),
    outcomes: outcomes.map((row) => ({ holdId: row.hold_id, outcome: row.outcome })),
    redis,
    viewers: watchers.map(({ name, map, seats }) => ({
      viewer: name,
      epoch: map.replica.epoch,
      seats,
      fresh: map.fresh,
    })),
    log: await readLog(stage, eventId),
  };
}

export async function readBookings(stage: Stage, eventId: string): Promise<BookingFact[]> {
  const rows = await stage.postgres.query<{
    id: string;
    hold_id: string;
    status: string;
    total_cents: string;
    created_at: Date;
    cancelled: Record<string, string> | null;
    seats: number[];
    active: number[];
    lines_cents: string;
    active_cents: string;
  }>(
    `select b.id, b.hold_id, b.status, b.total_cents, b.created_at,
       json_object_agg(s.seat, s.cancelled_at) filter (where s.cancelled_at is not null) as cancelled,
       coalesce(array_agg(s.seat order by s.seat) filter (where s.seat is not null), '{}') as seats,
       coalesce(array_agg(s.seat order by s.seat) filter (where s.active), '{}') as active,
       coalesce(sum(s.price_cents), 0) as lines_cents,
       coalesce(sum(s.price_cents) filter (where s.active), 0) as active_cents
     from bookings b left join booking_seats s on s.booking_id = b.id
     where b.event_id = $1 group by b.id`,
    [eventId],
  );
  return rows.map((row) => ({
    id: row.id,
    holdId: row.hold_id,
    status: row.status,
    seats: row.seats,
    active: row.active,
    totalCents: Number(row.total_cents),
    linesCents: Number(row.lines_cents),
    createdAt: row.created_at.getTime(),
    activeCents: Number(row.active_cents),
    cancelledAt: new Map(
      Object.entries(row.cancelled ?? {}).map(([seat, at]) => [Number(seat), Date.parse(at)]),
    ),
  }));
}

async function soldSeats(stage: Stage, eventId: string): Promise<Set<number>> {
  const rows = await stage.postgres.query<{ seat: number }>(
    'select seat from booking_seats where event_id = $1 and active',
    [eventId],
  );
  return new Set(rows.map(({ seat }) => seat));
}

async function readRedis(stage: Stage, eventId: string): Promise<Rest['redis']> {
  const [seats = '', holds = '', , meta = ''] = keys.event(eventId);
  // At one moment, or a hold that runs out in between would look like a seat without one.
  const results = await stage.redis.direct.multi().get(seats).hkeys(holds).hget(meta, 'epoch').exec();
  const [map, held, epoch] = (results ?? []).map(([, value]) => value) as [string?, string[]?, string?];
  return { epoch: epoch ?? '', seats: map ?? '', holds: held ?? [] };
}

async function readLog(stage: Stage, eventId: string): Promise<Rest['log']> {
  const entries = await stage.redis.direct.xrange(keys.event(eventId)[5] as string, '-', '+');
  return entries.map(([id, fields]) => {
    const of = (name: string) => fields[fields.indexOf(name) + 1] ?? '';
    const changes = [...decodeRawTick(of('seats'))].map(
      ([seat, state]) => [seat, letters.charAt(state)] as const,
    );
    return { from: Number(of('from')), to: Number.parseInt(id, 10), changes: new Map(changes) };
  });
}
