/**
 * Does an operation cost more CPU with more nodes? Every node has the same load, whether there is one or four of them;
 * all share one core, so that the same core does the work. And the same on a Redis Cluster of three masters.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Cluster as RedisClusterClient } from 'ioredis';
import { statesOfLetters } from '../../src/seats/codec.ts';
import { type RedisCluster, startRedisCluster } from '../../test/support/redis-cluster.ts';
import { type Buyers, startBuyers } from './holds/buyers.ts';
import { openTruth, type Truth } from './holds/truth.ts';
import { reportScale, type Turn } from './scale/report.ts';
import { buildHouse, type House } from '../shared/house.ts';
import { type HubNode, startNode } from './shared/node.ts';
import { pin } from '../shared/processes.ts';
import { type Result, whole } from './shared/results.ts';
import { type Candidate, cpuSeconds, type Stage, takeTurns } from './shared/stage.ts';
import { Talk } from '../shared/talk.ts';
import { hubDialogue, hubPath, startWatchers, type Watchers } from './shared/watchers.ts';

interface Setup {
  readonly name: string;
  readonly nodes: number;
  /** How many nodes' load it has. */
  readonly load: number;
  readonly onCluster?: true;
}
const setups: readonly Setup[] = [
  { name: '1 node', nodes: 1, load: 1 },
  { name: '2 nodes', nodes: 2, load: 2 },
  { name: '4 nodes', nodes: 4, load: 4 },
  { name: '4 nodes, Redis Cluster', nodes: 4, load: 4, onCluster: true },
  { name: '1 node, load of four', nodes: 1, load: 4 },
];
const mostLoad = 4;
/** What a node has to do: buyers, who think after each request, and viewers of each event. */
const buyersOfNode = 32;
const viewersOfNode = 15;
const thinkMs = 60;
/** Every event has buyers and viewers on every node. */
const eventCount = 4;
const mapSeats = 20_000;
const warmUpMs = 500;
/** A tick is 40 ms, and a beacon mends what was lost within 2 s. */
const arriveWithinMs = 10_000;

export async function askScale(stage: Stage, quick: boolean): Promise<Result> {
  const { rounds, seconds, warm } = quick
    ? { rounds: 2, seconds: 1, warm: 1500 }
    : { rounds: 6, seconds: 5, warm: 10_000 };
  stage.setAside();
  const house = await buildHouse(stage.ground, mostLoad * buyersOfNode + 1);
  const ending = [() => house.close()];
  try {
    const redisCluster = await startRedisCluster();
    ending.push(() => redisCluster.close());
    for (const { pid } of redisCluster.servers) pin(pid, 'others');
    const clusters: Cluster[] = [];
    for (const setup of setups) {
      stage.line.show(`starting ${setup.name}`);
      clusters.push(await startCluster(stage, house, setup, redisCluster, ending));
    }
    for (const cluster of clusters) await warmUp(stage, cluster, warm * cluster.nodes.length);
    const candidates = clusters.map((cluster) => candidate(stage, cluster, 1000 * seconds));
    const turns = await takeTurns(candidates, {
      rounds,
      line: stage.line,
      show: ({ nodes, redis, perSecond }) =>
        `nodes ${whole(nodes)} µs, Redis ${whole(redis)} µs, ${whole(perSecond)} a second`,
    });
    return reportScale(turns, { rounds, seconds, thinkMs, eventCount, buyersOfNode, viewersOfNode });
  } finally {
    // The crowd first: a server that leaves it would be an error.
    for (const end of ending.toReversed()) await end();
  }
}

/** Nodes that know of each other and of no others, with events, buyers and viewers of their own. */
interface Cluster {
  setup: Setup;
  nodes: HubNode[];
  /** CPU seconds of Redis so far. */
  redisCpu(): number;
  eventIds: string[];
  buyers: Buyers;
  watchers: Watchers;
  truth: Truth;
}

