import { type Actor, nobody } from '../audit/audit-log.ts';
import { recordChange } from '../audit/record-change.ts';
import type { Plan } from '../contracts.gen.ts';
import type { Database } from '../database/database.ts';
import { PlanEntity, type Plan as PlanRow } from '../database/entities.ts';
import { newId } from '../ids.ts';
import { parsePlan } from '../seating/plan.ts';
import { planForClients } from '../seating/plan-wire.ts';

const planView = (row: Omit<PlanRow, 'plan' | 'importedBy'>): Plan => ({
  id: row.id,
  name: row.name,
  seatCount: row.seatCount,
  categories: row.categories,
  createdAt: row.createdAt.toISOString(),
});

/** @throws PlanError, which names the place of the fault */
export async function importPlan(
  db: Database,
  userId: string,
  source: unknown,
  by: Actor = { ...nobody, userId },
): Promise<Plan> {
  const plan = parsePlan(source);
  const row = {
    id: newId(),
    importedBy: userId,
    name: plan.name,
    seatCount: plan.seats.length,
    categories: plan.categories.map((category) => category.name),
    plan: planForClients(plan),
    createdAt: new Date(),
  };
  await db.em().transactional(async (em) => {
    await em.insert(PlanEntity, row);
    const { id: planId, name, seatCount } = row;
    await recordChange(em, 'plan-imported', by, { planId, name, seatCount });
  });
  return planView(row);
}

/** The plan in the form that browsers draw from. */
export async function readPlan(
  db: Database,
  planId: string,
): Promise<{ id: string; plan: object } | undefined> {
  const row = await db.em().findOne(PlanEntity, { id: planId }, { populate: ['plan'] });
  return row ? { id: row.id, plan: row.plan } : undefined;
}

export async function listPlans(db: Database): Promise<Plan[]> {
  const rows = await db.em().find(PlanEntity, {}, { orderBy: { id: 'desc' }, limit: 200 });
  return rows.map(planView);
}
