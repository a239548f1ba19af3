import { EndedSessions } from './accounts/ended-sessions.ts';
import { Limits } from './accounts/limits.ts';
import { Sessions } from './accounts/sessions.ts';
import { Accounts } from './accounts.ts';
import type { Config } from './config.ts';
import { type Database, openDatabase } from './database/database.ts';
import { seedDemo } from './demo/demo.ts';
import { checkDatabase } from './durability.ts';
import type { Logger } from './log.ts';
import { makeKeys } from './redis/keys.ts';
import { RedisLinks } from './redis/links.ts';
import { Tokens } from './session.ts';

/** What is done once before the nodes start: the schema, and in development the demo data. */
export async function prepare(options: {
  config: Config;
  databaseUrl: string;
  redisUrl: string;
  jwtKeys: string;
  log: Logger;
}): Promise<void> {
  const { config, log } = options;
  const db = await openDatabase(options.databaseUrl, log, 2, true);
  try {
    await waitFor(db, log);
    await db.migrate();
    await checkDatabase(db);
    if (config.mode !== 'development') return;
    const links = new RedisLinks(options.redisUrl, log);
    const tokens = new Tokens(options.jwtKeys, config.tokenTtlMs);
    const keys = makeKeys(config.redisPrefix);
    const ended = new EndedSessions({ db, links, keys, log });
    const { tokenTtlMs: tokenMs, refreshTtlMs: refreshMs, attemptsPerAddress, passwordQueue } = config;
    const sessions = new Sessions({ db, tokens, ended, tokenMs, refreshMs });
    const limits = new Limits(links, keys);
    const accounts = new Accounts({ db, sessions, limits, attemptsPerAddress, passwordQueue });
    if (await seedDemo(db, accounts)) log.info('The database was empty: three demo events are on sale.');
    await links.close();
  } finally {
    await db.close();
  }
}

/** PostgreSQL may start after us. */
async function waitFor(db: Database, log: Logger): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await db.ping();
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      if (attempt % 10 === 0) log.warn(`Waiting for PostgreSQL (DATABASE_URL): ${reason}`);
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}
