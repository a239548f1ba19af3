/**
 * One PostgreSQL and one Redis for the whole run: those of DATABASE_URL and REDIS_URL, or embedded ones.
 * Each test file has its own database and its own key prefix in them (`hub.ts`), so files run in parallel
 * and nothing is flushed.
 */
import { rmSync } from 'node:fs';
import type { TestProject } from 'vitest/node';
import { startServices } from '../../src/services/services.ts';

declare module 'vitest' {
  export interface ProvidedContext {
    databaseUrl: string;
    redisUrl: string;
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
  return async () => {
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
