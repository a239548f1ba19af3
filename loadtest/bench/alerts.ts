/**
 * What does it cost to wait for the starts of many events, and how late are those told who have tickets when many events
 * start in one minute?
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { buildHouse, type House } from '../shared/house.ts';
import { barChart } from './shared/chart.ts';
import { type HubNode, startNode } from './shared/node.ts';
import { decimal, median, type Result, verdict, whole, withSpread } from './shared/results.ts';
import { type Candidate, cpuSeconds, type Stage, takeTurns } from './shared/stage.ts';

/** Events that wait, each with three alerts. */
const sizes = [0, 1000, 100_000];
const starting = 10_000;
const withinS = 60;
const buyers = 1000;
/** ms: as late as the 99th of a hundred may be. */
const aim = 1000;

/** While nothing is due, a second of it. */
interface Wait {
  /** ms of CPU. */
  node: number;
  postgres: number;
  statements: number;
}

interface Late {
  p50: number;
  p99: number;
  most: number;
}

const nameOf = (size: number) => `${whole(size)} events wait`;

export async function askAlerts(stage: Stage, quick: boolean): Promise<Result> {
  const { rounds, seconds, rushes } = quick
    ? { rounds: 1, seconds: 5, rushes: 1 }
    : { rounds: 5, seconds: 15, rushes: 3 };
  stage.setAside();
  const house = await buildHouse(stage.ground, buyers);
  let node: HubNode | undefined;
  try {
    await fill(stage, house);
    node = await startNode(stage, house, { cores: 'measured' });
    const { pid } = node;
    const candidates: Candidate<Wait>[] = sizes.map((size) => ({
      name: nameOf(size),
      prepare: () => letWait(house, size),
      turn: () => wait(stage, house, pid, seconds),
    }));
    const waits = await takeTurns(candidates, {
      rounds,
      line: stage.line,
      show: (each) =>
        `${decimal(each.node)} ms CPU of the node a second, ${decimal(each.statements, 1)} statements`,
    });
    const lates: Late[] = [];
    for (let rush = 1; rush <= rushes; rush++) {
      const late = await startAll(house);
      stage.line.say(`rush ${rush}: ${whole(late.p50)} ms late, p99 ${whole(late.p99)} ms`);
      lates.push(late);
    }
    return report(waits, lates, { rounds, seconds, rushes });
  } finally {
    await node?.stop();
    await house.close();
  }
}

/** Events with three alerts each, a month away; the first ones have a ticket holder each. */
async function fill({ line }: Stage, { client, addEvent }: House): Promise<void> {
  const template = await addEvent(40);
  line.show('making events');
  await client.query(
    `insert into events (id, organizer_id, plan_id, title, description, venue, starts_at, ends_at, time_zone, status,
       published_at, currency, prices, rules, seat_count, tags, sell_mode, created_at, updated_at)
     select new_id(), organizer_id, plan_id, title, description, venue, starts_at, ends_at, time_zone, status,
       published_at, currency, prices, rules, seat_count, tags, sell_mode, created_at, updated_at
     from events, generate_series(1, $2::integer) where id = $1`,
    [template, Math.max(...sizes)],
  );
  await client.query(
    `create table numbered as
     select id, row_number() over (order by id) as n from events where id <> $1`,
    [template],
  );
  await client.query(
    `insert into bookings (id, event_id, user_id, hold_id, status, total_cents, currency, created_at)
     select new_id(), id, lpad(to_hex(1 + n % $1), 32, '0')::uuid, 'hold ' || n, 'confirmed', 0, 'EUR', now()
     from numbered where n <= $2`,
    [buyers, starting],
  );
  await client.query('create table planned as select alerts.*, n from alerts join numbered on id = event_id');
  await client.query('vacuum analyze');
}

async function letWait({ client }: House, size: number): Promise<void> {
  await client.query('truncate alerts');
  await client.query(
    `insert into alerts (event_id, lead_minutes, starts_at, due_at)
     select event_id, lead_minutes, starts_at, due_at from planned where n <= $1`,
    [size],
  );
  await client.query('vacuum analyze alerts');
  await client.query('checkpoint');
}

