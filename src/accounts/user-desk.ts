/** Accounts as admins see them, and what admins change of them: the role, and whether somebody may come in at all. */
import { LockMode } from '@mikro-orm/core';
import { instant } from '../bookings/records.ts';
import type { Actor } from '../audit/audit-log.ts';
import { recordChange } from '../audit/record-change.ts';
import type { Account, Role } from '../contracts.gen.ts';
import { listUsers, type UserRow } from '../database/account-statements.ts';
import type { Database } from '../database/database.ts';
import { UserEntity } from '../database/entities.ts';
import { RequestError } from '../errors.ts';
import type { EndedSession } from './ended-sessions.ts';
import type { Sessions } from './sessions.ts';

export interface AccountFilter {
  /** Part of a name or of an address. */
  search?: string | undefined;
  role?: Role | undefined;
  disabled?: boolean | undefined;
  olderThan?: string | undefined;
  limit: number;
}

/** Newest first. */
export async function findAccounts(db: Database, filter: AccountFilter): Promise<Account[]> {
  const { search, role = null, disabled = null, olderThan = null, limit } = filter;
  const part = search?.toLowerCase() ?? null;
  return (await db.run(listUsers, part, role, disabled, olderThan, limit, null)).map(viewOf);
}

/** Throws `user-not-found`. */
export async function findAccount(db: Database, userId: string): Promise<Account> {
  const [row] = await db.run(listUsers, null, null, null, null, 1, userId);
  if (!row) throw new RequestError('user-not-found');
  return viewOf(row);
}

/**
 * Changes a role, or shuts somebody out or lets them in again. Tokens say what their holder may do, so whatever changes
 * that ends all sessions of the account. Throws `user-not-found`, `last-admin`.
 */
export async function changeAccount(
  parts: { db: Database; sessions: Sessions },
  userId: string,
  changes: { role?: Role | undefined; disabled?: boolean | undefined },
  by: Actor,
): Promise<Account> {
  const { db, sessions } = parts;
  const ended = await db.em().transactional(async (em): Promise<EndedSession[]> => {
    // All admins with the account, in one order: of two who take the role from each other, one stays.
    const locked = await em.find(
      UserEntity,
      { $or: [{ id: userId }, { role: 'admin', disabledAt: null }] },
      { orderBy: { id: 'asc' }, lockMode: LockMode.PESSIMISTIC_WRITE },
    );
    const user = locked.find(({ id }) => id === userId);
    if (!user) throw new RequestError('user-not-found');
    const role = changes.role ?? user.role;
    const wasDisabled = user.disabledAt !== null;
    const isDisabled = changes.disabled ?? wasDisabled;
    if (role === user.role && isDisabled === wasDisabled) return [];
    const isAdminStill = role === 'admin' && !isDisabled;
    const others = locked.filter(
      ({ id, role, disabledAt }) => id !== userId && role === 'admin' && !disabledAt,
    );
    if (user.role === 'admin' && !wasDisabled && !isAdminStill && others.length === 0) {
      throw new RequestError('last-admin');
    }
    const disabledAt = isDisabled ? (user.disabledAt ?? new Date()) : null;
    await em.nativeUpdate(UserEntity, { id: userId }, { role, disabledAt });
    const ended = await sessions.endAllOf(em, userId, 'account-changed');
    const endedSessions = ended.map(({ id }) => id);
    if (role !== user.role) {
      await recordChange(em, 'role-set', by, { userId, from: user.role, to: role, endedSessions });
    }
    if (isDisabled !== wasDisabled) {
      await recordChange(em, isDisabled ? 'account-disabled' : 'account-enabled', by, {
        userId,
        endedSessions,
      });
    }
    return ended;
  });
  await sessions.announce(ended);
  return findAccount(db, userId);
}

const viewOf = (row: UserRow): Account => ({
  id: row.id,
  email: row.email,
  name: row.name,
  role: row.role,
  timeZone: row.time_zone,
  disabledAt: row.disabled_at && instant(row.disabled_at),
  sessions: row.sessions,
  createdAt: instant(row.created_at),
});
