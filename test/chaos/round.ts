/**
 * One injection: an event of its own, fifty buyers and three viewers on it, one fault in the middle, peace,
 * and all checks. The processes go on to the next round.
 */
import { runChecks } from './checks/all.ts';
import type { Evidence, Finding } from './checks/evidence.ts';
import { countUnchecked } from './checks/linearizability.ts';
import { AlertHall } from './crowd/alert-hall.ts';
import { Buyer } from './crowd/buyer.ts';
import { glance, readRest } from './crowd/rest.ts';
import { holdMs, type Scene, seatCount } from './crowd/scene.ts';
import { Watcher } from './crowd/watcher.ts';
import type { Fault, Ground } from './faults/fault.ts';
import { History, opsOf } from './history.ts';
import { seeded } from './random.ts';
import type { NodeProcess } from './stage/node-process.ts';
import type { Stage } from './stage/stage.ts';
import { pause, until } from './stage/wait.ts';

export interface RoundResult {
  fault: Fault;
  seed: number;
  eventId: string;
  isPaid: boolean;
  findings: Finding[];
  notes: string[];
  history: History;
  evidence: Evidence;
  acked: number;
  requests: number;
  unanswered: number;
  /** Seats with too many open ends to be searched. */
  unchecked: number;
  /** After the fault was over: until all viewers were right, and until nothing was held or open any more. */
  viewersMs: number;
  restMs: number;
}

/** Accounts with tickets for events that are about to start, and how many of those there are. */
export const ticketHolders = 5;
const alertEvents = 6;
const warmUpMs = 1000;
const goOnMs = 1000;
const viewersWithinMs = 5000;
/** The time of a hold, the grace of its confirm, and 5 s. */
const restWithinMs = holdMs + 12_000 + 5000;
const giveUpAfterMs = 25_000;

export async function runRound(options: {
  stage: Stage;
  scene: Scene;
  fault: Fault;
  seed: number;
  buyers: number;
  long: boolean;
}): Promise<RoundResult> {
  const { stage, scene, fault, seed } = options;
  const random = seeded(seed).fork(fault.id);
  const history = new History();
  const findings: Finding[] = [];
  const notes: string[] = [];
  const silent = new Set<number>();
  const violation = (sentence: string, check = fault.id) => findings.push({ check, sentence, ops: [] });
  const isPaid = fault.paid ?? random.fork('payment').chance(0.25);
  if (isPaid) notes.push('seats are paid for');
  const eventId = await scene.event(isPaid);
  const urls = stage.nodes.map(({ url }) => url);
  const watchers = urls.map((url, i) => new Watcher(`viewer-${i + 1}`, url, eventId));
  await until(() => watchers.every(({ map }) => map.fresh), 'three viewers to have the map');
  const alertHall = new AlertHall({
    query: (text, values) => stage.postgres.query(text, values),
    urls,
    holders: scene.accounts(-ticketHolders),
    random: random.fork('alerts'),
  });
  await alertHall.open(await scene.drafts(alertEvents));

  let over = false;
  let giveUpAt = Number.POSITIVE_INFINITY;
  const buyers = scene.tokens.slice(0, options.buyers).map(
    (token, i) =>
      new Buyer({
        name: `buyer-${i + 1}`,
        token,
        urls,
        node: i % urls.length,
        eventId,
        seats: seatCount,
        isPaid,
        history,
        random: random.fork(`buyer ${i}`),
        isOver: () => over,
        giveUpAt: () => giveUpAt,
      }),
  );
  const buying = Promise.all(buyers.map((buyer) => buyer.run()));
  const moving = alertHall.moveSome();
  await pause(warmUpMs);
  const faultAt = performance.now();
  const ground: Ground = {
    stage,
    random,
    eventId,
    isPaid,
    buyers,
    history,
    watchers,
    tokens: scene.tokens,
    long: options.long,
    violation,
    note: (text) => void notes.push(text),
    silence: (node: NodeProcess) => void silent.add(node.index),
  };
  await fault.run(ground).catch(async (error: Error) => {
    violation(`the fault could not be taken back: ${error.message}`);
    await putRight(stage);
  });
  const healedAt = performance.now();
  giveUpAt = healedAt + giveUpAfterMs;
  setTimeout(() => {
    over = true;
  }, goOnMs);
  let finished = false;
  void buying.then(() => {
    finished = true;
  });
  const { viewersMs, restMs } = await peace(stage, eventId, watchers, () => finished, healedAt);
  await Promise.all([buying, moving]);
  await alertHall.settle();
  const alerts = await alertHall.read();
  const restAt = performance.now();
  const rest = await readRest(stage, eventId, watchers);
  const evidence: Evidence = {
    ops: opsOf(history.lines),
    rest,
    alerts,
    views: watchers.flatMap(({ states }) => states),
    excuse: {
      faultAt,
      healedAt,
      restAt,
      losesHolds: fault.losesHolds ?? false,
      salesOnly: fault.salesOnly ?? false,
      silentNodes: [...silent],
      holdMs,
      isCalm: fault.isCalm ?? false,
    },
  };
  if (viewersMs > viewersWithinMs)
    violation(`viewers were not right within ${viewersWithinMs / 1000} s`, 'C10');
  if (restMs > restWithinMs)
    violation(`no peace within ${restWithinMs / 1000} s after the fault was over`, 'C10');
  findings.push(...runChecks(evidence));
  for (const end of stage.takeUnexpectedEnds()) violation(end);
  for (const buyer of buyers) buyer.connection.close();
  for (const watcher of watchers) watcher.client.close();
  alertHall.close();
  await fault.after?.(stage);
  const confirmed = evidence.ops.filter((op) => op.f === 'confirm' && op.type === 'ok');
  const acked = new Set(confirmed.map((op) => op.holdId)).size;
  // A hub that sells nothing would pass every other check.
  if (acked === 0) violation('nothing could be booked all the time');
  return {
    fault,
    seed,
    eventId,
    isPaid,
    findings,
    notes,
    history,
    evidence,
    acked,
    requests: evidence.ops.length,
    unanswered: evidence.ops.filter((op) => op.type === 'info').length,
    unchecked: countUnchecked(evidence),
    viewersMs,
    restMs,
  };
}

/** Waits until all agree and nothing is held or open, or for longer than that may take. */
async function peace(
  stage: Stage,
  eventId: string,
  watchers: Watcher[],
  finished: () => boolean,
  healedAt: number,
): Promise<{ viewersMs: number; restMs: number }> {
  let viewersMs = Number.POSITIVE_INFINITY;
  for (;;) {
    const asked = performance.now();
    const { viewersAgree, salesAgree, held } = await glance(stage, eventId, watchers);
    const passed = asked - healedAt;
    if (viewersAgree) viewersMs = Math.min(viewersMs, passed);
    if (viewersAgree && salesAgree && held === 0 && finished()) return { viewersMs, restMs: passed };
    if (passed > giveUpAfterMs + 2000) return { viewersMs, restMs: Number.POSITIVE_INFINITY };
    await pause(100);
  }
}

/** After a fault that was not taken back: everything runs, and every route is open. */
async function putRight(stage: Stage): Promise<void> {
  for (const disk of Object.values(stage.disks)) disk.empty();
  await stage.redis.revive();
  await stage.postgres.revive();
  for (const node of stage.nodes) {
    for (const proxy of [node.redis, node.postgres]) proxy.weather = {};
    node.redis.turnTo(stage.redis.port);
    await node.revive();
  }
}
