/** What answers over HTTP cost, beside bare routes: table, words, picture. */
import { barChart } from '../shared/chart.ts';
import { decimal, median, type Result, whole, withSpread } from '../shared/results.ts';

/** Events on the page that is asked for. */
export const listed = 20;

export const names = {
  detail: {
    cached: 'ours: an event',
    uncached: 'ours: an event, without a cache',
    unchanged: 'ours: an event, 304',
    bare: 'bare route: the same event',
  },
  list: {
    cached: `ours: a page of ${listed}`,
    uncached: `ours: a page of ${listed}, without a cache`,
    unchanged: `ours: a page of ${listed}, 304`,
    bare: 'bare route: the same page',
  },
  bareUnchanged: 'bare route: 304',
} as const;

/** CPU time is in µs a request, of each process. NaN where the system does not say. */
export interface Turn {
  perSecond: number;
  p50Ms: number;
  p99Ms: number;
  server: number;
  redis: number;
  postgres: number;
  /** Which part of its core the server was busy. */
  busy: number;
}

interface Run {
  rounds: number;
  seconds: number;
  connections: number;
  eventCount: number;
  /** Of each body. */
  bytes: ReadonlyMap<string, number>;
}

/** What each is compared with. */
const bareOf = (name: string): string => {
  const { detail, list, bareUnchanged } = names;
  const isUnchanged = [detail.unchanged, list.unchanged, bareUnchanged].some((each) => each === name);
  if (isUnchanged) return bareUnchanged;
  return Object.values<string>(detail).includes(name) ? detail.bare : list.bare;
};

export function reportHttp(turns: ReadonlyMap<string, readonly Turn[]>, run: Run): Result {
  const of = (name: string, part: keyof Turn) => (turns.get(name) ?? []).map((turn) => turn[part]);
  const middle = (name: string, part: keyof Turn) => median(of(name, part));
  /** Of the same round, so that both had the same neighbours on the machine. */
  const ratio = (name: string, to: string, part: 'server' | 'perSecond') =>
    median(of(name, part).map((value, round) => value / (of(to, part)[round] ?? Number.NaN)));
  const said = (name: string) =>
    `${whole(middle(name, 'perSecond'))} (${whole(middle(name, 'server'))} µs of the node's CPU each, ${decimal(ratio(name, bareOf(name), 'server'), 1)} × a bare route of uWebSockets.js)`;
  const { detail, list } = names;
  const slower = (of: typeof detail | typeof list) => decimal(ratio(of.uncached, of.cached, 'server'), 1);
  const shown = [...turns.keys()];
  return {
    title: 'How many requests a second does a node answer over HTTP?',
    answer: [
      `From the cache, the detail of an event ${said(detail.cached)}, a page of ${listed} events ${said(list.cached)}.`,
      `Without a cache ${whole(middle(detail.uncached, 'perSecond'))} and ${whole(middle(list.uncached, 'perSecond'))}: a request takes ${slower(detail)} × and ${slower(list)} × the node's CPU, and ${whole(middle(detail.uncached, 'postgres'))} and ${whole(middle(list.uncached, 'postgres'))} µs of PostgreSQL's.`,
      `That nothing has changed (304) is answered ${said(detail.unchanged)} for the event and ${said(list.unchanged)} for the page.`,
      `Meanwhile the node had ${whole(100 * middle(detail.cached, 'busy'))} % of its core (the detail, from the cache).`,
    ].join(' '),
    table: {
      columns: [
        'what is asked',
        'bytes of body',
        'a second',
        'CPU µs a request: server',
        '× bare route',
        'Redis',
        'PostgreSQL',
        'p50 ms',
        'p99 ms',
        'core of the server in use',
      ],
      rows: shown.map((name) => [
        name,
        whole(run.bytes.get(name) ?? Number.NaN),
        withSpread(of(name, 'perSecond')),
        withSpread(of(name, 'server'), (value) => decimal(value, 1)),
        decimal(ratio(name, bareOf(name), 'server')),
        orDash(middle(name, 'redis')),
        orDash(middle(name, 'postgres')),
        decimal(middle(name, 'p50Ms'), 1),
        decimal(middle(name, 'p99Ms'), 1),
        `${whole(100 * middle(name, 'busy'))} %`,
      ]),
    },
    notes: notes(run),
    chart: barChart({
      title: 'CPU time of the server for a request over HTTP',
      unit: `µs, median, a dot for each of ${run.rounds} rounds; shorter is better`,
      bars: shown.map((name) => ({
        label: name,
        value: middle(name, 'server'),
        text: `${decimal(middle(name, 'server'), 1)} µs`,
        dots: of(name, 'server'),
        ours: name.startsWith('ours'),
      })),
    }),
  };
}

/** Less than one in all is what a service does by its own clock. */
const orDash = (value: number): string => (value >= 1 ? whole(value) : '–');

const notes = ({ rounds, seconds, connections, eventCount }: Run): string[] => [
  `${rounds} rounds, in each of which every candidate has its turn of ${seconds} s after a warm-up; forwards and backwards in turn. The figure is the median, with the lowest and the highest; ratios are medians of the ratios within a round. autocannon asks from a process of its own over ${connections} connections that are kept, with one request under way on each, so the next comes as soon as the last is answered. Every answer must have its status, and its body must be the expected one, character by character. The server has a core of its own; autocannon, PostgreSQL and Redis share the others. CPU is user and system time.`,
  `*An event* and *a page* of ${listed} of ${eventCount} events are public, and asked for without a token. Limits are raised, not switched off: each request is counted in Redis as always. A line of the log for each request, which a node writes unless told otherwise, is not written.`,
  '*Core in use*: where it is far from 100 %, a server waited, for autocannon or the services on their core, or for other work on the machine. Then its CPU time says more than its requests a second.',
  '*Without a cache*: [a node](bench/http/node-without-cache.ts) that keeps no answers, so that each request is a query. A node with a cache whose answer is not there takes longer for the first who asks (it also locks and keeps the answer), and the others get what that one reads.',
  `*304*: the ETag of the answer is sent along. The node finds out by making the answer. *Bare route*: [uWebSockets.js](bench/servers/raw-uws-http.ts) with the finished text in memory, its type and its length, and no other header; ours have thirteen.`,
];
