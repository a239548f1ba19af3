import pg from 'pg';
import { afterEach, expect, test } from 'vitest';
import type { EventCard } from '../../src/events/events.ts';
import type { Hub } from '../../src/hub.ts';
import { newId } from '../../src/ids.ts';
import { requestId, until } from '../support/client.ts';
import { startTestHubs, type TestUser } from '../support/hub.ts';

const hubs = await startTestHubs(1);
const { engine } = hubs.nodes[0] as Hub;
const { queue } = engine.confirms;

const open: pg.Client[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) await client.end();
});

/** A connection of somebody else, in a transaction. */
async function transaction(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: hubs.databaseUrl });
  await client.connect();
  open.push(client);
  await client.query('begin');
  return client;
}

/** `count` holds of one seat each, of as many buyers, from `first` on. */
async function holds(eventId: string, count: number, first = 0) {
  const users = await hubs.users(count);
  return Promise.all(
    users.map(async (user, n) => {
      const client = await hubs.connect(user);
      const { hold } = await client.request('seats:hold', {
        eventId,
        seats: [first + n],
        requestId: requestId(),
      });
      return { user, holdId: hold.holdId, seat: first + n };
    }),
  );
}

const by = ({ id }: TestUser) => ({ userId: id, sessionId: null, requestId: null });

async function confirmAll(eventId: string, all: Awaited<ReturnType<typeof holds>>) {
  const card = (await engine.events.card(eventId)) as EventCard;
  return Promise.allSettled(all.map(({ user, holdId }) => engine.confirms.confirm(card, by(user), holdId)));
}

/** Sells a seat behind the back of Redis. */
async function sellTo(client: pg.Client | pg.Pool, eventId: string, userId: string, seat: number) {
  const id = newId();
  await client.query(
    `insert into bookings (id, event_id, user_id, hold_id, status, total_cents, currency, created_at)
     values ($1, $2, $3, $4, 'confirmed', 0, 'EUR', now())`,
    [id, eventId, userId, `hold-${id}`],
  );
  await client.query(
    `insert into booking_seats (booking_id, event_id, seat, label, category, price_cents, active)
     values ($1, $2, $3, 'Seat', 'Stalls', 0, true)`,
    [id, eventId, seat],
  );
}

test('[BOOK-10] confirms that come together share a statement, and one whose seat is sold does not spoil it', async () => {
  const eventId = await hubs.event();
  const all = await holds(eventId, 30);
  const rival = await transaction();
  await sellTo(rival, eventId, (await hubs.user()).id, 7);
  await rival.query('commit');
  const before = { ...queue.counts };
  const results = await confirmAll(eventId, all);
  expect(results.map(({ status }) => status).filter((status) => status === 'rejected')).toHaveLength(1);
  expect(results[7]).toMatchObject({ reason: { code: 'seats-taken', details: { seats: [7] } } });
  expect(queue.counts.holds - before.holds).toBe(30);
  expect(queue.counts.batches - before.batches).toBeLessThan(15);
  expect(queue.counts.alone).toBe(before.alone);
});

test('[BOOK-10] a seat that is sold while the statement runs undoes the batch, and the others are booked all the same', async () => {
  const eventId = await hubs.event();
  const all = await holds(eventId, 10);
  const rival = await transaction();
  await sellTo(rival, eventId, (await hubs.user()).id, 3);
  const confirming = confirmAll(eventId, all);
  await until(async () => (await waiting()) > 0, 'the statement to wait for the rival');
  await rival.query('commit');
  const results = await confirming;
  const lost = results.flatMap((result, n) =>
    result.status === 'rejected' ? [[n, result.reason.code]] : [],
  );
  expect(lost).toEqual([[3, 'seats-taken']]);
  const sold = await hubs.sql('select seat from booking_seats where event_id = $1 and active', [eventId]);
  expect(sold).toHaveLength(10);
});

test('[BOOK-10] an event whose row is locked does not keep the confirms of others waiting for long', async () => {
  const [locked, other] = [await hubs.event(), await hubs.event()];
  const [stuck, free] = [await holds(locked, 3), await holds(other, 3)];
  const rival = await transaction();
  await rival.query('select from events where id = $1 for update', [locked]);
  const both = Promise.all([confirmAll(locked, stuck), confirmAll(other, free)]);
  const [refused, booked] = await both;
  expect(booked.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
  for (const result of refused) expect(result).toMatchObject({ reason: { code: 'try-later' } });
  await rival.query('rollback');
  // Nothing was decided: they can still have their seats.
  const again = await confirmAll(locked, stuck);
  expect(again.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'fulfilled']);
});

async function waiting(): Promise<number> {
  const rows = await hubs.sql(
    "select pid from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
  );
  return rows.length;
}
