/**
 * One PostgreSQL and one Redis for the whole run: those of DATABASE_URL and REDIS_URL, or embedded ones.
 * Each test file has its own database and its own key prefix in them (`hub.ts`), so files run in parallel
 * and nothing is flushed.
 */
import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { openDatabase } from '../../src/database/database.ts';
import { makeLogger } from '../../src/log.ts';
import { startServices } from '../../src/services/services.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    databaseUrl: string;
    redisUrl: string;
    /** A database with all tables, to be copied: quicker than to make them anew for each file. */
    templateDatabase: string;
  }
}

export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  // A second run at the same time gets a folder of its own, and leaves nothing of it.
  const own = `.data/test-${process.pid}`;
  const services = await start('.data/test').catch((error: Error) => {
    if (!error.message.startsWith('Another hub')) throw error;
    return start(own);
  });
  project.provide('databaseUrl', services.databaseUrl);
  project.provide('redisUrl', services.redisUrl);
  const template = `seatcast_template_${randomBytes(6).toString('hex')}`;
  await inDatabase(services.databaseUrl, `create database ${template}`);
  const db = await openDatabase(
    databaseAt(services.databaseUrl, template),
    makeLogger('silent', false, 'template'),
    2,
  );
  await db.migrate();
  await db.close();
  project.provide('templateDatabase', template);
  return async () => {
    await inDatabase(services.databaseUrl, `drop database if exists ${template} with (force)`);
    await services.stop();
    rmSync(own, { recursive: true, force: true });
  };
}

const start = (dataDir: string) =>
  startServices({
    databaseUrl: process.env.DATABASE_URL || undefined,
    redisUrl: process.env.REDIS_URL || undefined,
    redisServer: process.env.REDIS_SERVER || undefined,
    dataDir,
    log: (line) => console.log(line),
  });

export function databaseAt(server: string, name: string): string {
  const url = new URL(server);
  url.pathname = `/${name}`;
  return url.href;
}

export async function inDatabase(url: string, statement: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
