/** Those that take turns: holds and releases, the echo, the script alone, the crowd, maps of other sizes. */
import { userId } from '../../shared/house.ts';
import type { HubNode } from '../shared/node.ts';
import { type Candidate, cpuSeconds, type Stage } from '../shared/stage.ts';
import type { Buyers, Done } from './buyers.ts';
import { prepareReplay, type Replay } from './replay.ts';
import { type Cost, names, type Turn } from './report.ts';
import type { Truth } from './truth.ts';

export const prefix = 'seatcast';
/** A socket each; a hold or two of each is alive when another one is asked for, as of people who choose. */
export const buyerCount = 1000;
const holdsEach = 4;
export const underWay = 128;
export const mapSeats = 20_000;
const warmUpMs = 300;
export const toHub = { server: 'hub', underWay, nodes: 1 };
export const toEcho = { server: 'echo', underWay, eventId: userId(0), seats: mapSeats };
/** What a client says nothing of that only sends. */
const unknown = { server: 0, postgres: 0, p50Ms: Number.NaN, p99Ms: Number.NaN };

export interface Parts {
  stage: Stage;
  node: HubNode;
  buyers: Buyers;
  truth: Truth;
  /** Events that fill up one after the other. */
  eventIds: readonly string[];
  ms: number;
}

/** CPU time until what follows the requests is written down as well, for each of them. */
async function costOf(
  { stage, truth }: Parts,
  pid: number,
  work: () => Promise<{ done: Done; changes: number }>,
): Promise<Cost> {
  const meters = () => ({
    server: cpuSeconds(pid),
    redis: stage.cpuOf('redis'),
    postgres: stage.cpuOf('postgres'),
  });
  const readsBefore = await truth.reads();
  const before = meters();
  const { done, changes } = await work();
  const reads = await truth.reads();
  // Each is a row of the audit log.
  await truth.journalled(changes);
  const after = meters();
  const micros = (of: keyof typeof before) => (1e6 * (after[of] - before[of])) / done.count;
  return {
    perSecond: done.count / done.seconds,
    server: micros('server'),
    redis: micros('redis'),
    postgres: micros('postgres'),
    p50Ms: done.p50Ms,
    p99Ms: done.p99Ms,
    callsPerRead: (reads.calls - readsBefore.calls) / (reads.reads - readsBefore.reads),
  };
}

const allChange = (done: Done) => ({ done, changes: done.count });

/** First everybody holds, then everybody lets go. */
export function holdCandidate(parts: Parts): Candidate<Turn> {
  const { buyers, node, truth, eventIds, ms } = parts;
  return {
    name: names.hold,
    async turn() {
      await buyers.ask('plan', { eventIds: [...eventIds], seats: mapSeats, pairs: buyerCount * holdsEach });
      const first = await buyers.ask('hold', { ...toHub, ms: warmUpMs });
      await truth.journalled(first.count);
      let holds = first.count;
      const cost = await costOf(parts, node.pid, async () => {
        const done = await buyers.ask('hold', { ...toHub, ms });
        holds += done.count;
        return allChange(done);
      });
      await truth.expectHeld(eventIds, 2 * holds);
      const release = await costOf(parts, node.pid, async () =>
        allChange(await buyers.ask('release', { underWay })),
      );
      await truth.expectHeld(eventIds, 0);
      return { cost, release };
    },
  };
}

export function echoCandidate(parts: Parts, pid: number): Candidate<Turn> {
  const { buyers, ms } = parts;
  return {
    name: names.echo,
    async turn() {
      await buyers.ask('echo', { ...toEcho, ms: warmUpMs });
      const cost = await costOf(parts, pid, async () => ({
        done: await buyers.ask('echo', { ...toEcho, ms }),
        changes: 0,
      }));
      return { cost: { ...cost, redis: 0, postgres: 0 } };
    },
  };
}

/** As many holds as `holdCandidate` makes in about as long. */
export function replayCandidate(parts: Parts, eventIds: readonly string[]): Candidate<Turn> {
  const { stage, truth } = parts;
  let replay: Replay;
  const costOfSending = async (what: 'holds' | 'releases'): Promise<Cost> => {
    const readsBefore = await truth.reads();
    const before = stage.cpuOf('redis');
    const { count, seconds } = await replay.send(what);
    const redis = (1e6 * (stage.cpuOf('redis') - before)) / count;
    const reads = await truth.reads();
    return {
      ...unknown,
      perSecond: count / seconds,
      redis,
      callsPerRead: count / (reads.reads - readsBefore.reads),
    };
  };
  return {
    name: names.replay,
    async prepare() {
      replay = await prepareReplay(stage, {
        prefix,
        eventIds,
        pairs: buyerCount * holdsEach,
        buyers: buyerCount,
      });
    },
    async turn() {
      const cost = await costOfSending('holds');
      await truth.expectHeld(eventIds, 2 * buyerCount * holdsEach * eventIds.length);
      const release = await costOfSending('releases');
      await truth.expectHeld(eventIds, 0);
      return { cost, release };
    },
  };
}

export function contendCandidate(parts: Parts, eventId: string): Candidate<Turn> {
  const { buyers, node, truth, ms } = parts;
  const letGo = async () => truth.journalled((await buyers.ask('release', { underWay })).count);
  return {
    name: names.contend,
    async turn() {
      const first = await buyers.ask('contend', { ...toHub, eventId, ms: warmUpMs });
      await truth.journalled(first.count - first.refused);
      await letGo();
      let refused = 0;
      const cost = await costOf(parts, node.pid, async () => {
        const done = await buyers.ask('contend', { ...toHub, eventId, ms });
        refused = done.refused / done.count;
        return { done, changes: done.count - done.refused };
      });
      await letGo();
      await truth.expectHeld([eventId], 0);
      return { cost, refused };
    },
  };
}

/** The same on every map: hold a pair, let it go, each request counted. */
export function sizeCandidate(parts: Parts, eventId: string, seats: number): Candidate<Turn> {
  const { buyers, node, truth } = parts;
  const pairs = (ms: number) => buyers.ask('pairs', { ...toHub, ms, eventIds: [eventId], seats });
  return {
    name: names.size(seats),
    async turn() {
      await truth.journalled((await pairs(warmUpMs)).count);
      const cost = await costOf(parts, node.pid, async () => allChange(await pairs(parts.ms)));
      await truth.expectHeld([eventId], 0);
      return { cost };
    },
  };
}
