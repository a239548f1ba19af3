/**
 * What does a hold cost the server and Redis? Beside it: a server that only sends requests back, the script
 * alone, a crowd that wants the same seats, and maps of other sizes.
 */
import { startBuyers } from './holds/buyers.ts';
import {
  buyerCount,
  contendCandidate,
  echoCandidate,
  holdCandidate,
  mapSeats,
  type Parts,
  prefix,
  replayCandidate,
  sizeCandidate,
  toEcho,
  toHub,
  underWay,
} from './holds/candidates.ts';
import { hasRedisCli } from './holds/replay.ts';
import { reportHolds } from './holds/report.ts';
import { openTruth } from './holds/truth.ts';
import { buildHouse, type House } from '../shared/house.ts';
import { type HubNode, startNode } from './shared/node.ts';
import { endProcess, nextMessage, startProcess } from '../shared/processes.ts';
import { type Result, whole } from './shared/results.ts';
import { type Stage, takeTurns } from './shared/stage.ts';
import { Talk } from '../shared/talk.ts';

/** Events that fill up one after the other, for as many holds as the fastest turn may need. */
const rushEvents = 8;
const sizes = [1000, 10_000, 100_000];

export async function askHolds(stage: Stage, quick: boolean): Promise<Result> {
  const { rounds, seconds, warm } = quick
    ? { rounds: 2, seconds: 1, warm: 6000 }
    : { rounds: 5, seconds: 3, warm: 30_000 };
  stage.setAside();
  const house = await buildHouse(stage.ground, buyerCount);
  const ending = [() => house.close()];
  try {
    stage.line.show('buyers are let in');
    const truth = openTruth(stage.services.redisUrl, house, prefix);
    ending.push(truth.close);
    const node = await startNode(stage, house, { cores: 'measured', env: { REDIS_PREFIX: prefix } });
    ending.push(node.stop);
    const echo = startProcess(new URL('holds/echo-server.ts', import.meta.url), { cores: 'measured' });
    ending.push(() => endProcess(echo));
    const echoUrl = `ws://127.0.0.1:${await nextMessage(echo)}`;
    const buyers = startBuyers();
    ending.push(buyers.close);
    const tokens = await house.tokens(buyerCount);
    await buyers.ask('connect', { server: 'hub', urls: [node.url], tokens });
    await buyers.ask('connect', { server: 'echo', urls: [echoUrl], tokens });
    const parts = {
      stage,
      node,
      buyers,
      truth,
      eventIds: await addEvents(house, rushEvents),
      ms: 1000 * seconds,
    };
    const replayed = await addEvents(house, quick ? 1 : 3);
    await letLoad(node, replayed);
    const withReplay = hasRedisCli();
    const candidates = [
      holdCandidate(parts),
      echoCandidate(parts, echo.pid as number),
      ...(withReplay ? [replayCandidate(parts, replayed)] : []),
      contendCandidate(parts, await house.addEvent(mapSeats)),
    ];
    for (const size of sizes) candidates.push(sizeCandidate(parts, await house.addEvent(size), size));
    await warmUp(parts, warm);
    const turns = await takeTurns(candidates, {
      rounds,
      line: stage.line,
      show: ({ cost }) =>
        `server ${whole(cost.server)} µs, Redis ${whole(cost.redis)} µs, ${whole(cost.perSecond)} a second`,
    });
    return reportHolds(turns, { rounds, seconds, sizes, underWay, withReplay });
  } finally {
    // The crowd first: a server that leaves it would be an error.
    for (const end of ending.toReversed()) await end();
  }
}

async function addEvents(house: House, count: number): Promise<string[]> {
  const ids: string[] = [];
  for (let i = 0; i < count; i++) ids.push(await house.addEvent(mapSeats));
  return ids;
}

/** Maps come into Redis with the first who looks at them. */
async function letLoad(node: HubNode, eventIds: readonly string[]): Promise<void> {
  const viewer = await Talk.connect(node.url);
  for (const eventId of eventIds) await viewer.granted('seats:watch', { eventId });
  viewer.close();
}

/** What the servers do in the turns, as often as it takes until they run compiled code. */
async function warmUp({ stage, buyers, truth, eventIds: [eventId = ''] }: Parts, requests: number) {
  const ms = 500;
  await truth.count();
  for (let asked = 0; asked < requests; ) {
    stage.line.show('the code warms up');
    const { count } = await buyers.ask('pairs', { ...toHub, ms, eventIds: [eventId], seats: mapSeats });
    await truth.journalled(count);
    asked += count;
  }
  for (let asked = 0; asked < requests; ) asked += (await buyers.ask('echo', { ...toEcho, ms })).count;
}
