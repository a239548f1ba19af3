/**
 * How long does it take from somebody's click until the last of all viewers has been told? Changes come at
 * random moments, so some find the map at rest and some have to wait for the next tick.
 */
import { every, seatsForChanger, startChanger } from './shared/changer.ts';
import { barChart } from './shared/chart.ts';
import { buildHouse } from '../shared/house.ts';
import { startNode } from './shared/node.ts';
import { percentile } from '../crowd/tally.ts';
import { median, type Result, whole, withSpread } from './shared/results.ts';
import { type Candidate, cpuSeconds, type Stage, takeTurns } from './shared/stage.ts';
import { startServer } from './shared/server.ts';
import { type Arrival, hubDialogue, hubPath, startWatchers, type Watchers } from './shared/watchers.ts';

const tickMs = 40;
const toldWithinMs = 10_000;
const aims = { 'one node': tickMs + 15, 'two nodes': tickMs + 25 } as const;
type Way = keyof typeof aims;
const loads = [
  { share: 0.5, words: 'half load' },
  { share: 0.8, words: '80 % load' },
] as const;
const bareName = (words: string) => `bare uWebSockets.js sends a frame, ${words}`;
const bareTick = (eventId: string) => ({ eventId, epoch: 'abcdefgh', changes: 'h1' });
const nameOf = (way: Way, words: string) => `${way}, ${words}`;

interface Turn {
  p50: number;
  p99: number;
  /** Share of its core that the node with the viewers used. */
  busy: number;
}

export async function askLatency(stage: Stage, quick: boolean): Promise<Result> {
  const { viewers, rounds, seconds } = quick
    ? { viewers: 1000, rounds: 2, seconds: 3 }
    : { viewers: 5000, rounds: 5, seconds: 8 };
  stage.setAside();
  const house = await buildHouse(stage.ground, 1);
  const ending: (() => unknown)[] = [];
  try {
    const eventId = await house.addEvent(20 * seatsForChanger, { seatsPerBuyer: 1000 });
    const [token = ''] = await house.tokens(1);
    const node = await startNode(stage, house, { cores: 'measured' });
    const other = await startNode(stage, house, { cores: 'others' });
    ending.push(
      () => node.stop(),
      () => other.stop(),
    );
    stage.line.show(`${whole(viewers)} viewers are let in`);
    const watchers = startWatchers();
    ending.push(() => watchers.close());
    const dialogue = hubDialogue(eventId);
    await watchers.ask('connect', { url: node.url + hubPath, dialogue, count: viewers, keep: 'arrivals' });
    const origins = {
      'one node': await startChanger(node.url, { eventId, token, firstSeat: 0, seatsAtOnce: 1 }),
      'two nodes': await startChanger(other.url, { eventId, token, firstSeat: 100, seatsAtOnce: 1 }),
    };
    ending.push(...Object.values(origins).map((origin) => () => origin.close()));

    /** Changes at random moments, so many a second on average. */
    const run = async (way: Way, perSecond: number, forMs: number) => {
      await watchers.settled();
      await watchers.ask('forgetArrivals');
      const sent: { position: number; at: number }[] = [];
      const cpu = cpuSeconds(node.pid);
      const start = performance.now();
      const changing = every(
        () => (-Math.log(1 - Math.random()) * 1000) / perSecond,
        async () => {
          const at = performance.timeOrigin + performance.now();
          sent.push({ at, position: await origins[way].change() });
        },
      );
      await new Promise((resolve) => setTimeout(resolve, forMs));
      await changing.stop();
      const ms = performance.now() - start;
      const ticks = await allTold(watchers, viewers, Math.max(...sent.map(({ position }) => position)));
      const used = cpuSeconds(node.pid) - cpu;
      const delays = sent.map(({ position, at }) => {
        const tick = ticks.find(({ to }) => to >= position);
        return (tick?.lastAt ?? Number.NaN) - at;
      });
      return { delays, ticks: ticks.length, used, busy: (1000 * used) / ms };
    };

    // The least it can take here: a frame is ready, and bare uWebSockets.js sends it to as many.
    const bare = await startServer('raw-uws');
    ending.push(() => bare.stop());
    const bareWatchers = startWatchers();
    ending.push(() => bareWatchers.close());
    const { url } = bare;
    await bareWatchers.ask('connect', { url, dialogue: bare.dialogue, count: viewers, keep: 'arrivals' });
    let bareFrames = 0;
    const runBare = async (perSecond: number, forMs: number) => {
      await bareWatchers.settled();
      await bareWatchers.ask('forgetArrivals');
      const sent = new Map<number, number>();
      const cpu = cpuSeconds(bare.pid);
      const start = performance.now();
      // One after the other, as the changes of a map are.
      let last: Promise<unknown> = Promise.resolve();
      const publishing = every(
        () => 1000 / perSecond,
        () => {
          const to = ++bareFrames;
          sent.set(to, performance.timeOrigin + performance.now());
          last = last.then(() => bare.publishOnce({ ...bareTick(eventId), from: to, to }));
          return last;
        },
      );
      await new Promise((resolve) => setTimeout(resolve, forMs));
      await publishing.stop();
      const ms = performance.now() - start;
      const ticks = await allTold(bareWatchers, viewers, bareFrames);
      const delays = ticks.map(({ to, lastAt }) => lastAt - (sent.get(to) ?? Number.NaN));
      return { delays, busy: (1000 * (cpuSeconds(bare.pid) - cpu)) / ms };
    };

    // What a tick costs says how many there can be; the hub itself cuts no more than 25 a second.
    const slow = await run('two nodes', 4, 3000);
    const saturation = Math.min(1000 / tickMs, slow.ticks / slow.used);
    stage.line.say(
      `a tick takes ${whole((1000 * slow.used) / slow.ticks)} ms of CPU: saturated at ${whole(saturation)} a second`,
    );
    const candidates: Candidate<Turn>[] = (['one node', 'two nodes'] as const).flatMap((way) =>
      loads.map(({ share, words }) => ({
        name: nameOf(way, words),
        async turn() {
          const { delays, busy } = await run(way, share * saturation, 1000 * seconds);
          return { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), busy };
        },
      })),
    );
    for (const { share, words } of loads) {
      candidates.push({
        name: bareName(words),
        async turn() {
          const { delays, busy } = await runBare(share * saturation, 1000 * seconds);
          return { p50: percentile(delays, 0.5), p99: percentile(delays, 0.99), busy };
        },
      });
    }
    const turns = await takeTurns(candidates, {
      rounds,
      line: stage.line,
      show: ({ p50, p99 }) => `half within ${whole(p50)} ms, 99 % within ${whole(p99)} ms`,
    });
    return report(turns, { viewers, rounds, seconds, saturation });
  } finally {
    for (const end of ending.toReversed()) await end();
    await house.close();
  }
}

