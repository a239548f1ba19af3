/**
 * What does it cost to send one frame to one viewer? Every server sends the same frame to the same number of
 * watchers at the same pace; what is measured is its CPU time.
 */

import { startChanger, every, seatsForChanger } from './shared/changer.ts';
import { barChart } from './shared/chart.ts';
import { buildHouse, type House } from '../shared/house.ts';
import { startNode } from './shared/node.ts';
import { decimal, median, type Result, verdict, whole, withSpread } from './shared/results.ts';
import { type ServerName, startServer } from './shared/server.ts';
import { type Candidate, cpuSeconds, type Stage, takeTurns } from './shared/stage.ts';
import { hubDialogue, hubPath, startWatchers, type Watchers } from './shared/watchers.ts';

/** Frames a second, over all watchers, that one core can send and another one read. */
const framesPerSecond = 60_000;
const shortestMs = 50;
const aims = { raw: 1.15, ws: 0.55, viewers: 5000 };

const names = {
  ours: 'ours',
  'raw-uws': 'raw uWebSockets.js publish',
  'socket-io-on-uws': 'socket.io on uWebSockets.js',
  'socket-io-on-ws': 'socket.io on ws',
} as const;
const others = ['raw-uws', 'socket-io-on-uws', 'socket-io-on-ws'] as const satisfies ServerName[];

/** CPU µs for each frame that arrived. */
type Turn = number;

export async function askFanOut(stage: Stage, quick: boolean): Promise<Result> {
  const { sizes, rounds, seconds } = quick
    ? { sizes: [500, 2000], rounds: 2, seconds: 2 }
    : { sizes: [1000, 5000, 10_000], rounds: 4, seconds: 3 };
  stage.setAside();
  const house = await buildHouse(stage.ground, 1);
  const bySize = new Map<number, Map<string, Turn[]>>();
  try {
    for (const viewers of sizes)
      bySize.set(viewers, await measure(stage, house, { viewers, rounds, seconds }));
  } finally {
    await house.close();
  }
  return report(bySize, { rounds, seconds });
}

async function measure(
  stage: Stage,
  house: House,
  { viewers, rounds, seconds }: { viewers: number; rounds: number; seconds: number },
): Promise<Map<string, Turn[]>> {
  const everyMs = Math.max(shortestMs, (1000 * viewers) / framesPerSecond);
  const eventId = await house.addEvent(20 * seatsForChanger);
  const [token = ''] = await house.tokens(1);
  const ending: (() => unknown)[] = [];
  const turn = async (pid: number, watchers: Watchers, publish: () => Promise<() => Promise<void>>) => {
    const framesBefore = (await watchers.ask('count')).frames;
    const cpuBefore = cpuSeconds(pid);
    const stop = await publish();
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    await stop();
    const frames = (await watchers.settled()) - framesBefore;
    if (frames === 0 || frames % viewers !== 0) throw new Error(`${viewers} viewers got ${frames} frames`);
    return (1e6 * (cpuSeconds(pid) - cpuBefore)) / frames;
  };
  try {
    stage.line.show(`${whole(viewers)} viewers are let in`);
    const node = await startNode(stage, house, { cores: 'measured' });
    ending.push(() => node.stop());
    // What changes the map is another node's work.
    const origin = await startNode(stage, house, { cores: 'others' });
    ending.push(() => origin.stop());
    const changer = await startChanger(origin.url, { eventId, token, firstSeat: 0, seatsAtOnce: 1 });
    ending.push(() => changer.close());
    const ours = startWatchers();
    ending.push(() => ours.close());
    await ours.ask('connect', {
      url: node.url + hubPath,
      dialogue: hubDialogue(eventId),
      count: viewers,
      keep: 'nothing',
    });
    const candidates: Candidate<Turn>[] = [
      {
        name: names.ours,
        turn: () =>
          turn(node.pid, ours, async () => {
            const changing = every(
              () => everyMs,
              () => changer.change(),
            );
            return () => changing.stop();
          }),
      },
    ];
    for (const name of others) {
      const server = await startServer(name);
      ending.push(() => server.stop());
      const watchers = startWatchers();
      ending.push(() => watchers.close());
      const { url, dialogue } = server;
      await watchers.ask('connect', { url, dialogue, count: viewers, keep: 'nothing' });
      candidates.push({
        name: names[name],
        turn: () =>
          turn(server.pid, watchers, async () => {
            await server.publish(sample(eventId), everyMs);
            return () => server.stopPublishing();
          }),
      });
    }
    return await takeTurns(candidates, {
      rounds,
      line: stage.line,
      show: (micros) => `${whole(viewers)} viewers, ${decimal(micros)} µs a frame`,
    });
  } finally {
    // The crowd first: a server that leaves it would be an error.
    for (const end of ending.toReversed()) await end();
  }
}

