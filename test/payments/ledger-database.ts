/** A database of its own for a file that needs the books of the simulated provider, and no hub. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { type Database, openDatabase } from '../../src/database/database.ts';
import { makeLogger } from '../../src/log.ts';
import { simulatedPaymentTables } from '../../src/payments/simulated-tables.ts';

export interface LedgerDatabase {
  readonly db: Database;
  /** Another way to the same tables, as another node has. */
  again(): Promise<Database>;
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  drop(): Promise<void>;
}

export async function ledgerDatabase(): Promise<LedgerDatabase> {
  const name = `seatcast_test_${randomBytes(6).toString('hex')}`;
  const given = inject('databaseUrl');
  await admin(given, `create database ${name}`);
  const url = new URL(given);
  url.pathname = `/${name}`;
  const log = makeLogger('silent', false, name);
  const opened: Database[] = [];
  const again = async () => {
    const db = await openDatabase(url.href, log, 8);
    opened.push(db);
    return db;
  };
  const db = await again();
  await db.migrate();
  const pool = new pg.Pool({ connectionString: url.href, max: 2 });
  for (const table of simulatedPaymentTables) await pool.query(table);
  return {
    db,
    again,
    async sql<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) {
      return (await pool.query<Row>(text, values)).rows;
    },
    async drop() {
      await Promise.all(opened.map((each) => each.close()));
      await pool.end();
      await admin(given, `drop database if exists ${name} with (force)`);
    },
  };
}

async function admin(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