/** The ticks, once the last one has come to everybody. */
async function allTold(watchers: Watchers, viewers: number, position: number): Promise<Arrival[]> {
  const until = performance.now() + toldWithinMs;
  while (performance.now() < until) {
    await watchers.settled();
    const ticks = await watchers.ask('arrivals');
    const isTold = (ticks.at(-1)?.to ?? 0) >= position && ticks.every(({ count }) => count === viewers);
    if (isTold) return ticks;
  }
  throw new Error(`not every viewer was told of position ${position} within ${toldWithinMs} ms`);
}

function report(
  turns: Map<string, Turn[]>,
  {
    viewers,
    rounds,
    seconds,
    saturation,
  }: { viewers: number; rounds: number; seconds: number; saturation: number },
): Result {
  const figures = (name: string, of: keyof Turn) => (turns.get(name) ?? []).map((turn) => turn[of]);
  const sentences = (Object.keys(aims) as Way[]).map((way) => {
    const p99 = median(figures(nameOf(way, loads[0].words), 'p99'));
    const reached = p99 <= aims[way] ? `the aim of ${aims[way]} is reached` : `the aim is ${aims[way]}`;
    return `on ${way} 99 % within ${whole(p99)} ms (${reached})`;
  });
  const bare = median(figures(bareName(loads[0].words), 'p99'));
  const oneNode = median(figures(nameOf('one node', loads[0].words), 'p99'));
  return {
    title: `How long from a click until the last of ${whole(viewers)} viewers knows?`,
    answer: `At half load: ${sentences.join(', ')}. Sending a ready frame to as many by bare uWebSockets.js takes ${whole(bare)} ms here until the last one has read it, so a click costs ${whole(oneNode - bare)} ms more on one node.`,
    table: {
      columns: ['way', 'p50 ms', 'p99 ms', 'core of the node in use'],
      rows: Array.from(turns.keys(), (name) => [
        name,
        withSpread(figures(name, 'p50')),
        withSpread(figures(name, 'p99')),
        `${withSpread(figures(name, 'busy').map((share) => 100 * share))} %`,
      ]),
    },
    notes: [
      `${rounds} rounds of ${seconds} s, in turns. From the moment a buyer sends a request to hold or let go of a seat until the last viewer has read the tick that shows it. Requests come at random (Poisson), so those that come soon after another wait for the next tick, ${tickMs} ms after the last one. Full load is ${whole(saturation)} changes a second here: what the core of the node manages, or one a tick. *One node*: the buyer is on the node of the viewers. *Two nodes*: on another one, so the tick goes through Redis.`,
      '*Bare uWebSockets.js* sends a frame of the same length at even distances, as often as there are changes in the other rows: nobody clicks, nothing waits for a tick, nothing is looked up. What its 99 % take is what this machine takes to send so many frames and to read them.',
      'The viewers are one process on another core, which reads for all of them one after the other: its time is in the figures.',
    ],
    chart: barChart({
      title: `From a click until the last of ${whole(viewers)} viewers knows, 99 %`,
      unit: 'ms, median; a dot for every round; shorter is better',
      bars: Array.from(turns.keys(), (name) => ({
        label: name,
        value: median(figures(name, 'p99')),
        text: `${whole(median(figures(name, 'p99')))} ms`,
        dots: figures(name, 'p99'),
        ours: !name.startsWith('bare'),
      })),
    }),
  };
}
