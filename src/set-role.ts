/**
 * `npm run role -- EMAIL ROLE`: gives an account a role, for the first organizer or admin of an
 * installation. Needs DATABASE_URL. The role counts at once: what the account has open is ended within a minute.
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

const roles: Role[] = ['user', 'organizer', 'admin', 'kiosk'];
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
const changed = await db.em().transactional(async (em) => {
  const where = { email: email.toLowerCase() };
  const user = await em.findOne(UserEntity, where, { lockMode: LockMode.PESSIMISTIC_WRITE });
  if (!user) return 0;
  // Whoever may run this is known to the machine, not to the hub.
  await recordChange(em, 'role-set', nobody, { userId: user.id, from: user.role, to: role });
  // Tokens say what their holder may do. The nodes find these by themselves.
  const ended = { endedAt: raw('now()'), endReason: 'account-changed' };
  await em.nativeUpdate(SessionEntity, { userId: user.id, endedAt: null }, ended);
  return em.nativeUpdate(UserEntity, { id: user.id }, { role });
});
await db.close();
console.log(
  changed === 1 ? `${email} is ${role}, and has to sign in again.` : `There is no account ${email}.`,
);
process.exitCode = changed === 1 ? 0 : 1;
