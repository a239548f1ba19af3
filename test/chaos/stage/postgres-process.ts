import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import {
  commandFor,
  findPostgres,
  type PostgresAccount,
  postgresAccount,
} from '../../../src/services/postgres-account.ts';
import { identity, plainEnvironment, run } from '../../../src/services/processes.ts';
import { serverPort } from '../../support/ports.ts';
import { OwnProcess } from './own-process.ts';
import { until } from './wait.ts';

/** A PostgreSQL of the run's own, its log of changes on a small disk, synced as in production. */
export class PostgresProcess {
  readonly process: OwnProcess;
  readonly #directory: string;
  readonly #walDirectory: string;
  readonly #password = randomBytes(16).toString('hex');
  #account: PostgresAccount = { prefix: [] };
  #postgres = '';
  port = 0;

  /** @param walDisk where pg_wal goes; it may be filled */
  constructor(directory: string, walDisk: string, log: string) {
    this.#directory = join(directory, 'data');
    this.#walDirectory = join(walDisk, 'wal');
    this.process = new OwnProcess(log, 'SIGQUIT');
    for (const path of [this.#directory, this.#walDirectory])
      mkdirSync(path, { recursive: true, mode: 0o700 });
  }

  async create(): Promise<void> {
    const binaries = await findPostgres();
    this.#postgres = binaries.postgres;
    this.#account = await postgresAccount(join(this.#directory, '..'), binaries, () => undefined);
    const passwordFile = join(this.#directory, '..', 'password');
    writeFileSync(passwordFile, this.#password);
    const { owner } = this.#account;
    for (const path of [this.#directory, this.#walDirectory, passwordFile])
      if (owner) chownSync(path, owner.uid, owner.gid);
    chmodSync(passwordFile, 0o600);
    const { command, args, uid, gid } = commandFor(this.#account, binaries.initdb, [
      `--pgdata=${this.#directory}`,
      `--waldir=${this.#walDirectory}`,
      '--wal-segsize=1',
      '--username=seatcast',
      `--pwfile=${passwordFile}`,
      '--auth=scram-sha-256',
      '--encoding=UTF8',
      '--locale=C',
    ]);
    const made = await run(command, args, { uid, gid });
    if (!made.ok) throw new Error(`initdb failed (${made.how}): ${made.output}`);
    this.port = await serverPort();
    await this.start();
    await this.query('create database seatcast', [], 'postgres');
  }

  async start(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: this.port,
      unix_socket_directories: '',
      max_connections: 100,
      fsync: 'on',
      synchronous_commit: 'on',
      min_wal_size: '2MB',
      max_wal_size: '8MB',
      timezone: 'UTC',
      shared_buffers: '32MB',
    };
    const all = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const { command, args, uid, gid } = commandFor(this.#account, this.#postgres, [
      '-D',
      this.#directory,
      ...all,
    ]);
    this.process.start(command, args, { env: plainEnvironment(), cwd: '/', ...identity({ uid, gid }) });
    await until(() => this.answers(), 'PostgreSQL to start');
  }

  url(port = this.port, database = 'seatcast'): string {
    return `postgres://seatcast:${this.#password}@127.0.0.1:${port}/${database}`;
  }

  async answers(): Promise<boolean> {
    return this.query('select 1', [], 'postgres').then(
      () => true,
      () => false,
    );
  }

  /** Past every proxy. One connection each, so that nothing of an outage is left over. */
  async query<Row extends pg.QueryResultRow>(
    text: string,
    values: unknown[] = [],
    database?: string,
  ): Promise<Row[]> {
    const client = new pg.Client({
      connectionString: this.url(this.port, database),
      connectionTimeoutMillis: 5000,
      query_timeout: 30_000,
      application_name: 'harness',
    });
    client.on('error', () => undefined);
    try {
      await client.connect();
      return (await client.query<Row>(text, values)).rows;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  /** A connection to keep, for locks. */
  async client(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.url(), application_name: 'harness' });
    client.on('error', () => undefined);
    await client.connect();
    return client;
  }

  /** Ends it at once, without a checkpoint, as pg_ctl stop -m immediate does: the next start recovers. */
  async stopImmediately(): Promise<void> {
    await this.process.end('SIGQUIT');
  }

  async revive(): Promise<void> {
    this.process.signal('SIGCONT');
    if (!this.process.running) {
      // What is left of a killed one takes a moment to go.
      for (let attempt = 0; ; attempt++) {
        try {
          return await this.start();
        } catch (error) {
          if (attempt >= 3) throw error;
          await this.stopImmediately();
        }
      }
    }
    await until(() => this.answers(), 'PostgreSQL to answer again', 60_000);
  }

  /** Processes that serve a node. */
  async backends(): Promise<number[]> {
    const rows = await this.query<{ pid: number }>(
      "select pid from pg_stat_activity where application_name = 'seatcast' and datname = 'seatcast'",
    );
    return rows.map(({ pid }) => pid);
  }

  async stop(): Promise<void> {
    await this.process.end('SIGQUIT');
  }
}
