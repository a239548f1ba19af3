/**
 * How long does it take from somebody's click until the last of all viewers has been told? Changes come at
 * random moments, so some find the map at rest and some have to wait for the next tick.
 */
import { every, seatsForChanger, startChanger } from './shared/changer.ts';
import { barChart } from './shared/chart.ts';
import { buildHouse } from '../shared/house.ts';
import { startNode } from './shared/node.ts';
import { percentile } from '../crowd/tally.ts';
import { type Result, verdict, whole, withSpread } from './shared/results.ts';
import { type Candidate, cpuSeconds, type Stage, takeTurns } from './shared/stage.ts';
import { startServer } from './shared/server.ts';
import { type Arrival, hubDialogue, hubPath, startWatchers, type Watchers } from './shared/watchers.ts';

const tickMs = 40;
/** People on each node who click in turn, so that nobody waits for an own click before. */
const clickers = 16;
const probeMs = 10_000;
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
  /** ms, of every click. */
  delays: number[];
  /** Share of its core that the node with the viewers used. */
  busy: number;
}

/** Clicks that know nothing of each other (Poisson). */
const randomPauseMs = (perSecond: number) => (-Math.log(1 - Math.random()) * 1000) / perSecond;

export async function askLatency(stage: Stage, quick: boolean): Promise<Result> {
  const { viewers, rounds, seconds } = quick
    ? { viewers: 1000, rounds: 2, seconds: 3 }
    : { viewers: 5000, rounds: 5, seconds: 8 };
  stage.setAside();
  const house = await buildHouse(stage.ground, 2 * clickers);
  const ending: (() => unknown)[] = [];
  try {
    const eventId = await house.addEvent(2 * clickers * seatsForChanger);
    const tokens = await house.tokens(2 * clickers);
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
    const clickersOn = (url: string, first: number) =>
      Promise.all(
        tokens.slice(first, first + clickers).map((token, i) => {
          const firstSeat = (first + i) * seatsForChanger;
          return startChanger(url, { eventId, token, firstSeat, seatsAtOnce: 1 });
        }),
      );
    const origins = {
      'one node': await clickersOn(node.url, 0),
      'two nodes': await clickersOn(other.url, clickers),
    };
    ending.push(...Object.values(origins).flatMap((all) => all.map((each) => () => each.close())));

    /** Changes at random moments, so many a second on average. */
    const run = async (way: Way, perSecond: number, forMs: number) => {
      await watchers.settled();
      await watchers.ask('forgetArrivals');
      const sent: { position: number; at: number }[] = [];
      let next = 0;
      const cpu = cpuSeconds(node.pid);
      const start = performance.now();
      const changing = every(
        () => randomPauseMs(perSecond),
        async () => {
          const at = performance.timeOrigin + performance.now();
          const clicker = origins[way][next++ % clickers];
          sent.push({ at, position: (await clicker?.change()) ?? 0 });
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
      // The process is asked one thing at a time.
      let last: Promise<unknown> = Promise.resolve();
      const publishing = every(
        () => randomPauseMs(perSecond),
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
    const slow = await run('two nodes', 4, probeMs);
    const saturation = Math.min(1000 / tickMs, slow.ticks / slow.used);
    stage.line.say(
      `a tick takes ${whole((1000 * slow.used) / slow.ticks)} ms of CPU: saturated at ${whole(saturation)} a second`,
    );
    const candidates: Candidate<Turn>[] = (['one node', 'two nodes'] as const).flatMap((way) =>
      loads.map(({ share, words }) => ({
        name: nameOf(way, words),
        async turn() {
          const { delays, busy } = await run(way, share * saturation, 1000 * seconds);
          return { delays, busy };
        },
      })),
    );
    for (const { share, words } of loads) {
      candidates.push({
        name: bareName(words),
        turn: () => runBare(share * saturation, 1000 * seconds),
      });
    }
    const turns = await takeTurns(candidates, {
      rounds,
      line: stage.line,
      show: ({ delays }) =>
        `half within ${whole(percentile(delays, 0.5))} ms, 95 % within ${whole(percentile(delays, 0.95))} ms`,
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
  /** Of the clicks of all rounds: a turn has too few for its own 99 %. */
  const within = (name: string, share: number) =>
    percentile(
      (turns.get(name) ?? []).flatMap(({ delays }) => delays),
      share,
    );
  const ofRounds = (name: string, share: number) =>
    (turns.get(name) ?? []).map(({ delays }) => percentile(delays, share));
  const sentences = (Object.keys(aims) as Way[]).map((way) => {
    const p99 = within(nameOf(way, loads[0].words), 0.99);
    return `on ${way} 99 % within ${whole(p99)} ms (${verdict(p99 <= aims[way], aims[way])})`;
  });
  const bare = bareName(loads[0].words);
  return {
    title: `How long from a click until the last of ${whole(viewers)} viewers knows?`,
    answer: `At half load: ${sentences.join(', ')}. Bare uWebSockets.js, with a frame that is ready, takes ${whole(within(bare, 0.5))} ms half of the time, and 99 % within ${whole(within(bare, 0.99))} ms, until the last of as many has read it: so much is this machine's.`,
    table: {
      columns: [
        'way',
        'clicks',
        'p50 ms',
        'p50 of the rounds',
        'p95 ms',
        'p99 ms',
        'core of the node in use',
      ],
      rows: Array.from(turns.keys(), (name) => [
        name,
        whole((turns.get(name) ?? []).reduce((sum, { delays }) => sum + delays.length, 0)),
        whole(within(name, 0.5)),
        withSpread(ofRounds(name, 0.5)),
        whole(within(name, 0.95)),
        whole(within(name, 0.99)),
        `${withSpread((turns.get(name) ?? []).map(({ busy }) => 100 * busy))} %`,
      ]),
    },
    notes: [
      `${rounds} rounds of ${seconds} s, in turns; percentiles are of the clicks of all rounds. From the moment one of ${clickers} buyers sends a request to hold or let go of a seat until the last viewer has read the tick that shows it. Requests come at random (Poisson), so those that come soon after another wait for the next tick, ${tickMs} ms after the last one. Full load is ${whole(saturation)} changes a second here: what the core of the node manages, or one a tick. *One node*: the buyer is on the node of the viewers. *Two nodes*: on another one, so the tick goes through Redis.`,
      '*Bare uWebSockets.js* sends a frame of the same length at random moments, as often as there are clicks in the other rows: nothing waits for a tick, nothing is looked up, and nothing is merged, so frames that come close together wait for each other.',
      'The viewers are one process on another core, which reads for all of them one after the other: its time is in the figures.',
    ],
    chart: barChart({
      title: `From a click until the last of ${whole(viewers)} viewers knows, half of the clicks`,
      unit: 'ms, of all rounds; a dot for every round; shorter is better',
      bars: Array.from(turns.keys(), (name) => ({
        label: name,
        value: within(name, 0.5),
        text: `${whole(within(name, 0.5))} ms`,
        dots: ofRounds(name, 0.5),
        ours: !name.startsWith('bare'),
      })),
    }),
  };
}
