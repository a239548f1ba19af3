/**
 * The way to PostgreSQL: one MikroORM with its pool for CRUD, and the SQL files of `queries/` on the same
 * pool for everything that must be one statement. Every time-out on the way is shorter than the grace a
 * confirm has (`src/bookings/confirms.ts`), so that nothing is still running when its seats are given away.
 */
import { readFileSync } from 'node:fs';
import { Migrator } from '@mikro-orm/migrations';
import { MikroORM, type SqlEntityManager } from '@mikro-orm/postgresql';
import type { Logger } from '../log.ts';
import { spanned } from '../telemetry/tracing.ts';
import { entities } from './entities.ts';
import { FirstMigration } from './migrations/m0001-first.ts';
import { LedgerMigration } from './migrations/m0002-ledger.ts';
import { AuditMigration } from './migrations/m0003-audit.ts';
import { FencesMigration } from './migrations/m0004-fences.ts';
import { AccountsMigration } from './migrations/m0005-accounts.ts';
import { EventsMigration } from './migrations/m0006-events.ts';
import { ProviderMigration } from './migrations/m0007-provider.ts';
import { AttachmentsMigration } from './migrations/m0008-attachments.ts';
import { AnalyticsMigration } from './migrations/m0009-analytics.ts';
import { WaitlistMigration } from './migrations/m0010-waitlist.ts';
import { NotificationsMigration } from './migrations/m0011-notifications.ts';
import { DeliveriesMigration } from './migrations/m0012-deliveries.ts';
import { DomainEventsMigration } from './migrations/m0013-domain-events.ts';
import { BoardsMigration } from './migrations/m0014-boards.ts';
import { ToldMigration } from './migrations/m0015-told.ts';

const connectTimeoutMs = 2000;
const statementTimeoutMs = 4000;
const lockTimeoutMs = 3000;
const timeouts = {
  statement_timeout: statementTimeoutMs,
  lock_timeout: lockTimeoutMs,
  idle_in_transaction_session_timeout: 10_000,
  // The client's own watch, for a server that answers nothing at all.
  query_timeout: statementTimeoutMs + 1000,
};
/** "seatcast" as a number: nodes that start together migrate one after the other. */
const migrationLock = 0x5ea7ca57;

/** The part of a `pg` pool that is used here. */
interface Pool {
  readonly totalCount: number;
  readonly idleCount: number;
  readonly waitingCount: number;
  query(statement: { name?: string; text: string; values: unknown[] }): Promise<{ rows: unknown[] }>;
  connect(): Promise<PoolClient>;
}

interface PoolClient extends Pick<Pool, 'query'> {
  on(event: 'error', listener: (error: Error) => void): void;
  off(event: 'error', listener: (error: Error) => void): void;
  release(destroy: boolean): void;
}

/** One statement of `queries/`, prepared once a connection under its name. */
export interface Statement<Parameters extends unknown[], Row> {
  readonly name: string;
  readonly text: string;
  /** Planned for the values of each call: one plan for a day and for years would be a bad one for either. */
  readonly isPlannedAnew?: boolean;
  /** Only for the type checker. */
  readonly types?: (parameters: Parameters) => Row;
}

/** Reads `queries/<name>.sql`, whose first line says what it returns. */
export function statement<Parameters extends unknown[], Row>(name: string): Statement<Parameters, Row> {
  return { name, text: readFileSync(new URL(`./queries/${name}.sql`, import.meta.url), 'utf8') };
}

/**
 * Whether PostgreSQL did not answer, rather than refuse: connections that fail, break or cannot be had,
 * time-outs, a server that starts or stops (SQLSTATE classes 08, 53, 57), or work that stood in each other's way
 * (55P03, 40001 and 40P01 for locks): the same again later may do.
 */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const { code } = error as { code?: unknown };
  if (typeof code === 'string' && (outageStates.test(code) || outageErrors.has(code))) return true;
  return /timeout|terminated|connection error|not queryable/i.test(error.message);
}

const outageStates = /^(08|40001|40P01|53|57|55P03)/;
/** No way to PostgreSQL: it is not there, the network is not, or this node has no sockets left. */
const outageErrors = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EAI_AGAIN',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ENOBUFS',
]);

/** The SQLSTATE of an error PostgreSQL answered; undefined when it answered nothing. */
export function sqlState(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' && /^[0-9A-Z]{5}$/.test(code) ? code : undefined;
}

/** There was no connection to be had: whatever was to be done was not even asked for. */
export class NotSent extends Error {
  override readonly name = 'NotSent';
  readonly code: unknown;

  constructor(cause: Error) {
    super(cause.message, { cause });
    this.code = (cause as { code?: unknown }).code;
  }
}

async function connectionOf(pool: Pool): Promise<PoolClient> {
  try {
    return await pool.connect();
  } catch (error) {
    throw error instanceof Error ? new NotSent(error) : error;
  }
}

