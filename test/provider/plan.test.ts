/**
 * How PostgreSQL finds the events of a range: by the index, whatever else there is. PROVIDER_ROWS says how many rows there
 * are (a million takes a while to make), and has the plans printed.
 */
import { readFileSync } from 'node:fs';
import pg from 'pg';
import { beforeAll, expect, test } from 'vitest';
import { call, node } from '../channels/support.ts';
import { startTestHubs } from '../support/hub.ts';

const asked = process.env.PROVIDER_ROWS;
const rows = Number(asked ?? 50_000);
const hubs = await startTestHubs(1);
const search = readFileSync(
  new URL('../../src/database/queries/search-provider-events.sql', import.meta.url),
  'utf8',
);

beforeAll(async () => {
  // One event every ten minutes: a million of them last nineteen years.
  await hubs.sql(
    `insert into provider_events
       (id, base_id, entry_id, title, online, starts_local, ends_local, starts_at, min_cents, max_cents, first_seen_at)
     select lpad(to_hex(i), 32, '0')::uuid, i::text, i::text, 'Event ' || i, true, starts, starts + interval '2 hours',
       starts at time zone 'Europe/Madrid', 1000, 2000, now()
     from generate_series(1, $1::integer) as i, lateral (
       select timestamp '2015-01-01' + (i * 7919::bigint % $1) * interval '10 minutes' as starts) as at`,
    [rows],
  );
  await hubs.sql('analyze provider_events');
}, 600_000);

interface PlanNode {
  'Node Type': string;
  'Index Name'?: string;
  'Index Cond'?: string;
  'Actual Rows': number;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
}

/** As it runs, with a plan for these values (custom) or for any (generic). */
async function explain(
  mode: 'custom' | 'generic',
  values: string[],
): Promise<{ plan: PlanNode; ms: number }> {
  const client = new pg.Client({ connectionString: hubs.databaseUrl });
  await client.connect();
  try {
    await client.query(`set plan_cache_mode = force_${mode}_plan`);
    await client.query(`prepare search as ${search}`);
    const quoted = values.map((value) => `'${value}'`).join(', ');
    const { rows: found } = await client.query<{
      'QUERY PLAN': { Plan: PlanNode; 'Execution Time': number }[];
    }>(`explain (analyze, buffers, format json) execute search (${quoted})`);
    const [top] = found[0]?.['QUERY PLAN'] ?? [];
    if (!top) throw new Error('no plan');
    return { plan: top.Plan, ms: top['Execution Time'] };
  } finally {
    await client.end();
  }
}

const nodesOf = (plan: PlanNode): PlanNode[] => [plan, ...(plan.Plans ?? []).flatMap(nodesOf)];
const start = ['-infinity', '00000000-0000-0000-0000-000000000000'];
const deep = ['2015-06-10T00:00:00.000Z', 'ffffffff-ffff-5fff-bfff-ffffffffffff'];

const cases: [string, 'custom' | 'generic', string[], number][] = [
  [
    'a day',
    'custom',
    ['2015-03-01T00:00:00.000Z', '2015-03-01T23:59:59.000Z', 'Europe/Madrid', ...start, '5001'],
    144,
  ],
  [
    'a day',
    'generic',
    ['2015-03-01T00:00:00.000Z', '2015-03-01T23:59:59.000Z', 'Europe/Madrid', ...start, '5001'],
    144,
  ],
  [
    'a day of its clock',
    'generic',
    ['2015-03-01T00:00:00', '2015-03-01T23:59:59', 'Europe/Madrid', ...start, '5001'],
    144,
  ],
  [
    'a first page of all',
    'generic',
    ['2000-01-01T00:00:00.000Z', '2100-01-01T00:00:00.000Z', 'UTC', ...start, '101'],
    101,
  ],
  [
    'a late page of all',
    'generic',
    ['2000-01-01T00:00:00.000Z', '2100-01-01T00:00:00.000Z', 'UTC', ...deep, '101'],
    101,
  ],
];
test.each(cases)('[PROV-3] %s is read off the index (%s plan)', async (what, mode, values, expected) => {
  const { plan, ms } = await explain(mode, values);
  const nodes = nodesOf(plan);
  const [scan] = nodes.filter((each) => each['Index Name'] !== undefined);
  if (asked) console.log(`${rows} rows, ${what}, ${mode}: ${ms} ms`, JSON.stringify(scan));
  expect(scan?.['Index Name']).toBe('provider_events_by_start');
  // The order of the index is the order of the answer. (Few rows, known beforehand, may be sorted instead.)
  if (mode === 'generic') expect(nodes.map((each) => each['Node Type'])).not.toContain('Sort');
  expect(nodes.map((each) => each['Node Type'])).not.toContain('Seq Scan');
  expect(plan['Actual Rows']).toBe(expected);
  // What is read depends on what is answered, not on what there is.
  expect(plan['Shared Hit Blocks'] + plan['Shared Read Blocks']).toBeLessThan(3 * expected + 50);
});

test('[PROV-3] a search over HTTP among all of them', async () => {
  const range = { starts_at: '2015-03-01T00:00:00', ends_at: '2015-03-01T23:59:59' };
  const took: number[] = [];
  for (let i = 0; i < (asked ? 50 : 1); i++) {
    const startedAt = performance.now();
    expect((await call(node(hubs), 'provider:search', range)).data.events).toHaveLength(144);
    took.push(performance.now() - startedAt);
  }
  const median = took.toSorted((a, b) => a - b)[Math.floor(took.length / 2)];
  if (asked) console.log(`${rows} rows, a day over HTTP: ${median} ms (median of ${took.length})`);
});