async function startCluster(
  stage: Stage,
  house: House,
  setup: Setup,
  redisCluster: RedisCluster,
  ending: (() => Promise<void>)[],
): Promise<Cluster> {
  const prefix = prefixOf(setup);
  const redisUrl = setup.onCluster ? redisCluster.url : stage.services.redisUrl;
  const env = { REDIS_PREFIX: prefix, REDIS_URL: redisUrl };
  const started = await Promise.all(
    Array.from({ length: setup.nodes }, () => startNode(stage, house, { cores: 'measured', env })),
  );
  for (const node of started) ending.push(node.stop);
  const servers = redisCluster.servers.map(({ port }) => ({ host: '127.0.0.1', port }));
  const truth = openTruth(setup.onCluster ? new RedisClusterClient(servers) : redisUrl, house, prefix);
  const buyers = startBuyers();
  const watchers = startWatchers();
  ending.push(truth.close, buyers.close, watchers.close);
  const eventIds: string[] = [];
  // Beyond the time that this takes: what is held for good must not run out meanwhile.
  for (let i = 0; i < eventCount; i++) eventIds.push(await house.addEvent(mapSeats, { holdMs: 3_600_000 }));
  const tokens = await house.tokens(setup.load * buyersOfNode + 1);
  const urls = started.map(({ url }) => url);
  await markEvents(urls[0] as string, tokens.pop() as string, eventIds, truth);
  await buyers.ask('connect', { server: prefix, urls, tokens });
  for (const eventId of eventIds) {
    for (const url of urls) {
      const task = {
        url: url + hubPath,
        dialogue: hubDialogue(eventId),
        count: viewersOf(setup) / setup.nodes,
      };
      await watchers.ask('connect', { ...task, keep: 'maps' });
    }
  }
  return {
    setup,
    nodes: started,
    redisCpu: () =>
      setup.onCluster
        ? redisCluster.servers.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0)
        : stage.cpuOf('redis'),
    eventIds,
    buyers,
    watchers,
    truth,
  };
}

const prefixOf = (setup: Setup) => `bench-${setups.indexOf(setup)}`;
const viewersOf = (setup: Setup) => setup.load * viewersOfNode;

/** Holds one seat of the first event, two of the second and so on, so that no two maps ever look the same. */
async function markEvents(url: string, token: string, eventIds: string[], truth: Truth): Promise<void> {
  const talk = await Talk.connect(url, token);
  await truth.count();
  for (const [i, eventId] of eventIds.entries()) {
    const seats = Array.from({ length: i + 1 }, (_, seat) => mapSeats - 1 - seat);
    await talk.granted('seats:hold', { eventId, seats, requestId: `mark-${eventId}` });
  }
  await truth.journalled(eventIds.length);
  talk.close();
}

/** Buyers hold and release, and everybody's map is right in the end. */
async function rush({ setup, buyers, eventIds, truth, watchers }: Cluster, ms: number) {
  const { nodes, load } = setup;
  const underWay = load * buyersOfNode;
  const asked = { server: prefixOf(setup), underWay, ms, eventIds, seats: mapSeats, nodes, thinkMs };
  await truth.count();
  const done = await buyers.ask('pairs', asked);
  await truth.journalled(done.count);
  for (const eventId of eventIds) await arrived(eventId, truth, watchers, viewersOf(setup));
  return done;
}

/** Until every node runs compiled code. */
async function warmUp({ line }: Stage, cluster: Cluster, requests: number): Promise<void> {
  for (let asked = 0; asked < requests; ) {
    line.show(`the code of ${cluster.setup.name} warms up`);
    asked += (await rush(cluster, 2 * warmUpMs)).count;
  }
}

async function arrived(eventId: string, truth: Truth, watchers: Watchers, viewers: number): Promise<void> {
  const { position, letters } = await truth.map(eventId);
  const seats = Buffer.from(statesOfLetters(letters)).toString('base64');
  const until = performance.now() + arriveWithinMs;
  for (;;) {
    const { right } = await watchers.ask('right', { position, seats });
    if (right === viewers) return;
    if (performance.now() > until) throw new Error(`${right} of ${viewers} viewers have the right map`);
    await sleep(20);
  }
}

function candidate(stage: Stage, cluster: Cluster, ms: number): Candidate<Turn> {
  const { setup, nodes, watchers } = cluster;
  const meters = async () => ({
    nodes: nodes.reduce((sum, { pid }) => sum + cpuSeconds(pid), 0),
    redis: cluster.redisCpu(),
    postgres: stage.cpuOf('postgres'),
    frames: (await watchers.ask('count')).frames,
  });
  return {
    name: setup.name,
    prepare: async () => void (await rush(cluster, warmUpMs)),
    async turn() {
      const before = await meters();
      const { count, seconds, p50Ms, p99Ms } = await rush(cluster, ms);
      const after = await meters();
      const micros = (of: 'nodes' | 'redis' | 'postgres') => (1e6 * (after[of] - before[of])) / count;
      const frames = after.frames - before.frames;
      return {
        perSecond: count / seconds,
        nodes: micros('nodes'),
        redis: micros('redis'),
        postgres: micros('postgres'),
        framesPerSecond: frames / seconds,
        p50Ms,
        p99Ms,
      };
    },
  };
}
