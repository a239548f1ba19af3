/**
 * One event on sale and accounts for its buyers, written straight into PostgreSQL, with tokens signed by the key
 * of the run: to register thousands would be a load test of argon2.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { openDatabase } from '../../src/database/database.ts';
import { insertEvent, setStatus } from '../../src/events/catalogue.ts';
import { importPlan } from '../../src/events/plans.ts';
import type { Logger } from '../../src/log.ts';
import { Tokens } from '../../src/session.ts';
import { testPlan } from '../../test/support/plan.ts';

export interface Scene {
  eventId: string;
  /** One for each buyer. */
  tokens: string[];
}

const dayMs = 86_400_000;

export const newJwtKeys = (): string => `loadtest:${randomBytes(32).toString('base64url')}`;

/** The tokens outlive the longest run. */
export async function setScene(options: {
  databaseUrl: string;
  jwtKeys: string;
  seats: number;
  buyers: number;
  log: Logger;
}): Promise<Scene> {
  const { databaseUrl, jwtKeys, seats, buyers, log } = options;
  const ids = await writePeople(databaseUrl, buyers);
  const organizer = ids[0] as string;
  const db = await openDatabase(databaseUrl, log, 2);
  try {
    const { id: planId } = await importPlan(db, organizer, testPlan(seats));
    const startsAt = Date.now() + 30 * dayMs;
    const event = await insertEvent(db, organizer, {
      planId,
      title: 'A load test',
      startsAt: new Date(startsAt).toISOString(),
      endsAt: new Date(startsAt + dayMs / 12).toISOString(),
      currency: 'EUR',
      prices: { Stalls: 2500 },
    });
    await setStatus(db, event, 'published');
    const signer = new Tokens(jwtKeys, 2 * dayMs);
    const signed = await Promise.all(ids.slice(1).map((id) => signer.sign({ id, role: 'user' })));
    return { eventId: event.id, tokens: signed.map(({ token }) => token) };
  } finally {
    await db.close();
  }
}

/** @returns the ids of an organizer and of the buyers */
async function writePeople(databaseUrl: string, buyers: number): Promise<string[]> {
  const client = new pg.Client({ connectionString: databaseUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ id: string }>(
      `insert into users (id, email, name, password_hash, role, created_at)
       select gen_random_uuid(), 'person-' || n || '@example.com', 'Person', 'no password',
         case n when 0 then 'organizer' else 'user' end, now()
       from generate_series(0, $1::int) as n
       returning id`,
      [buyers],
    );
    return rows.map(({ id }) => id);
  } finally {
    await client.end();
  }
}
