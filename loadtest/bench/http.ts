/**
 * How many requests a second does a node answer over HTTP? The detail of an event and a page of a list, from the cache,
 * without a cache, and where nothing has changed, beside bare routes of uWebSockets.js that send the same bytes.
 */
import type { RequestsAnswers } from './http/requests-process.ts';
import { listed, names, reportHttp, type Turn } from './http/report.ts';
import { exactCpuSeconds } from './memory/readings.ts';
import type { Bodies } from './servers/raw-uws-http.ts';
import { buildHouse, type House } from '../shared/house.ts';
import { type HubNode, startNode } from './shared/node.ts';
import { type AskChild, asking, endProcess, nextMessage, startProcess } from '../shared/processes.ts';
import { decimal, type Result, whole } from './shared/results.ts';
import { type Candidate, type Stage, takeTurns } from './shared/stage.ts';

const eventCount = 200;
const seats = 1000;
const connections = 32;

/** What is asked of whom, and what must come. */
interface Subject {
  readonly name: string;
  readonly pid: number;
  readonly url: string;
  readonly headers: Record<string, string>;
  readonly status: 200 | 304;
  readonly body: string;
}

/** Something that a node answered. */
interface Known {
  readonly path: string;
  readonly body: string;
  readonly etag: string;
}

export async function askHttp(stage: Stage, quick: boolean): Promise<Result> {
  const { rounds, seconds } = quick ? { rounds: 2, seconds: 1 } : { rounds: 5, seconds: 4 };
  stage.setAside();
  const house = await buildHouse(stage.ground, 1);
  const ending: (() => unknown)[] = [() => house.close()];
  try {
    const subjects = await startSubjects(stage, house, ending);
    const generator = startProcess(new URL('http/requests-process.ts', import.meta.url), { cores: 'others' });
    ending.push(() => endProcess(generator));
    const ask = asking<RequestsAnswers>(generator);
    const candidates = subjects.map((subject) => candidate(stage, ask, subject, seconds));
    // As the first of its kind, each would be measured while it is compiled.
    for (const { turn } of [...candidates, ...candidates]) {
      stage.line.show('the code warms up');
      await turn();
    }
    const turns = await takeTurns(candidates, {
      rounds,
      line: stage.line,
      show: ({ perSecond, server, p99Ms }) =>
        `${whole(perSecond)} a second, ${whole(server)} µs each, 99 % within ${decimal(p99Ms, 1)} ms`,
    });
    const bytes = new Map(subjects.map(({ name, body }) => [name, Buffer.byteLength(body)]));
    return reportHttp(turns, { rounds, seconds, connections, eventCount, bytes });
  } finally {
    // Who asks first: a server that leaves it would be an error.
    for (const end of ending.toReversed()) await end();
  }
}

async function startSubjects(stage: Stage, house: House, ending: (() => unknown)[]): Promise<Subject[]> {
  stage.line.show(`${eventCount} events are made`);
  let eventId = '';
  for (let i = 0; i < eventCount; i++) eventId = await house.addEvent(seats);
  // Or plans of statements would change in the middle, when PostgreSQL gets to it by itself.
  await house.client.query('analyze');
  const node = await startNode(stage, house, { cores: 'measured' });
  ending.push(() => node.stop());
  // Only the other one is profiled.
  const withoutCache = await startNode({ ...stage, profiles: undefined }, house, {
    cores: 'measured',
    main: new URL('http/node-without-cache.ts', import.meta.url),
  });
  ending.push(() => withoutCache.stop());
  const [detail, list] = [
    await know(node, `/api/v1/events/${eventId}`),
    await know(node, `/api/v1/events?limit=${listed}`),
  ];
  const { events } = JSON.parse(list.body) as { events: unknown[] };
  if (events.length !== listed) throw new Error(`a page of ${events.length} events, not ${listed}`);
  const bare = await startBare({ '/detail': detail.body, '/list': list.body, '/unchanged': null }, ending);
  return [
    whole200(names.detail.cached, node, detail),
    whole200(names.detail.uncached, withoutCache, detail),
    unchanged(names.detail.unchanged, node, detail),
    whole200(names.detail.bare, bare, { ...detail, path: '/detail' }),
    whole200(names.list.cached, node, list),
    whole200(names.list.uncached, withoutCache, list),
    unchanged(names.list.unchanged, node, list),
    whole200(names.list.bare, bare, { ...list, path: '/list' }),
    unchanged(names.bareUnchanged, bare, { ...detail, path: '/unchanged' }),
  ];
}

type Server = Pick<HubNode, 'pid' | 'url'>;

const over = ({ url }: Server, path: string): string => url.replace('ws:', 'http:') + path;

const whole200 = (name: string, server: Server, { path, body }: Known): Subject => ({
  name,
  pid: server.pid,
  url: over(server, path),
  headers: {},
  status: 200,
  body,
});

const unchanged = (name: string, server: Server, { path, etag }: Known): Subject => ({
  ...whole200(name, server, { path, etag, body: '' }),
  headers: { 'if-none-match': etag },
  status: 304,
});

async function know(node: HubNode, path: string): Promise<Known> {
  const response = await fetch(over(node, path));
  const etag = response.headers.get('etag');
  if (response.status !== 200 || !etag) throw new Error(`${path} answers ${response.status}`);
  return { path, etag, body: await response.text() };
}

async function startBare(bodies: Bodies, ending: (() => unknown)[]): Promise<Server> {
  const child = startProcess(new URL('servers/raw-uws-http.ts', import.meta.url), { cores: 'measured' });
  ending.push(() => endProcess(child));
  const port = nextMessage(child);
  child.send(bodies);
  return { pid: child.pid as number, url: `ws://127.0.0.1:${await port}` };
}

function candidate(
  stage: Stage,
  ask: AskChild<RequestsAnswers>,
  subject: Subject,
  seconds: number,
): Candidate<Turn> {
  const { name, pid, ...task } = subject;
  const cpu = () => ({
    server: exactCpuSeconds(pid),
    redis: stage.cpuOf('redis'),
    postgres: stage.cpuOf('postgres'),
  });
  return {
    name,
    // What was kept may have had its time meanwhile.
    prepare: async () => void (await fetch(task.url)),
    async turn() {
      const before = cpu();
      const done = await ask('request', { ...task, seconds, connections });
      const after = cpu();
      const micros = (of: keyof typeof after) => (1e6 * (after[of] - before[of])) / done.count;
      return {
        perSecond: done.count / done.seconds,
        p50Ms: done.p50Ms,
        p99Ms: done.p99Ms,
        server: micros('server'),
        redis: micros('redis'),
        postgres: micros('postgres'),
        busy: (after.server - before.server) / done.seconds,
      };
    },
  };
}
