/**
 * What all candidates find: buyers, one event on sale, and a history of bookings, the same before every turn,
 * with statistics taken and a checkpoint done. Everybody is a row with a number for its id, so that pgbench,
 * which knows numbers only, can name them.
 */
import type pg from 'pg';
import type { Database } from '../../../src/database/database.ts';
import { confirmHolds, type HoldToConfirm } from '../../../src/database/statements.ts';
import { newHoldId, newId } from '../../../src/ids.ts';
import { buildHouse, type House, userId } from '../../shared/house.ts';
import type { Stage } from '../shared/stage.ts';

export const buyers = 2000;
export const holdsInBatch = 64;
/** A house of 20,000 seats, sold out in pairs. */
export const houseSeats = 20_000;
const historicBookings = 10_000;
/** A seat of the small backend is a row: as many as its fastest turn may need. */
const smallSeats = 600_000;
/** Everything a booking writes. */
const written = ['outcomes', 'bookings', 'booking_seats', 'requests', 'audit', 'outbox'];
/** Which rows of a table belong to a booking, where it has others as well. */
const of: Readonly<Record<string, string>> = {
  audit: "where action = 'booking-confirmed'",
  outbox: "where topic = 'booking-confirmed'",
};

export interface Scene {
  readonly house: House;
  readonly db: Database;
  readonly client: pg.Client;
  /** The event that the candidates at the database sell. */
  readonly eventId: string;
  /** One more event on sale, for whoever needs a fresh map. */
  addEvent(): Promise<string>;
  /** Puts the tables back to the history alone. */
  reset(): Promise<void>;
  /** How many bookings were written since, with two seats and all that belongs to them; throws if one lacks any. */
  count(): Promise<number>;
  close(): Promise<void>;
}

/** The n-th hold of an event, of seats 2n and 2n + 1. */
export function holdOf(eventId: string, n: number): Omit<HoldToConfirm, 'leftMs'> {
  const line = (seat: number) => ({
    seat,
    label: `Stalls, row ${Math.floor(seat / 20) % 1000}, seat ${seat % 20}`,
    category: 'Stalls',
    priceCents: 2500,
  });
  return {
    holdId: newHoldId(),
    bookingId: newId(),
    eventId,
    userId: userId(1 + Math.floor(Math.random() * buyers)),
    sessionId: 'a session of 22 letters',
    requestId: newId(),
    currency: 'EUR',
    seats: [line(2 * n), line(2 * n + 1)],
  };
}

/** @param batches how many batches of 64 holds are made beforehand for pgbench */
export async function setScene(stage: Stage, batches: number): Promise<Scene> {
  const { line } = stage;
  const house = await buildHouse(stage.ground, buyers);
  const { db, client } = house;
  const addEvent = () => house.addEvent(houseSeats);
  await writeHistory(db, await addEvent());
  await client.query('update outbox set sent_at = now()');
  for (const table of written) await client.query(`create table history_of_${table} as table ${table}`);
  const columnsOf = await writableColumns(client);
  const eventId = await addEvent();
  line.show('making what pgbench needs');
  await client.query(`create table small_seats (event_id uuid, seat integer, primary key (event_id, seat))`);
  await client.query(
    `insert into small_seats select $1::uuid, seat from generate_series(0, $2::int - 1) as seat`,
    [eventId, smallSeats],
  );
  await makeBatches(client, eventId, batches);
  await client.query('vacuum analyze');

  return {
    house,
    db,
    client,
    eventId,
    addEvent,
    async reset() {
      // The audit log refuses to be emptied; a replica applies what it is told.
      await client.query('set session_replication_role = replica');
      await client.query(
        `truncate ${written.join(', ')}, sagas, saga_steps, domain_changes, domain_events, notifications`,
      );
      for (const [table, columns] of Object.entries(columnsOf)) {
        await client.query(
          `insert into ${table} (${columns}) overriding system value select ${columns} from history_of_${table}`,
        );
      }
      await client.query('set session_replication_role = origin');
      await client.query(`vacuum analyze ${written.join(', ')}`);
      await client.query('checkpoint');
    },
    async count() {
      const each = written.map((table) => {
        const those = of[table] ?? '';
        return `(select count(*) from ${table} ${those}) - (select count(*) from history_of_${table} ${those}) as ${table}`;
      });
      const counted = (await client.query<Record<string, string>>(`select ${each.join(', ')}`)).rows[0] ?? {};
      const bookings = Number(counted.bookings);
      for (const [table, text] of Object.entries(counted)) {
        const expected = table === 'booking_seats' ? 2 * bookings : bookings;
        if (Number(text) !== expected) throw new Error(`${bookings} bookings wrote ${text} rows of ${table}`);
      }
      return bookings;
    },
    close: () => house.close(),
  };
}

async function writeHistory(db: Database, eventId: string): Promise<void> {
  for (let first = 0; first < historicBookings; first += holdsInBatch) {
    const holds = Array.from({ length: holdsInBatch }, (_, i) => ({
      ...holdOf(eventId, first + i),
      leftMs: null,
    }));
    await db.run(confirmHolds, JSON.stringify(holds));
  }
}

/** Those that are not made from others, by table. */
async function writableColumns(client: pg.Client): Promise<Record<string, string>> {
  const { rows } = await client.query<{ table: string; columns: string }>(
    `select table_name as table, string_agg(column_name, ', ') as columns from information_schema.columns
     where table_name = any($1) and is_generated = 'NEVER' group by table_name`,
    [written],
  );
  return Object.fromEntries(rows.map(({ table, columns }) => [table, columns]));
}

/** The parameter of `confirm-holds.sql`, as text, as a node sends it; not compressed, so that reading it is cheap. */
async function makeBatches(client: pg.Client, eventId: string, batches: number): Promise<void> {
  await client.query('create table made_batches (n integer primary key, holds text not null)');
  await client.query('alter table made_batches alter holds set storage external');
  const atATime = 50;
  for (let first = 0; first < batches; first += atATime) {
    const texts = Array.from({ length: Math.min(atATime, batches - first) }, (_, batch) =>
      JSON.stringify(
        Array.from({ length: holdsInBatch }, (_, i) => ({
          ...holdOf(eventId, (first + batch) * holdsInBatch + i),
          leftMs: 10_000,
        })),
      ),
    );
    await client.query(
      'insert into made_batches select $1::int + n - 1, holds from unnest($2::text[]) with ordinality as each (holds, n)',
      [first, texts],
    );
  }
}
