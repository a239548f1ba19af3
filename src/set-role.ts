/**
 * `npm run role -- EMAIL ROLE`: gives an account a role, for the first organizer or admin of an
 * installation. Needs DATABASE_URL. The role counts at once: what the account has open is ended within a minute. The last
 * admin stays one.
 */
import { LockMode } from '@mikro-orm/core';
import { raw } from '@mikro-orm/postgresql';
import { nobody } from './audit/audit-log.ts';
import { recordChange } from './audit/record-change.ts';
import { readConfig } from './config.ts';
import type { Role } from './contracts.gen.ts';
import { openDatabase } from './database/database.ts';
import { SessionEntity, UserEntity } from './database/entities.ts';
import { makeLogger } from './log.ts';

/** Of people: kiosks are paired. */
const roles: Role[] = ['user', 'organizer', 'admin'];
const [email, role] = process.argv.slice(2) as [string | undefined, Role | undefined];

if (!email || !role || !roles.includes(role)) {
  console.error(`Usage: npm run role -- EMAIL ROLE, with ROLE one of ${roles.join(', ')}`);
  process.exit(2);
}
const { databaseUrl } = readConfig({ ...process.env, NODE_ENV: 'development' });
if (!databaseUrl) {
  console.error(
    'DATABASE_URL is not set. (In development sign in as organizer@example.com, which has the role.)',
  );
  process.exit(2);
}
const db = await openDatabase(databaseUrl, makeLogger('warn', false, 'set-role'), 1);
const outcome = await db.em().transactional(async (em) => {
  // All admins with the account, in the order in which the hub locks them: of two who take each other's role one stays.
  const locked = await em.find(
    UserEntity,
    { $or: [{ email: email.toLowerCase() }, { role: 'admin', disabledAt: null }] },
    { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE },
  );
  const user = locked.find((each) => each.email === email.toLowerCase());
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
await db.close();
console.log(
  {
    changed: `${email} is ${role}, and has to sign in again.`,
    unknown: `There is no account ${email}.`,
    'last-admin': `${email} is the last admin and stays one. Make somebody else an admin first.`,
  }[outcome],
);
process.exitCode = outcome === 'changed' ? 0 : 1;
