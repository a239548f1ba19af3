/**
 * `npm run role -- EMAIL ROLE`: gives an account a role, for the first organizer or admin of an
 * installation: of DATABASE_URL, or of the embedded database that a hub runs on DATA_DIR. The role counts at once: what the account has open is ended within a minute. The last
 * admin stays one.
 */
import { LockMode } from '@mikro-orm/core';
import { raw } from '@mikro-orm/postgresql';
import { nobody } from './audit/audit-log.ts';
import { recordChange } from './audit/record-change.ts';
import { ConfigError, readConfig } from './config.ts';
import type { Role } from './contracts.gen.ts';
import { isOutage, openDatabase, sqlState } from './database/database.ts';
import { SessionEntity, UserEntity } from './database/entities.ts';
import { makeLogger } from './log.ts';
import { runningPostgres } from './services/running-postgres.ts';

/** Of people: kiosks are paired. */
const roles: Role[] = ['user', 'organizer', 'admin'];

type Outcome = 'changed' | 'unknown' | 'last-admin';

async function main(): Promise<void> {
  const [email, role] = process.argv.slice(2) as [string | undefined, Role | undefined];
  if (!email || !role || !roles.includes(role))
    return end(2, `Usage: npm run role -- EMAIL ROLE, with ROLE one of ${roles.join(', ')}`);
  const { databaseUrl, dataDir } = readConfig({ ...process.env, NODE_ENV: 'development' });
  const url = databaseUrl ?? (await runningPostgres(dataDir));
  if (!url)
    return end(2, `DATABASE_URL is not set, and no hub runs on DATA_DIR (${dataDir}): start one, or set it.`);
  // With a path: which database.
  if (!URL.canParse(url) || new URL(url).pathname.length < 2)
    return end(2, 'DATABASE_URL must be postgres://user:password@host:port/database.');
  const outcome = await setRole(url, email.toLowerCase(), role);
  const said: Record<Outcome, string> = {
    changed: `${email} is ${role}, and has to sign in again.`,
    unknown: `There is no account ${email}.`,
    'last-admin': `${email} is the last admin and stays one. Make somebody else an admin first.`,
  };
  console.log(said[outcome]);
  process.exitCode = outcome === 'changed' ? 0 : 1;
}

function end(code: number, sentence: string): void {
  console.error(sentence);
  process.exitCode = code;
}

async function setRole(url: string, email: string, role: Role): Promise<Outcome> {
  const db = await openDatabase(url, makeLogger('fatal', false, 'set-role'), 1);
  try {
    return await db.em().transactional(async (em) => {
      // All admins with the account, in the order in which the hub locks them: of two who take each other's role one stays.
      const locked = await em.find(
        UserEntity,
        { $or: [{ email }, { role: 'admin', disabledAt: null }] },
        { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE },
      );
      const user = locked.find((each) => each.email === email);
      if (!user) return 'unknown';
      const isAdmin = user.role === 'admin' && !user.disabledAt;
      const others = locked.filter((each) => each !== user && each.role === 'admin' && !each.disabledAt);
      if (isAdmin && role !== 'admin' && others.length === 0) return 'last-admin';
      // Whoever may run this is known to the machine, not to the hub.
      await recordChange(em, 'role-set', nobody, { userId: user.id, from: user.role, to: role });
      // Tokens say what their holder may do. The nodes find these by themselves.
      const ended = { endedAt: raw('now()'), endReason: 'account-changed' };
      await em.nativeUpdate(SessionEntity, { userId: user.id, endedAt: null }, ended);
      await em.nativeUpdate(UserEntity, { id: user.id }, { role });
      return 'changed';
    });
  } finally {
    await db.close();
  }
}

/** What people can mend, in a sentence. undefined: only we can. */
function sentenceOf(error: unknown): string | undefined {
  if (error instanceof ConfigError) return error.message;
  const state = sqlState(error);
  if (state?.startsWith('28')) return 'PostgreSQL refused the user or the password of DATABASE_URL.';
  if (state === '3D000') return 'There is no such database as DATABASE_URL names.';
  if (state === '42P01') return 'The database has no tables yet: start the hub once.';
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'EACCES') return `The data directory belongs to another user: ${message}`;
  if (isOutage(error)) return `PostgreSQL cannot be reached: ${message || code}`;
  return undefined;
}

main().catch((error: unknown) => {
  console.error(sentenceOf(error) ?? error);
  process.exitCode = 1;
});
