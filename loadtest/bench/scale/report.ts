/** What an operation costs on one node and on several: table, words, picture. */
import { barChart } from '../shared/chart.ts';
import { decimal, median, type Result, verdict, whole, withSpread } from '../shared/results.ts';

const aim = 1.1;

/** CPU microseconds an operation, of all nodes together, of Redis, of PostgreSQL. */
export interface Turn {
  perSecond: number;
  nodes: number;
  redis: number;
  postgres: number;
  framesPerSecond: number;
  p50Ms: number;
  p99Ms: number;
}

interface Run {
  rounds: number;
  seconds: number;
  thinkMs: number;
  eventCount: number;
  buyersOfNode: number;
  viewersOfNode: number;
}

const [fewest, most, onCluster, crowded] = [
  '1 node',
  '4 nodes',
  '4 nodes, Redis Cluster',
  '1 node, load of four',
];

/** @param turns by the names of the set-ups in `scale.ts` */
export function reportScale(turns: ReadonlyMap<string, readonly Turn[]>, run: Run): Result {
  const names = [...turns.keys()];
  const of = (name: string, part: keyof Turn) => (turns.get(name) ?? []).map((turn) => turn[part]);
  /** Of the same round, so that both had the same neighbours on the machine. */
  const ratio = (name: string, part: 'nodes' | 'redis', to = fewest) =>
    median(of(name, part).map((value, round) => value / (of(to, part)[round] ?? Number.NaN)));
  const whatWas =
    (part: keyof Turn, format = whole) =>
    (name: string) =>
      format(median(of(name, part)));
  const [nodes, redis] = [ratio(most, 'nodes'), ratio(most, 'redis')];
  return {
    title: 'Does an operation cost more CPU with more nodes?',
    answer: `With the same load on each of them, 4 nodes take ${decimal(nodes)} × the CPU for a hold or a release that one takes (${verdict(nodes <= aim, aim)}), all nodes together, and Redis ${decimal(redis)} ×. On a Redis Cluster of three masters they take ${decimal(ratio(onCluster, 'nodes', most))} × what they take on one Redis, and its servers together ${decimal(ratio(onCluster, 'redis', most))} ×. One node that has the load of four takes ${decimal(ratio(crowded, 'nodes', most))} × what four take for it: the more it has to do at a time, the less each thing costs.`,
    table: {
      columns: [
        'on',
        'operations a second',
        'CPU µs an operation: all nodes',
        `× ${fewest}`,
        'Redis',
        `× ${fewest}`,
        'PostgreSQL',
        'frames a second',
        'p50 ms',
        'p99 ms',
      ],
      rows: names.map((name) => [
        name,
        withSpread(of(name, 'perSecond')),
        withSpread(of(name, 'nodes')),
        decimal(ratio(name, 'nodes')),
        withSpread(of(name, 'redis')),
        decimal(ratio(name, 'redis')),
        whatWas('postgres')(name),
        whatWas('framesPerSecond')(name),
        whatWas('p50Ms', (value) => decimal(value, 1))(name),
        whatWas('p99Ms', (value) => decimal(value, 1))(name),
      ]),
    },
    notes: notes(run),
    chart: barChart({
      title: 'CPU time of all nodes for a hold or a release',
      unit: `µs, median, a dot for each of ${run.rounds} rounds; shorter is better`,
      bars: names.map((name) => ({
        label: name,
        value: median(of(name, 'nodes')),
        text: `${whole(median(of(name, 'nodes')))} µs`,
        dots: of(name, 'nodes'),
        ours: true,
      })),
    }),
  };
}

const notes = ({ rounds, seconds, thinkMs, eventCount, buyersOfNode, viewersOfNode }: Run): string[] => [
  `${rounds} rounds, in each of which every set-up has its turn of ${seconds} s after a warm-up; forwards and backwards in turn. The figure is the median, with the lowest and the highest; ratios are medians of the ratios within a round. All nodes share one core, each a process of its own; PostgreSQL, Redis, buyers and viewers have the others. CPU is user and system time of all nodes until the audit log is written and the last tick has arrived.`,
  `For every node of the load: ${buyersOfNode} buyers, each of whom holds two seats, thinks for ${thinkMs} ms on average, releases them, thinks, and begins again; and ${viewersOfNode} viewers of each of ${eventCount} events of 20,000 seats. Buyers and viewers of every event are spread evenly over the nodes, so with four nodes three of four viewers get a tick that another node has cut.`,
  'Every viewer keeps its own map. No tick may be missing, and after each turn every map must be equal to the one in Redis, seat by seat and at the same position.',
];