async function wait(stage: Stage, { client }: House, pid: number, seconds: number): Promise<Wait> {
  // A round of everything that is done again and again.
  await sleep(1000);
  const look = async () => ({
    node: cpuSeconds(pid),
    postgres: stage.cpuOf('postgres'),
    statements: await statements(client),
    at: performance.now(),
  });
  const before = await look();
  await sleep(1000 * seconds);
  const after = await look();
  const s = (after.at - before.at) / 1000;
  return {
    node: (1000 * (after.node - before.node)) / s,
    postgres: (1000 * (after.postgres - before.postgres)) / s,
    statements: (after.statements - before.statements) / s,
  };
}

/** Each is a transaction of its own. */
async function statements(client: House['client']): Promise<number> {
  await client.query('select pg_stat_clear_snapshot()');
  const { rows } = await client.query<{ n: string }>(
    'select xact_commit as n from pg_stat_database where datname = current_database()',
  );
  return Number(rows[0]?.n);
}

/** One alert each of many events is due within a minute, while all the others go on waiting. */
async function startAll(house: House): Promise<Late> {
  const { client } = house;
  await letWait(house, Math.max(...sizes));
  await client.query('truncate notifications, outbox');
  await client.query(
    `update alerts set due_at = now() + interval '3 seconds' + random() * $2::float8 * interval '1 second'
     from numbered where id = event_id and n <= $1 and lead_minutes = 5`,
    [starting, withinS],
  );
  const end = performance.now() + 1000 * (withinS + 120);
  for (;;) {
    await sleep(1000);
    const { rows } = await client.query<{ n: string }>('select count(*) as n from notifications');
    if (Number(rows[0]?.n) === starting) break;
    if (performance.now() > end) throw new Error(`only ${rows[0]?.n} of ${starting} were told`);
  }
  const { rows } = await client.query<{ p50: number; p99: number; most: number }>(
    `select percentile_cont(0.5) within group (order by ms) as p50, percentile_cont(0.99) within group (order by ms) as p99,
       max(ms) as most
     from (
       select extract(epoch from n.created_at - a.due_at)::float8 * 1000 as ms
       from notifications as n join alerts as a on a.event_id = n.event_id and a.lead_minutes = 5
     ) as each`,
  );
  return rows[0] as Late;
}

function report(
  waits: Map<string, Wait[]>,
  lates: Late[],
  { rounds, seconds, rushes }: { rounds: number; seconds: number; rushes: number },
): Result {
  const figures = (size: number, of: keyof Wait) => (waits.get(nameOf(size)) ?? []).map((each) => each[of]);
  const most = Math.max(...sizes);
  const more = median(figures(most, 'node')) - median(figures(0, 'node'));
  const p99 = median(lates.map((each) => each.p99));
  return {
    title: 'What does waiting for events cost, and how late are alerts?',
    answer: `With ${whole(most)} events waiting a node uses ${more > 0 ? `${decimal(more)} ms of CPU a second more than with` : 'no more CPU than with'} none. When ${whole(starting)} events start within ${withinS} s, half of their ticket holders are told within ${whole(median(lates.map((each) => each.p50)))} ms and 99 of 100 within ${whole(p99)} ms of the time (${verdict(p99 <= aim, `${aim} ms`)}).`,
    table: {
      columns: ['waiting', 'ms CPU a second, node', 'ms CPU a second, PostgreSQL', 'statements a second'],
      rows: sizes.map((size) => [
        nameOf(size),
        withSpread(figures(size, 'node')),
        withSpread(figures(size, 'postgres')),
        withSpread(figures(size, 'statements')),
      ]),
    },
    notes: [
      `${rounds} rounds of ${seconds} s each, in turns; three alerts an event, a month away; one node, with nobody connected. All statements of the node are counted, also those that have nothing to do with alerts. CPU is user and system time.`,
      `Lateness: from when an alert is due until its notification is in PostgreSQL, ${rushes} times ${whole(starting)} events within ${withinS} s, one ticket holder each of ${whole(buyers)}, ${whole(most)} events waiting: p50 ${withSpread(lates.map((each) => each.p50))} ms, p99 ${withSpread(lates.map((each) => each.p99))} ms, the latest ${whole(Math.max(...lates.map((each) => each.most)))} ms.`,
    ],
    chart: barChart({
      title: 'CPU time of a node that waits',
      unit: 'ms a second, median; a dot for every round; shorter is better',
      bars: sizes.map((size) => ({
        label: nameOf(size),
        value: median(figures(size, 'node')),
        text: `${decimal(median(figures(size, 'node')))} ms`,
        dots: figures(size, 'node'),
        ours: true,
      })),
    }),
  };
}
