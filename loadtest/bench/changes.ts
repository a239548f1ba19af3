/**
 * How many changes of seats can a node show its viewers with a second of CPU? One tick carries many; the usual
 * way is a message a change.
 */
import { every, seatsForChanger, startChanger } from './shared/changer.ts';
import { barChart } from './shared/chart.ts';
import { buildHouse, type House } from '../shared/house.ts';
import { startNode } from './shared/node.ts';
import { decimal, median, type Result, verdict, whole, withSpread } from './shared/results.ts';
import { type ServerName, startServer } from './shared/server.ts';
import { type Candidate, cpuSeconds, type Stage, takeTurns } from './shared/stage.ts';
import { hubDialogue, hubPath, startWatchers } from './shared/watchers.ts';

const viewers = 1000;
/** A tick is cut every 40 ms at most. */
const tickMs = 40;
/** One message a change, as fast as the viewers can read. */
const changeEveryMs = 20;
const most = 50;
const aim = 20;

const ours = (changes: number) => `ours, ${changes} ${changes === 1 ? 'change' : 'changes'} a tick`;
const stock = {
  'socket-io-on-uws': 'a message a change: socket.io on uWebSockets.js',
  'raw-uws': 'a message a change: raw uWebSockets.js publish',
} as const satisfies Partial<Record<ServerName, string>>;
const sizes = [1, 10, 100];

interface Turn {
  /** Changes that arrived at a viewer, for each CPU second of the server. */
  perSecond: number;
  changesInFrame: number;
}

export async function askChanges(stage: Stage, quick: boolean): Promise<Result> {
  const { rounds, seconds } = quick ? { rounds: 2, seconds: 2 } : { rounds: 5, seconds: 5 };
  stage.setAside();
  const house = await buildHouse(stage.ground, 2);
  const ending: (() => unknown)[] = [];
  try {
    const candidates = [
      ...(await ownCandidates(stage, house, seconds, ending)),
      ...(await stockCandidates(seconds, ending)),
    ];
    const turns = await takeTurns(candidates, {
      rounds,
      line: stage.line,
      show: ({ perSecond, changesInFrame }) =>
        `${whole(perSecond)} changes a CPU second, ${decimal(changesInFrame, 1)} in a frame`,
    });
    return report(turns, { rounds, seconds });
  } finally {
    for (const end of ending.toReversed()) await end();
    await house.close();
  }
}

/** One node and one crowd; who changes the map does it on another node. */
async function ownCandidates(
  stage: Stage,
  house: House,
  seconds: number,
  ending: (() => unknown)[],
): Promise<Candidate<Turn>[]> {
  const eventId = await house.addEvent(20_000, { seatsPerHold: most, seatsPerBuyer: 1000 });
  const tokens = await house.tokens(2);
  const node = await startNode(stage, house, { cores: 'measured' });
  const origin = await startNode(stage, house, { cores: 'others' });
  ending.push(
    () => node.stop(),
    () => origin.stop(),
  );
  const watchers = startWatchers();
  ending.push(() => watchers.close());
  await watchers.ask('connect', {
    url: node.url + hubPath,
    dialogue: hubDialogue(eventId),
    count: viewers,
    keep: 'nothing',
  });
  // One more, who reads what the frames say and counts it; a tick that it misses ends the bench.
  const witness = startWatchers();
  ending.push(() => witness.close());
  const dialogue = hubDialogue(eventId);
  await witness.ask('connect', { url: node.url + hubPath, dialogue, count: 1, keep: 'maps' });
  const candidates: Candidate<Turn>[] = [];
  for (const size of sizes) {
    // A hold takes 50 seats at most: more come from two buyers.
    const changers = await Promise.all(
      tokens.slice(0, Math.ceil(size / most)).map((token, i) =>
        startChanger(origin.url, {
          eventId,
          token,
          firstSeat: i * most * seatsForChanger,
          seatsAtOnce: Math.min(size, most),
        }),
      ),
    );
    ending.push(...changers.map((changer) => () => changer.close()));
    candidates.push({
      name: ours(size),
      async turn() {
        const before = { frames: await watchers.settled(), cpu: cpuSeconds(node.pid) };
        const changedBefore = (await witness.ask('count')).changes;
        const changing = every(
          () => tickMs,
          () => Promise.all(changers.map((changer) => changer.change())),
        );
        await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
        await changing.stop();
        const frames = (await watchers.settled()) - before.frames;
        if (frames === 0 || frames % viewers !== 0)
          throw new Error(`${viewers} viewers got ${frames} frames`);
        const cpu = cpuSeconds(node.pid) - before.cpu;
        await witness.settled();
        const changed = (await witness.ask('count')).changes - changedBefore;
        // The next one wants the same seats.
        await Promise.all(changers.map((changer) => changer.releaseAll()));
        return { perSecond: (changed * viewers) / cpu, changesInFrame: (changed * viewers) / frames };
      },
    });
  }
  return candidates;
}

