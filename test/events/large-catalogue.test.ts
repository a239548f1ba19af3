/** A hundred thousand events: which indexes the statements use that everybody asks for. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { completeEvents, listEvents } from '../../src/database/event-statements.ts';
import { call, node } from '../channels/support.ts';
import { startTestHubs } from '../support/hub.ts';
import { organizerIn } from './support.ts';

const hubs = await startTestHubs(1);
const organizer = await organizerIn(hubs);
const count = 100_000;
const client = new pg.Client({ connectionString: hubs.databaseUrl });

beforeAll(async () => {
  await client.connect();
  await client.query(
    `insert into events (id, organizer_id, plan_id, title, description, venue, starts_at, ends_at, time_zone, status,
       published_at, currency, prices, rules, seat_count, created_at, updated_at, category, tags)
     select gen_random_uuid(), $1, $2, 'Evening ' || n, 'Number ' || n, '', start, start + interval '2 hours', 'UTC',
       case when n % 10 = 0 then 'draft' when n % 3 = 0 then 'completed' else 'published' end,
       case when n % 10 = 0 then null else now() end, 'EUR', jsonb_build_object('Stalls', n % 97), '{}', 20, start, start,
       'kind-' || n % 50, array['tag-' || n % 500]
     from generate_series(1, ${count}) as n,
       lateral (select now() + (n - ${count / 3}) * interval '10 minutes' as start) as times`,
    [organizer.user.id, organizer.plan.id],
  );
  await client.query('analyze events');
}, 300_000);
afterAll(() => client.end());

interface PlanNode {
  'Node Type': string;
  'Index Name'?: string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops'?: number;
  'Rows Removed by Filter'?: number;
  Plans?: PlanNode[];
}
const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
const literal = (value: unknown) =>
  value === null ? 'null' : typeof value === 'string' ? client.escapeLiteral(value) : String(value);

/** How a statement is done once it has been asked so often that PostgreSQL may stop to plan it anew each time. */
async function plan(statement: { name: string; text: string }, values: unknown[]): Promise<PlanNode[]> {
  const name = client.escapeIdentifier(statement.name);
  const execute = `execute ${name} (${values.map(literal).join(', ')})`;
  await client.query(`deallocate all; prepare ${name} as ${statement.text}`);
  for (let i = 0; i < 8; i++) await client.query(execute);
  const { rows } = await client.query(`explain (analyze, format json) ${execute}`);
  return nodesOf(rows[0]['QUERY PLAN'][0].Plan);
}

const filter = (fields: Partial<Record<number, unknown>> = {}) => {
  const values: unknown[] = Array.from({ length: 18 }, () => null);
  Object.assign(values, { 1: false, 2: false, 3: 'published', 14: false, 17: 51 }, fields);
  return values;
};
const names = (nodes: PlanNode[]) => nodes.map((each) => each['Index Name']).filter(Boolean);

test('the list as everybody asks for it reads an index in its order, from wherever it goes on', async () => {
  const { nextCursor } = await call(node(hubs), 'events:list', {});
  const [, key, id] = JSON.parse(Buffer.from(nextCursor ?? '', 'base64url').toString());
  for (const values of [filter(), filter({ 15: key, 16: id })]) {
    const nodes = await plan(listEvents.startsAt, values);
    expect(names(nodes)).toEqual(['events_by_start']);
    expect(nodes.map((each) => each['Node Type'])).not.toContain('Sort');
    expect(nodes.every((each) => (each['Rows Removed by Filter'] ?? 0) < 1000)).toBe(true);
  }
});

test('so does the list of what is next', async () => {
  const nodes = await plan(listEvents.startsAt, filter({ 14: true, 17: 11 }));
  expect(names(nodes)).toEqual(['events_by_start']);
  expect(nodes.map((each) => each['Node Type'])).not.toContain('Sort');
});

test.each([
  ['-startsAt', 'events_by_start'],
  ['title', 'events_by_title'],
  ['price', 'events_by_price'],
  ['-createdAt', 'events_by_making'],
] as const)('and the list by %s', async (sort, index) => {
  const nodes = await plan(listEvents[sort], filter());
  expect(names(nodes)).toEqual([index]);
  expect(nodes.map((each) => each['Node Type'])).not.toContain('Sort');
});

test('a rare word is found in the index of words', async () => {
  const nodes = await plan(listEvents.startsAt, filter({ 4: 'number 77777' }));
  expect(names(nodes)).toContain('events_by_word');
  const { events } = await call(node(hubs), 'events:list', { q: 'number 77777', status: 'published' });
  expect(events).toHaveLength(1);
});

test('free seats are known from the sums of sales, and what is not in them is looked through once', async () => {
  const nodes = await plan(listEvents.startsAt, filter({ 13: true }));
  const relations = nodes.map((each) => each['Relation Name']);
  expect(relations).not.toContain('booking_seats');
  const unfolded = nodes.filter((each) => each['Relation Name'] === 'sales_changes');
  expect(unfolded.map((each) => each['Actual Loops'])).toEqual([1]);
});

test('[EVENT-6] what completes events looks at those that are due, and no other', async () => {
  const nodes = await plan(completeEvents, [0, 'none']);
  expect(names(nodes)).toContain('events_due');
  expect(nodes.some((each) => each['Node Type'] === 'Seq Scan' && each['Relation Name'] === 'events')).toBe(
    false,
  );
});
