/** Accounts and events, made past the nodes. */
import { type Database, openDatabase } from '../../../src/database/database.ts';
import { insertEvent, setStatus } from '../../../src/events/catalogue.ts';
import { importPlan } from '../../../src/events/plans.ts';
import { newId } from '../../../src/ids.ts';
import { makeLogger } from '../../../src/log.ts';
import { Tokens } from '../../../src/session.ts';
import { testPlan } from '../../support/plan.ts';
import type { PostgresProcess } from '../stage/postgres-process.ts';
import { jwtKeys } from '../stage/stage.ts';

export const seatCount = 60;
/** Short, so that holds run out within a round. */
export const holdMs = 3000;
const payingMs = 4000;
/** Likewise offers to those who wait. */
const offerMs = 1500;

export class Scene {
  readonly #postgres: PostgresProcess;
  #planId = '';
  #organizerId = '';
  /** Accounts of buyers, and their tokens in the same order. */
  userIds: string[] = [];
  tokens: string[] = [];

  constructor(postgres: PostgresProcess) {
    this.#postgres = postgres;
  }

  async open(buyers: number, plan: Record<string, unknown> = testPlan(seatCount)): Promise<void> {
    const ids = await this.#users(buyers, 'user');
    this.userIds = ids;
    const tokens = new Tokens(jwtKeys, 12 * 3_600_000);
    this.tokens = await Promise.all(ids.map(async (id) => (await tokens.sign({ id, role: 'user' })).token));
    this.#organizerId = (await this.#users(1, 'organizer'))[0] as string;
    await this.#withDatabase(async (db) => {
      this.#planId = (await importPlan(db, this.#organizerId, plan)).id;
    });
  }

  /** A published event with holds that run out soon. */
  async event(
    isPaid: boolean,
    more: Record<string, number> = {},
    prices: Record<string, number> = { Stalls: 2500 },
  ): Promise<string> {
    return this.#withDatabase(async (db) => {
      const row = await this.#insert(db, prices);
      const paying = isPaid ? { payment: 'online', payingMs } : {};
      const rules = JSON.stringify({
        holdMs,
        seatsPerBuyer: 1000,
        extensions: 3,
        offerMs,
        ...paying,
        ...more,
      });
      await this.#postgres.query('update events set rules = rules || $2::jsonb where id = $1', [
        row.id,
        rules,
      ]);
      await setStatus(db, row, 'published');
      return row.id;
    });
  }

  /** Events that nobody sees yet. */
  async drafts(count: number): Promise<string[]> {
    return this.#withDatabase(async (db) => {
      const ids: string[] = [];
      for (let i = 0; i < count; i++) ids.push((await this.#insert(db, { Stalls: 2500 })).id);
      return ids;
    });
  }

  async #insert(db: Database, prices: Record<string, number>) {
    const startsAt = Date.now() + 86_400_000;
    return insertEvent(db, this.#organizerId, {
      planId: this.#planId,
      title: 'A round',
      startsAt: new Date(startsAt).toISOString(),
      endsAt: new Date(startsAt + 7_200_000).toISOString(),
      currency: 'EUR',
      prices,
    });
  }

  /** Those from a place in the list of all, or the last so many. */
  accounts(from: number): { id: string; token: string }[] {
    const tokens = this.tokens.slice(from);
    return this.userIds.slice(from).map((id, i) => ({ id, token: tokens[i] as string }));
  }

  async #users(count: number, role: string): Promise<string[]> {
    const ids = Array.from({ length: count }, () => newId());
    await this.#postgres.query(
      `insert into users (id, email, name, password_hash, role, created_at)
       select id, id || '@example.com', 'Chaos', 'no password', $2, now() from unnest($1::uuid[]) as id`,
      [ids, role],
    );
    return ids;
  }

  async #withDatabase<T>(work: (db: Database) => Promise<T>): Promise<T> {
    const db = await openDatabase(this.#postgres.url(), makeLogger('silent', false, 'chaos'), 2);
    try {
      return await work(db);
    } finally {
      await db.close();
    }
  }
}
