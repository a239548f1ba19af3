/** What a hold costs, beside an echo, the script alone, a crowd and maps of other sizes: table, words, picture. */
import { barChart } from '../shared/chart.ts';
import { decimal, median, type Result, type Table, verdict, whole, withSpread } from '../shared/results.ts';
import { howToGetIt } from './replay.ts';

const aims = { echo: 1.6, flat: 0.1 };

/** CPU microseconds a request, of each process. NaN where the system, or the client, does not say. */
export interface Cost {
  perSecond: number;
  server: number;
  redis: number;
  postgres: number;
  p50Ms: number;
  p99Ms: number;
  /** Calls of scripts that Redis found each time it read from a connection. */
  callsPerRead: number;
}

export interface Turn {
  cost: Cost;
  /** Of letting go of what was held. */
  release?: Cost;
  /** Which share was refused. */
  refused?: number;
}

export const names = {
  hold: 'ours: hold two seats',
  echo: 'echo with ack: socket.io on uWebSockets.js',
  replay: 'the script alone, sent by redis-cli',
  contend: 'ours: everybody wants the same 200 seats',
  size: (seats: number) => `ours: hold or release, ${whole(seats)} seats`,
};
const released = 'ours: release';
const replayReleased = 'the script of a release alone';

interface Run {
  rounds: number;
  seconds: number;
  sizes: readonly number[];
  underWay: number;
  withReplay: boolean;
}

export function reportHolds(turns: ReadonlyMap<string, readonly Turn[]>, run: Run): Result {
  const costs = new Map([...turns].map(([name, list]) => [name, list.map(({ cost }) => cost)]));
  for (const [name, of] of [
    [released, names.hold],
    [replayReleased, names.replay],
  ] as const) {
    const list = (turns.get(of) ?? []).flatMap(({ release }) => release ?? []);
    if (list.length > 0) costs.set(name, list);
  }
  const of = (name: string, part: keyof Cost) => (costs.get(name) ?? []).map((cost) => cost[part]);
  /** Of the same round, so that both had the same neighbours on the machine. */
  const ratio = (name: string, to: string, part: 'server' | 'redis') =>
    median(of(name, part).map((value, round) => value / (of(to, part)[round] ?? Number.NaN)));
  const table: Table = {
    columns: [
      'what is asked',
      'a second',
      'CPU µs a request: server',
      '× echo',
      'Redis',
      '× script alone',
      'PostgreSQL',
      'p50 ms',
      'p99 ms',
    ],
    rows: [...costs.keys()].map((name) => {
      const alone = name === released || name === replayReleased ? replayReleased : names.replay;
      const isOne = [names.hold, released, names.replay, replayReleased].includes(name);
      return [
        name,
        withSpread(of(name, 'perSecond')),
        orDash(median(of(name, 'server')), () => withSpread(of(name, 'server'))),
        orDash(median(of(name, 'server')), () => decimal(ratio(name, names.echo, 'server'))),
        orDash(median(of(name, 'redis')), () => withSpread(of(name, 'redis'))),
        isOne ? decimal(ratio(name, alone, 'redis')) : '–',
        orDash(median(of(name, 'postgres')), () => whole(median(of(name, 'postgres')))),
        decimal(median(of(name, 'p50Ms')), 1),
        decimal(median(of(name, 'p99Ms')), 1),
      ];
    }),
  };
  const [smallest = 0, largest = 0] = [Math.min(...run.sizes), Math.max(...run.sizes)];
  const bySize = (part: 'server' | 'redis') =>
    run.sizes.map((size) => ratio(names.size(size), names.size(smallest), part));
  const toEcho = ratio(names.hold, names.echo, 'server');
  const flat = { server: spread(bySize('server')), redis: spread(bySize('redis')) };
  const refused = median((turns.get(names.contend) ?? []).map((turn) => turn.refused ?? Number.NaN));
  const toScript = ratio(names.hold, names.replay, 'redis');
  const sentences = [
    `${whole(median(of(names.hold, 'server')))} µs of the server's CPU and ${whole(median(of(names.hold, 'redis')))} µs of Redis's, for two seats.`,
    `The server takes ${decimal(toEcho)} × what it costs to send a request back on the same stack (${verdict(toEcho <= aims.echo, aims.echo)}).`,
    ...(run.withReplay ? [`Redis takes ${decimal(toScript)} × what the script alone takes.`] : []),
    `From ${whole(smallest)} to ${whole(largest)} seats the cost differs by ${percent(flat.server)} on the server and ${percent(flat.redis)} in Redis (${Math.max(flat.server, flat.redis) <= aims.flat ? `within` : `not within`} the aim of ${percent(aims.flat)}).`,
    `Where everybody wants the same seats, and ${percent(refused)} are refused, an answer costs the server ${whole(median(of(names.contend, 'server')))} µs.`,
  ];
  const shown = [names.echo, names.hold, released, names.contend, ...run.sizes.map(names.size)];
  return {
    title: 'What does a hold cost the server and Redis?',
    answer: sentences.join(' '),
    table,
    notes: notes(run, (name) => decimal(median(of(name, 'callsPerRead')), 0)),
    chart: barChart({
      title: 'CPU time of the server for a request',
      unit: `µs, median, a dot for each of ${run.rounds} rounds; shorter is better`,
      bars: shown.map((name) => ({
        label: name,
        value: median(of(name, 'server')),
        text: `${whole(median(of(name, 'server')))} µs`,
        dots: of(name, 'server'),
        ours: name.startsWith('ours'),
      })),
    }),
  };
}

/** How much the largest is above the smallest. */
const spread = (ratios: readonly number[]): number => Math.max(...ratios) / Math.min(...ratios) - 1;
const percent = (share: number): string => `${decimal(100 * share, 0)} %`;
const orDash = (value: number, text: () => string): string => (value > 0 ? text() : '–');

const notes = (
  { rounds, seconds, underWay, withReplay }: Run,
  callsPerRead: (name: string) => string,
): string[] => [
  `${rounds} rounds, in each of which every candidate has its turn of ${seconds} s after a warm-up. The figure is the median, with the lowest and the highest; ratios are medians of the ratios within a round. 1,000 buyers have a socket each in a process of their own, and ${underWay} requests are under way at any time. The server has a core of its own; PostgreSQL, Redis and the buyers share the others. CPU is user and system time until the last row of the audit log is written. How many seats are held in Redis, and how many rows the log has got, is checked after each turn.`,
  '*Hold two seats*: pairs spread over maps of 20,000 seats that nobody watches, at most four holds a buyer and map. *Release* lets go of the same holds. Every answer must be a grant.',
  '*Echo with ack*: [stock Socket.IO on uWebSockets.js](bench/holds/echo-server.ts) that answers with the request it got: the same sockets, the same requests, no session, no checks, no Redis.',
  withReplay
    ? `*The script alone*: the same calls with arguments of their own each, made beforehand and sent by \`redis-cli --pipe\` without waiting for answers. (\`redis-benchmark\` sends one call again and again.) Redis found ${callsPerRead(names.replay)} calls each time it read from redis-cli, and ${callsPerRead(names.hold)} each time it read from the server.`
    : howToGetIt,
  '*The same 200 seats*: two of them at random each time. A winner gives up a hold 25 requests later.',
  '*Maps of other sizes*: everybody holds a pair and releases it, again and again; each of the two is a request.',
];