async function stockCandidates(seconds: number, ending: (() => unknown)[]): Promise<Candidate<Turn>[]> {
  const candidates: Candidate<Turn>[] = [];
  for (const [kind, name] of Object.entries(stock) as [keyof typeof stock, string][]) {
    const server = await startServer(kind);
    ending.push(() => server.stop());
    const watchers = startWatchers();
    ending.push(() => watchers.close());
    const { url, dialogue } = server;
    await watchers.ask('connect', { url, dialogue, count: viewers, keep: 'nothing' });
    candidates.push({
      name,
      async turn() {
        const before = { frames: await watchers.settled(), cpu: cpuSeconds(server.pid) };
        await server.publish({ eventId: 'a', seat: 'Stalls-12-7', status: 'held' }, changeEveryMs);
        await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
        await server.stopPublishing();
        const frames = (await watchers.settled()) - before.frames;
        return { perSecond: frames / (cpuSeconds(server.pid) - before.cpu), changesInFrame: 1 };
      },
    });
  }
  return candidates;
}

function report(
  turns: Map<string, Turn[]>,
  { rounds, seconds }: { rounds: number; seconds: number },
): Result {
  const figures = (name: string) => (turns.get(name) ?? []).map(({ perSecond }) => perSecond);
  const ratio = (name: string, to: string) => {
    const other = figures(to);
    return median(figures(name).map((value, i) => value / (other[i] ?? Number.NaN)));
  };
  const busy = ratio(ours(100), stock['socket-io-on-uws']);
  return {
    title: 'How many changes of seats does a second of CPU show to viewers?',
    answer: `With 100 changes a tick ${whole(median(figures(ours(100))) / 1e6)} million (a change that one viewer gets counts as one). That is ${decimal(busy, 0)} × what a message a change manages on the same stack (${verdict(busy >= aim, aim)}).`,
    table: {
      columns: [
        'way',
        'changes a CPU second, thousands',
        'changes in a frame',
        '× a message a change, socket.io',
        '× a message a change, raw',
      ],
      rows: Array.from(turns, ([name, each]) => [
        name,
        withSpread(figures(name).map((value) => value / 1000)),
        decimal(median(each.map(({ changesInFrame }) => changesInFrame)), 1),
        decimal(ratio(name, stock['socket-io-on-uws'])),
        decimal(ratio(name, stock['raw-uws'])),
      ]),
    },
    notes: [
      `${whole(viewers)} viewers, ${rounds} rounds of ${seconds} s a candidate, in turns. Ours: every ${tickMs} ms seats are held or let go on another node (100: two buyers with ${most} seats each), so a change comes through Redis. A message a change: one every ${changeEveryMs} ms, so that none share a write to a connection. CPU is user and system time of the process that has the viewers.`,
    ],
    chart: barChart({
      title: 'Changes of seats shown to viewers for each CPU second of the node',
      unit: 'thousands, median; a dot for every round; longer is better',
      bars: Array.from(turns.keys(), (name) => ({
        label: name,
        value: median(figures(name)) / 1000,
        text: `${whole(median(figures(name)) / 1000)} k`,
        dots: figures(name).map((value) => value / 1000),
        ours: name.startsWith('ours'),
      })),
    }),
  };
}
