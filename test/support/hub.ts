/**
 * Hubs for tests: real nodes on free ports of the loopback, over a database and a key prefix of their own,
 * quiet, torn down by themselves when the test or the file that began them is over.
 */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import type { ClientOptions } from '../../src/client/client.ts';
import { type Config, readConfig } from '../../src/config.ts';
import type { Role } from '../../src/contracts.gen.ts';
import { openDatabase } from '../../src/database/database.ts';
import type { HoldRules } from '../../src/database/entities.ts';
import { insertEvent, setStatus } from '../../src/events/catalogue.ts';
import { importPlan } from '../../src/events/plans.ts';
import { Gate } from '../../src/gate.ts';
import { type Hub, startHub } from '../../src/hub.ts';
import { newId } from '../../src/ids.ts';
import { type Logger, makeLogger } from '../../src/log.ts';
import { Tokens } from '../../src/session.ts';
import { atEnd } from './at-end.ts';
import { TestClient } from './client.ts';
import { testPlan } from './plan.ts';
import { databaseAt, inDatabase } from './services.ts';

export { testPlan };

export const testKeys = `test:${Buffer.alloc(32, 7).toString('base64url')}`;

export interface TestUser {
  id: string;
  token: string;
}

export interface TestHubs {
  readonly nodes: Hub[];
  readonly databaseUrl: string;
  readonly redisUrl: string;
  readonly config: Config;
  /** Starts one more node over the same services. */
  addNode(): Promise<Hub>;
  users(count: number, role?: Role): Promise<TestUser[]>;
  user(role?: Role): Promise<TestUser>;
  /** A published event; see `EventOptions`. */
  event(options?: EventOptions): Promise<string>;
  /** A client of node `node` (0 by default), connected. Without a user: anonymous. */
  connect(user?: TestUser, node?: number, options?: ClientOptions): Promise<TestClient>;
  sql<Row extends pg.QueryResultRow>(text: string, values?: unknown[]): Promise<Row[]>;
  stop(): Promise<void>;
}

export interface EventOptions {
  /** Seats, in rows of 20. Default 40. */
  seats?: number;
  rules?: Partial<HoldRules>;
  startsInMs?: number;
  publish?: boolean;
}

/** Starts `nodes` nodes. Overrides of the configuration come last. */
export async function startTestHubs(
  nodes = 1,
  overrides: Partial<Config> = {},
  services: { databaseUrl?: string; redisUrl?: string; jwtKeys?: string; log?: Logger } = {},
): Promise<TestHubs> {
  const name = `seatcast_test_${randomBytes(6).toString('hex')}`;
  const given = services.databaseUrl ?? inject('databaseUrl');
  const redisUrl = services.redisUrl ?? inject('redisUrl');
  const log = services.log ?? makeLogger(process.env.TEST_LOG ?? 'silent', false, name);
  // Another PostgreSQL has no template.
  const template = services.databaseUrl ? 'template1' : inject('templateDatabase');
  await inDatabase(given, `create database ${name} template ${template}`);
  const databaseUrl = databaseAt(given, name);
  if (services.databaseUrl) {
    const migrating = await openDatabase(databaseUrl, log, 2);
    await migrating.migrate();
    await migrating.close();
  }

  const config: Config = {
    ...readConfig({ NODE_ENV: 'test', PORT: '0', REDIS_PREFIX: name.replaceAll('_', '-') }),
    messagesPerSecond: 10_000,
    userMessagesPerSecond: 10_000,
    addressMessagesPerSecond: 1_000_000,
    httpRequestsPerSecond: 1_000_000,
    drainMs: 100,
    // Many hubs share two cores here.
    redisTimeoutMs: 3000,
    ...overrides,
  };
  const { jwtKeys = testKeys } = services;
  const start = () => startHub({ config, databaseUrl, redisUrl, jwtKeys, log });
  const running: Hub[] = [];
  for (let i = 0; i < nodes; i++) running.push(await start());
  const tokens = new Tokens(jwtKeys, config.tokenTtlMs);
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
  pool.on('error', () => undefined);
  const clients: TestClient[] = [];
  const connecting = new Gate(50, Number.POSITIVE_INFINITY);
  let organizer: TestUser | undefined;

  const hubs: TestHubs = {
    nodes: running,
    databaseUrl,
    redisUrl,
    config,
    async addNode() {
      const hub = await start();
      running.push(hub);
      return hub;
    },
    async users(count, role = 'user') {
      const ids = Array.from({ length: count }, () => newId());
      await pool.query(
        `insert into users (id, email, name, password_hash, role, created_at)
         select id, id || '@example.com', 'Test', 'no password', $2, now() from unnest($1::uuid[]) as id`,
        [ids, role],
      );
      return Promise.all(ids.map(async (id) => ({ id, token: (await tokens.sign({ id, role })).token })));
    },
    async user(role) {
      return (await hubs.users(1, role))[0] as TestUser;
    },
    async event({ seats = 40, rules = {}, startsInMs = 86_400_000, publish = true } = {}) {
      organizer ??= await hubs.user('organizer');
      const { db } = (running[0] as Hub).engine;
      const plan = await importPlan(db, organizer.id, testPlan(seats));
      const startsAt = Date.now() + startsInMs;
      const row = await insertEvent(db, organizer.id, {
        planId: plan.id,
        title: 'Test event',
        startsAt: new Date(startsAt).toISOString(),
        endsAt: new Date(startsAt + 7_200_000).toISOString(),
        currency: 'EUR',
        prices: { Stalls: 2500 },
      });
      // Straight into the table: tests use times shorter than a buyer could be given.
      await pool.query('update events set rules = rules || $2::jsonb where id = $1', [
        row.id,
        JSON.stringify(rules),
      ]);
      if (publish) await setStatus(db, row, 'published');
      await (running[0] as Hub).engine.eventChanged(row.id);
      return row.id;
    },
    async connect(user, node = 0, options = {}) {
      const client = new TestClient([(running[node] as Hub).url], user?.token, options);
      clients.push(client);
      // A thousand at once, in the process that serves them, would take longer than a handshake may.
      return connecting.run(() => client.ready());
    },
    async sql<Row extends pg.QueryResultRow>(text: string, values: unknown[] = []) {
      return (await pool.query<Row>(text, values)).rows;
    },
    async stop() {
      isStopped = true;
      for (const client of clients) client.close();
      await Promise.all(running.map((hub) => hub.stop()));
      await pool.end();
      await inDatabase(given, `drop database if exists ${name} with (force)`);
    },
  };
  let isStopped = false;
  atEnd(() => isStopped || hubs.stop());
  return hubs;
}
