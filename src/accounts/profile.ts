/** What people see and change of their own account. */
import { LockMode } from '@mikro-orm/core';
import type { Actor } from '../audit/audit-log.ts';
import { recordChange } from '../audit/record-change.ts';
import type { Me, MeUpdateRequest } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { type User, UserEntity } from '../database/entities.ts';
import { RequestError } from '../errors.ts';
import { checkTimeZone } from '../events/event-checks.ts';
import { withDefaults } from '../notifications/preferences.ts';

/** Throws `unauthenticated`: a token outlives its account only in a restored database. */
export async function readMe(db: Database, userId: string): Promise<Me> {
  const user = await db.em().findOne(UserEntity, { id: userId });
  if (!user) throw new RequestError('unauthenticated');
  return viewOf(user);
}

/** Throws `time-zone-unknown`. */
export async function updateMe(db: Database, changes: MeUpdateRequest, by: Actor): Promise<Me> {
  const { name, timeZone, alerts } = changes;
  if (timeZone !== undefined) checkTimeZone(timeZone);
  return db.em().transactional(async (em) => {
    const user = await em.findOne(
      UserEntity,
      { id: by.userId as string },
      { lockMode: LockMode.PESSIMISTIC_WRITE },
    );
    if (!user) throw new RequestError('unauthenticated');
    const before = viewOf(user);
    const after: Me = {
      ...before,
      name: name?.trim() ?? before.name,
      timeZone: timeZone ?? before.timeZone,
      alerts: {
        // Earliest first, as they come.
        leadMinutes: alerts?.leadMinutes?.toSorted((a, b) => b - a) ?? before.alerts.leadMinutes,
        channels: { ...before.alerts.channels, ...alerts?.channels },
        notifications: withDefaults(before.alerts.notifications, alerts?.notifications),
      },
    };
    const fields = changedFields(before, after);
    if (fields.length === 0) return before;
    const values = { name: after.name, timeZone: after.timeZone, alerts: after.alerts };
    await em.nativeUpdate(UserEntity, { id: user.id }, values);
    // Which, and not what: a name stays out of a log that nobody can change.
    await recordChange(em, 'profile-updated', by, { userId: user.id, fields });
    return after;
  });
}

const changedFields = (before: Me, after: Me): string[] =>
  (['name', 'timeZone', 'alerts'] as const).filter(
    (field) => JSON.stringify(before[field]) !== JSON.stringify(after[field]),
  );

const viewOf = ({ id, email, name, role, timeZone, alerts, createdAt }: User): Me => ({
  id,
  email,
  name,
  role,
  timeZone,
  alerts: {
    leadMinutes: alerts.leadMinutes,
    // In this order, whatever the order in the database.
    channels: { socket: alerts.channels.socket, email: alerts.channels.email },
    notifications: withDefaults(alerts.notifications),
  },
  createdAt: createdAt.toISOString(),
});
