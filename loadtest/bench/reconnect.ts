/**
 * What happens when all viewers of an event come back at one moment, while seats go on changing? How long
 * until all maps are right, what it costs the server, and what PostgreSQL hears of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { decodeSnapshot } from '../../src/seats/codec.ts';
import { exactCpuSeconds } from './memory/readings.ts';
import { sellHalf } from './reconnect/half-sold.ts';
import { names, reportReconnect, type Turn } from './reconnect/report.ts';
import { countStatements } from './reconnect/statements.ts';
import type { WholeMapTask } from './reconnect/whole-map.ts';
import { every, seatsForChanger, startChanger } from './shared/changer.ts';
import { buildHouse, type House } from '../shared/house.ts';
import { startNode } from './shared/node.ts';
import { endProcess, nextMessage, startProcess } from '../shared/processes.ts';
import { type Result, whole } from './shared/results.ts';
import { type Candidate, type Stage, takeTurns } from './shared/stage.ts';
import { Talk } from '../shared/talk.ts';
import { hubDialogue, hubPath, startWatchers, type Watchers } from './shared/watchers.ts';

const seats = 20_000;
const changeEveryMs = 200;
/** Those who have signed in. */
const knownShare = 0.2;
const lookEveryMs = 100;
const settledMs = 10_000;
/**
 * How long a node is listened to for what it asks PostgreSQL by its own clock: twice as long as it takes until an event
 * that nothing happens to is compared, by either node, and longer than an event's card counts as fresh, so that who
 * comes back finds a node that has to look again.
 */
const quietMs = 125_000;

export async function askReconnect(stage: Stage, quick: boolean): Promise<Result> {
  const { viewers, rounds } = quick ? { viewers: 1000, rounds: 2 } : { viewers: 5000, rounds: 5 };
  stage.setAside();
  const house = await buildHouse(stage.ground, viewers);
  const ending: (() => unknown)[] = [() => house.close()];
  try {
    stage.line.show(`${whole(viewers)} viewers are let in, twice`);
    const candidates = [
      await ourCandidate(stage, house, viewers, ending),
      await wholeMapCandidate(viewers, ending),
    ];
    const turns = await takeTurns(candidates, {
      rounds,
      line: stage.line,
      show: ({ allMs, cpuMicros }) => `all back in ${whole(allMs)} ms, CPU ${whole(cpuMicros)} µs each`,
    });
    return reportReconnect(turns, { viewers, rounds, changeEveryMs });
  } finally {
    for (const end of ending.toReversed()) await end();
  }
}

/** Seats are held and let go on another node, so that what this one asks PostgreSQL is its viewers' doing. */
async function ourCandidate(
  stage: Stage,
  house: House,
  viewers: number,
  ending: (() => unknown)[],
): Promise<Candidate<Turn>> {
  const eventId = await house.addEvent(seats);
  await sellHalf(house, eventId, { seats, firstSeat: seatsForChanger });
  const statements = await countStatements(stage.services.databaseUrl);
  ending.push(() => statements.close());
  const node = await startNode(stage, house, { cores: 'measured', env: { DATABASE_URL: statements.url } });
  ending.push(() => node.stop());
  const origin = await startNode(stage, house, { cores: 'others' });
  ending.push(() => origin.stop());
  const tokens = await house.tokens(Math.max(1, Math.round(viewers * knownShare)));
  const [token = ''] = tokens;
  // One who stays, so that the node does not forget the map, as it would without any viewer.
  const witness = await Talk.connect(node.url);
  ending.push(() => witness.close());
  await witness.granted('seats:watch', { eventId });
  // And one who knows from the other node what is right.
  const judge = await Talk.connect(origin.url);
  ending.push(() => judge.close());
  const changer = await startChanger(origin.url, { eventId, token, firstSeat: 0, seatsAtOnce: 1 });
  ending.push(() => changer.close());
  const watchers = startWatchers();
  ending.push(() => watchers.close());
  const dialogue = hubDialogue(eventId);
  const url = node.url + hubPath;
  await watchers.ask('connect', {
    url,
    dialogue,
    count: viewers,
    keep: 'maps',
    tokens,
    comeBackAtOnce: viewers,
  });
  const right = async () => {
    const { snapshot, position } = await judge.granted('seats:watch', { eventId });
    if (!snapshot) throw new Error('the other node has no map');
    const map = Buffer.from(decodeSnapshot(snapshot)).toString('base64');
    return (await watchers.ask('right', { position, seats: map })).right;
  };
  const whileChanging = async <T>(work: () => Promise<T>): Promise<T> => {
    const changing = every(
      () => changeEveryMs,
      () => changer.change(),
    );
    statements.take();
    try {
      return await work();
    } finally {
      await changing.stop();
    }
  };
  stage.line.show('listening to what the node asks PostgreSQL anyway');
  const byClock = await whileChanging(async () => {
    await sleep(quietMs);
    return statements.take();
  });
  return {
    name: names.ours,
    async turn() {
      const [turn, asked] = await whileChanging(
        async () => [await comeBack(node.pid, watchers, viewers), statements.take()] as const,
      );
      const until = performance.now() + settledMs;
      for (let count = await right(); count < viewers; count = await right()) {
        if (performance.now() > until) throw new Error(`only ${count} of ${viewers} maps are right`);
        await sleep(lookEveryMs);
      }
      return { ...turn, statements: { asked, byClock: shareOf(byClock, turn.allMs / quietMs) } };
    },
  };
}

async function wholeMapCandidate(viewers: number, ending: (() => unknown)[]): Promise<Candidate<Turn>> {
  const server = startProcess(new URL('reconnect/whole-map.ts', import.meta.url), { cores: 'measured' });
  ending.push(() => endProcess(server));
  const task: WholeMapTask = { seats: Array.from({ length: seats }, (_, i) => (i % 2) * 2), changeEveryMs };
  server.send(task);
  const url = `ws://127.0.0.1:${await nextMessage(server)}${hubPath}`;
  const watchers = startWatchers();
  ending.push(() => watchers.close());
  const dialogue = hubDialogue('any');
  await watchers.ask('connect', { url, dialogue, count: viewers, keep: 'nothing', comeBackAtOnce: viewers });
  return { name: names.wholeMap, turn: () => comeBack(server.pid as number, watchers, viewers) };
}

async function comeBack(pid: number, watchers: Watchers, viewers: number): Promise<Turn> {
  const start = exactCpuSeconds(pid);
  let [before, at, peak] = [start, performance.now(), 0];
  const look = () => {
    const [cpu, now] = [exactCpuSeconds(pid), performance.now()];
    peak = Math.max(peak, (cpu - before) / ((now - at) / 1000));
    [before, at] = [cpu, now];
  };
  const looking = setInterval(look, lookEveryMs);
  const { ms, eachMs } = await watchers.ask('reconnect').finally(() => clearInterval(looking));
  const cpuMicros = (1e6 * (exactCpuSeconds(pid) - start)) / viewers;
  if (eachMs.length !== viewers) throw new Error(`${eachMs.length} of ${viewers} viewers came back`);
  return { halfMs: eachMs[Math.floor(viewers / 2)] as number, allMs: ms, cpuMicros, peak };
}

const shareOf = (counts: Map<string, number>, share: number): Map<string, number> =>
  new Map(Array.from(counts, ([statement, count]) => [statement, count * share]));
