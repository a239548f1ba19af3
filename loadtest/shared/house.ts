/**
 * People and events, written straight into PostgreSQL: to register thousands would be a benchmark of argon2.
 * Everybody is a row with a number for its id.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import type { HoldRules } from '../../src/contracts.gen.ts';
import { type Database, openDatabase } from '../../src/database/database.ts';
import { insertEvent, setStatus } from '../../src/events/catalogue.ts';
import { importPlan } from '../../src/events/plans.ts';
import type { Logger } from '../../src/log.ts';
import { Tokens } from '../../src/session.ts';
import { testPlan } from '../../test/support/plan.ts';

/** Longer than the longest run. */
const tokensLastMs = 2 * 86_400_000;

export interface House {
  readonly db: Database;
  readonly client: pg.Client;
  /** For the environment of nodes: they know the tokens. */
  readonly jwtKeys: string;
  /** Tokens of the buyers 1, 2, … */
  tokens(count: number): Promise<string[]>;
  /** An event on sale that begins in a month; events of one size share their plan. @returns its id */
  addEvent(seats: number, rules?: Partial<HoldRules>): Promise<string>;
  close(): Promise<void>;
}

export const userId = (n: number): string => `00000000-0000-0000-0000-${n.toString(16).padStart(12, '0')}`;

export const newJwtKeys = (): string => `loadtest:${randomBytes(32).toString('base64url')}`;

/** Where a house is built. */
export interface Ground {
  readonly databaseUrl: string;
  readonly log: Logger;
  readonly say: (text: string) => void;
  /** What signs its people's tokens. */
  readonly jwtKeys?: string;
}

export async function buildHouse(ground: Ground, buyers: number): Promise<House> {
  const { databaseUrl, log, say, jwtKeys = newJwtKeys() } = ground;
  // Without time-outs: a hundred thousand rows in one statement are made here.
  const db = await openDatabase(databaseUrl, log, 16, true);
  await db.migrate();
  const client = new pg.Client({ connectionString: databaseUrl });
  // When the services stop early, something else has failed and is told.
  client.on('error', () => undefined);
  await client.connect();
  say('making buyers and events');
  await client.query(
    `insert into users (id, email, name, password_hash, role, created_at)
     select lpad(to_hex(n), 32, '0')::uuid, 'buyer-' || n || '@example.com', 'Buyer', 'no password',
       case n when 0 then 'organizer' else 'user' end, now()
     from generate_series(0, $1::int) as n`,
    [buyers],
  );
  const signer = new Tokens(jwtKeys, tokensLastMs);
  const plans = new Map<number, string>();

  async function planOf(seats: number): Promise<string> {
    const known = plans.get(seats);
    if (known) return known;
    const { id } = await importPlan(db, userId(0), testPlan(seats));
    plans.set(seats, id);
    return id;
  }

  return {
    db,
    client,
    jwtKeys,
    async tokens(count) {
      if (count > buyers) throw new Error(`${count} tokens, but only ${buyers} buyers`);
      const signed = Array.from({ length: count }, (_, i) =>
        signer.sign({ id: userId(i + 1), role: 'user' }),
      );
      return (await Promise.all(signed)).map(({ token }) => token);
    },
    async addEvent(seats, rules = {}) {
      const startsAt = Date.now() + 30 * 86_400_000;
      const row = await insertEvent(db, userId(0), {
        planId: await planOf(seats),
        title: 'A rush',
        startsAt: new Date(startsAt).toISOString(),
        endsAt: new Date(startsAt + 7_200_000).toISOString(),
        currency: 'EUR',
        prices: { Stalls: 2500 },
        rules,
      });
      await setStatus(db, row, 'published');
      return row.id;
    },
    async close() {
      await client.end();
      await db.close();
    },
  };
}