/** A tick of ours as it is in this bench, so that all send the same bytes. */
const sample = (eventId: string) => ({ eventId, epoch: 'abcdefgh', from: 1001, to: 1001, changes: 'h1' });

function report(
  bySize: Map<number, Map<string, Turn[]>>,
  { rounds, seconds }: { rounds: number; seconds: number },
): Result {
  const ratio = (turns: Map<string, Turn[]>, to: string, of: string): number => {
    const [own = [], other = []] = [turns.get(of), turns.get(to)];
    return median(own.map((value, i) => value / (other[i] ?? Number.NaN)));
  };
  const rows = [...bySize].flatMap(([viewers, turns]) =>
    Array.from(turns, ([name, values]) => [
      name,
      whole(viewers),
      withSpread(values, decimal),
      decimal(ratio(turns, names['raw-uws'], name)),
      decimal(ratio(turns, names['socket-io-on-ws'], name)),
    ]),
  );
  const aimed = [...bySize.keys()].find((viewers) => viewers === aims.viewers) ?? Math.max(...bySize.keys());
  const turns = bySize.get(aimed) as Map<string, Turn[]>;
  const [toRaw, toWs] = [names['raw-uws'], names['socket-io-on-ws']].map((to) =>
    ratio(turns, to, names.ours),
  );
  const reached = (value = Number.NaN, aim: number) => verdict(value <= aim, aim);
  return {
    title: 'What does it cost to send one frame to one viewer?',
    answer: `With ${whole(aimed)} viewers ${decimal(median(turns.get(names.ours) ?? []))} µs of CPU. That is ${decimal(toRaw ?? Number.NaN)} × what bare uWebSockets.js takes to publish the same frame (${reached(toRaw, aims.raw)}), and ${decimal(toWs ?? Number.NaN)} × what socket.io on ws takes (${reached(toWs, aims.ws)}).`,
    table: {
      columns: ['server', 'viewers', 'CPU µs a frame', '× raw publish', '× socket.io on ws'],
      rows,
    },
    notes: [
      `${rounds} rounds of ${seconds} s a server, in turns, all servers with all their viewers at once. At most ${whole(framesPerSecond)} frames a second, ticks at least ${shortestMs} ms apart, one seat in each, the same bytes from every server. CPU is user and system time of the server's process, which has a core of its own; what arrived is counted by the viewers, and must be a whole number of frames for each.`,
      '*Ours* is a whole node. The seats are held and let go on another node, so each tick comes through Redis, is checked, and moves the copy of the map before it is sent.',
      'Centrifugo is not among them: its module could not be fetched where this was measured.',
    ],
    chart: barChart({
      title: `CPU time to send one frame to one of ${whole(aimed)} viewers`,
      unit: 'µs, median; a dot for every round; shorter is better',
      bars: Array.from(turns, ([name, values]) => ({
        label: name,
        value: median(values),
        text: `${decimal(median(values))} µs`,
        dots: values,
        ours: name === names.ours,
      })),
    }),
  };
}