export interface Database {
  /** A fresh unit of work of the ORM. */
  em(): SqlEntityManager;
  /** Runs a statement outside the ORM. Rejects with PostgreSQL's error (`code` is the SQLSTATE). */
  run<Parameters extends unknown[], Row>(
    statement: Statement<Parameters, Row>,
    ...parameters: Parameters
  ): Promise<Row[]>;
  /** Creates the schema or brings it up to date. */
  migrate(): Promise<void>;
  /** Rejects while PostgreSQL does not answer. */
  ping(): Promise<void>;
  /** What the pool is doing right now, and what went wrong so far. */
  readonly load: DatabaseLoad;
  close(): Promise<void>;
}

export interface DatabaseLoad {
  connections: number;
  idle: number;
  /** Statements that wait for a connection. */
  waiting: number;
  statements: number;
  /** Statements that got no answer, or an outage for one; refusals of single rows are none. */
  errors: number;
}

/** @param patient without time-outs, for migrations */
export async function openDatabase(
  url: string,
  log: Logger,
  poolSize = 16,
  patient = false,
): Promise<Database> {
  const orm = await MikroORM.init({
    clientUrl: url,
    entities,
    extensions: [Migrator],
    migrations: {
      migrationsList: [
        { name: 'm0001-first', class: FirstMigration },
        { name: 'm0002-ledger', class: LedgerMigration },
        { name: 'm0003-audit', class: AuditMigration },
        { name: 'm0004-fences', class: FencesMigration },
        { name: 'm0005-accounts', class: AccountsMigration },
        { name: 'm0006-events', class: EventsMigration },
        { name: 'm0007-provider', class: ProviderMigration },
        { name: 'm0008-attachments', class: AttachmentsMigration },
        { name: 'm0009-analytics', class: AnalyticsMigration },
        { name: 'm0010-waitlist', class: WaitlistMigration },
        { name: 'm0011-notifications', class: NotificationsMigration },
        { name: 'm0012-deliveries', class: DeliveriesMigration },
        { name: 'm0013-domain-events', class: DomainEventsMigration },
        { name: 'm0014-boards', class: BoardsMigration },
        { name: 'm0015-told', class: ToldMigration },
      ],
      snapshot: false,
      tableName: 'migrations',
    },
    pool: { min: 0, max: poolSize },
    driverOptions: {
      connectionTimeoutMillis: connectTimeoutMs,
      application_name: 'seatcast',
      // Compiling a plan takes longer than any of ours runs.
      options: '-c jit=off',
      ...(patient ? {} : timeouts),
    },
    debug: ['info'],
    colors: false,
    logger: (message) => (/error/i.test(message) ? log.warn(message) : log.debug(message)),
  });
  let pool: Pool | undefined;
  const nativePool = async () => {
    pool ??= (await orm.em.getConnection().getNativeClient()) as unknown as Pool;
    return pool;
  };

  const counts = { statements: 0, errors: 0 };

  async function send(query: { name?: string; text: string; values: unknown[] }): Promise<unknown[]> {
    let isBroken = true;
    const client = await connectionOf(await nativePool()).catch((error: unknown) => {
      counts.errors++;
      throw error;
    });
    const onError = () => undefined;
    // Told to the query that is under way; without a listener it would end the process.
    client.on('error', onError);
    try {
      const { rows } = await client.query(query);
      isBroken = false;
      return rows;
    } catch (error) {
      // It refused the statement, and is as good as before.
      isBroken = !/^(2|3|4|SC)/.test(sqlState(error) ?? '');
      if (isBroken) counts.errors++;
      throw error;
    } finally {
      client.off('error', onError);
      client.release(isBroken);
    }
  }

  /**
   * A newer node may have changed a view since a connection prepared its statement. That one is given up, and nothing was
   * done; the next one may be as old.
   */
  async function sendCurrent(query: Parameters<typeof send>[0]): Promise<unknown[]> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await send(query);
      } catch (error) {
        if (sqlState(error) !== '0A000' || attempt >= poolSize) throw error;
      }
    }
  }

  return {
    em: () => orm.em.fork(),
    get load() {
      const { totalCount = 0, idleCount = 0, waitingCount = 0 } = pool ?? {};
      return { connections: totalCount, idle: idleCount, waiting: waitingCount, ...counts };
    },
    run<Parameters extends unknown[], Row>(
      { name, text, isPlannedAnew = false }: Statement<Parameters, Row>,
      ...values: Parameters
    ) {
      counts.statements++;
      return spanned(`postgresql ${name}`, { 'db.system.name': 'postgresql' }, () =>
        sendCurrent({ ...(isPlannedAnew ? {} : { name }), text, values }),
      ) as Promise<Row[]>;
    },
    async migrate() {
      const holder = await (await nativePool()).connect();
      try {
        await holder.query({ text: 'select pg_advisory_lock($1)', values: [migrationLock] });
        await orm.migrator.up();
      } finally {
        // Closing the connection gives the lock back, whatever happened.
        holder.release(true);
      }
    },
    async ping() {
      await (await nativePool()).query({ text: 'select 1', values: [] });
    },
    close: () => orm.close(true),
  };
}
