import type { SqlEntityManager } from '@mikro-orm/postgresql';
import { type Actor, nobody } from '../audit/audit-log.ts';
import { recordChange } from '../audit/record-change.ts';
import type { Plan } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { PlanEntity, type Plan as PlanRow } from '../database/entities.ts';
import { RequestError } from '../errors.ts';
import { newId } from '../ids.ts';
import { PlanError, parsePlan } from '../seating/plan.ts';
import { planForClients } from '../seating/plan-wire.ts';
import { pageOf, readCursor } from './cursor.ts';
import { lockVenue } from './venues.ts';

const planView = (row: Omit<PlanRow, 'plan' | 'importedBy'>): Plan => ({
  id: row.id,
  name: row.name,
  venueId: row.venueId ?? null,
  version: row.version,
  seatCount: row.seatCount,
  categories: row.categories,
  createdAt: row.createdAt.toISOString(),
});

/**
 * @param venueId where it stands: there it is the next version of the plans of its name
 * Throws `plan-invalid`, which names the place of the fault, `venue-not-found`
 */
export async function importPlan(
  db: Database,
  userId: string,
  source: unknown,
  by: Actor = { ...nobody, userId },
  venueId: string | null = null,
): Promise<Plan> {
  const plan = checkPlan(source);
  const row = {
    id: newId(),
    importedBy: userId,
    name: plan.name,
    seatCount: plan.seats.length,
    categories: plan.categories.map((category) => category.name),
    plan: planForClients(plan),
    venueId,
    version: 1,
    createdAt: new Date(),
  };
  await db.em().transactional(async (em) => {
    if (venueId) row.version = await nextVersion(em, venueId, row.name);
    await em.insert(PlanEntity, row);
    const { id: planId, name, seatCount, version } = row;
    await recordChange(em, 'plan-imported', by, { planId, name, seatCount, venueId, version });
  });
  return planView(row);
}

function checkPlan(source: unknown) {
  try {
    return parsePlan(source);
  } catch (error) {
    if (!(error instanceof PlanError)) throw error;
    const { path, problem } = error;
    throw new RequestError('plan-invalid', { path, problem }, error.message);
  }
}

/** Whoever imports at the same time waits at the venue's row. */
async function nextVersion(em: SqlEntityManager, venueId: string, name: string): Promise<number> {
  const venue = await lockVenue(em, venueId);
  if (venue.deletedAt) throw new RequestError('venue-not-found');
  const last = await em.findOne(PlanEntity, { venueId, name }, { orderBy: { version: 'desc' } });
  return (last?.version ?? 0) + 1;
}

/** The plan in the form that browsers draw from. */
export async function readPlan(
  db: Database,
  planId: string,
): Promise<{ id: string; plan: object } | undefined> {
  const row = await db.em().findOne(PlanEntity, { id: planId }, { populate: ['plan'] });
  return row ? { id: row.id, plan: row.plan } : undefined;
}

/** All, newest first; or those of a venue, by name and the latest version first. Throws `cursor-invalid`. */
export async function listPlans(
  db: Database,
  { venueId, limit, cursor }: { venueId: string | undefined; limit: number; cursor: string | undefined },
): Promise<{ plans: Plan[]; nextCursor: string | null }> {
  const em = db.em();
  if (!venueId) {
    const [olderThan] = readCursor(cursor, 'id');
    const where = olderThan === undefined ? {} : { id: { $lt: olderThan } };
    const rows = await em.find(PlanEntity, where, { orderBy: { id: 'desc' }, limit: limit + 1 });
    const { page, nextCursor } = pageOf(rows, limit, ({ id }) => [id]);
    return { plans: page.map(planView), nextCursor };
  }
  const [name = '', version = ''] = readCursor(cursor, 'text', 'row');
  const after = { $or: [{ name: { $gt: name } }, { name, version: { $lt: Number(version) } }] };
  const rows = await em.find(PlanEntity, cursor === undefined ? { venueId } : { venueId, ...after }, {
    orderBy: { name: 'asc', version: 'desc' },
    limit: limit + 1,
  });
  const { page, nextCursor } = pageOf(rows, limit, (last) => [last.name, String(last.version)]);
  return { plans: page.map(planView), nextCursor };
}
