/**
 * A sold-out event, hundreds who wait for it, and as many cancellations, while nodes are killed and started again and
 * Redis once: at the end each freed seat is with whoever it was promised to, or is free and nobody wants it.
 * A seed repeats what is chosen, not how the processes are scheduled.
 */
import type { Booking, MessageName, Messages } from '../../src/contracts.gen.ts';
import { checkAtomicity } from './checks/atomicity.ts';
import { checkConservation } from './checks/conservation.ts';
import type { Evidence, Finding } from './checks/evidence.ts';
import { checkOverlap } from './checks/overlap.ts';
import { checkRealTime } from './checks/real-time.ts';
import { checkSense } from './checks/sense.ts';
import { checkSets } from './checks/sets.ts';
import { checkViewerFold } from './checks/viewer-fold.ts';
import { checkWaitlist } from './checks/waitlist.ts';
import type { Told } from './checks/waitlist-record.ts';
import { askOnce } from './crowd/ask-once.ts';
import { Connection } from './crowd/connection.ts';
import { categories, hallOf } from './crowd/hall.ts';
import { readWaitlist, unsettled } from './crowd/read-waitlist.ts';
import { glance, readRest } from './crowd/rest.ts';
import { Scene } from './crowd/scene.ts';
import { Waiter, type Wish } from './crowd/waiter.ts';
import { Watcher } from './crowd/watcher.ts';
import { History, opsOf } from './history.ts';
import { type Random, seeded } from './random.ts';
import type { Stage } from './stage/stage.ts';
import { became, pause, until } from './stage/wait.ts';

export interface CrowdOptions {
  seed: number;
  seats: number;
  waiting: number;
  cancellations: number;
  /** Over which they are spread. */
  cancellingMs: number;
  offerMs: number;
  nodeKills: number;
  redisKills: number;
}

export interface CrowdResult {
  findings: Finding[];
  history: History;
  counts: Record<'joined' | 'offers' | 'accepted' | 'declined' | 'expired' | 'booked' | 'cancelled', number>;
  tookMs: number;
}

interface Seller {
  name: string;
  connection: Connection;
}

const sellers = 20;
const grabbers = 5;
const arrivals = 10;
/** Not how quickly they are answered: one node has everybody while the other is dead. */
const checks = [
  checkSets,
  checkOverlap,
  checkAtomicity,
  checkRealTime,
  checkViewerFold,
  checkSense,
  checkWaitlist,
];

/** @param stage with its nodes running */
export async function runWaitlistCrowd(stage: Stage, options: CrowdOptions): Promise<CrowdResult> {
  const began = performance.now();
  const random = seeded(options.seed);
  const history = new History();
  const hall = hallOf(options.seats);
  const scene = new Scene(stage.postgres);
  await scene.open(options.waiting + sellers + grabbers, hall.plan);
  const rules = { holdMs: 20_000, offerMs: options.offerMs, seatsPerHold: 8 };
  const eventId = await scene.event(false, rules, hall.prices);
  const urls = stage.nodes.map(({ url }) => url);
  const watchers = urls.map((url, i) => new Watcher(`viewer-${i + 1}`, url, eventId));
  const users = new Map<string, string>();
  const told: Told[] = [];
  let isOver = false;
  let giveUpAt = Number.POSITIVE_INFINITY;
  const person = (kind: string, i: number, at: number): Seller & { userId: string; token: string } => {
    const [userId = '', token = ''] = [scene.userIds[at], scene.tokens[at]];
    const name = `${kind}-${i + 1}`;
    users.set(name, userId);
    return { name, userId, token, connection: undefined as unknown as Connection };
  };
  const open = (kind: string, count: number, from: number): Seller[] =>
    Array.from({ length: count }, (_, i) => {
      const { name, token } = person(kind, i, from + i);
      return { name, connection: new Connection(urls, token, i % urls.length) };
    });
  const selling = open('seller', sellers, 0);
  const grabbing = open('grabber', grabbers, sellers);
  const waiters: Waiter[] = [];
  const arrive = (i: number): Waiter => {
    const { name, userId, token } = person('waiter', i, sellers + grabbers + i);
    const own = { name, userId, token, urls, node: i % urls.length, eventId, history, told };
    const until = { isOver: () => isOver, giveUpAt: () => giveUpAt };
    const waiter = new Waiter({ ...own, ...until, random: random.fork(name) });
    waiters.push(waiter);
    return waiter;
  };
  const excuse: Evidence['excuse'] = {
    faultAt: Number.POSITIVE_INFINITY,
    healedAt: 0,
    restAt: 0,
    losesHolds: false,
    salesOnly: false,
    silentNodes: [],
    holdMs: rules.holdMs,
  };
  try {
    const bookings = await sellOut({ selling, options, random: random.fork('sale'), eventId, history });
    const comes = async (i: number) => {
      const waiter = arrive(i);
      // A tenth of them with two wishes: they may have but one offer at a time.
      const wishes = random.fork(`wish ${i}`);
      const wish = wishOf(wishes);
      await waiter.join(wish);
      if (wishes.chance(0.1))
        await waiter.join({ ...wishOf(wishes), category: otherThan(wish.category, wishes) });
    };
    // Some at a time, so that opening connections is not what is tried here.
    for (let i = 0; i < options.waiting; i += arrivals)
      await Promise.all(
        Array.from({ length: Math.min(arrivals, options.waiting - i) }, (_, n) => comes(i + n)),
      );
    const joined = waiters.reduce((sum, { entries }) => sum + entries.size, 0);
    const waiting = Promise.all(waiters.map((waiter) => waiter.wait()));
    const grabbed = Promise.all(
      grabbing.map((each) =>
        grab({ ...each, options, random: random.fork(each.name), eventId, history, isOver: () => isOver }),
      ),
    );
    const damage = harm(stage, options, random.fork('damage'), excuse);
    await cancelMany({ selling, bookings, options, random: random.fork('cancel'), eventId, history });
    await damage;
    const findings: Finding[] = [];
    const isCalm = async () => {
      const { unrecorded, live } = await unsettled(stage, eventId);
      return unrecorded === 0 && live === 0 && (await glance(stage, eventId, watchers)).viewersAgree;
    };
    // Offers go from one to the next as long as somebody ignores them.
    if (!(await became(isCalm, 120_000)))
      findings.push({ check: 'C10', sentence: 'offers did not come to an end within 120 s', ops: [] });
    const read = async (): Promise<Evidence> => {
      excuse.restAt = performance.now();
      const [rest, waitlist] = await Promise.all([
        readRest(stage, eventId, watchers),
        readWaitlist(stage, eventId, { told, users, plan: hall.seats }),
      ]);
      const views = watchers.flatMap(({ states }) => states);
      return { ops: opsOf(history.lines), rest, views, excuse, waitlist };
    };
    const evidence = await read();
    findings.push(...checks.flatMap((check) => check(evidence)));
    // Who gathers seats lets them go, and then nothing is held any more.
    isOver = true;
    giveUpAt = performance.now() + 60_000;
    await Promise.all([waiting, grabbed]);
    const isQuiet = async () => {
      const { salesAgree, held, viewersAgree } = await glance(stage, eventId, watchers);
      return viewersAgree && salesAgree && held === 0;
    };
    await became(isQuiet, 30_000);
    const after = await read();
    const seen = new Set(findings.map(({ sentence }) => sentence));
    const more = [checkConservation, checkSets, checkOverlap, checkWaitlist].flatMap((check) => check(after));
    findings.push(...more.filter(({ sentence }) => !seen.has(sentence)));
    const { offers } = after.waitlist ?? { offers: [] };
    const count = (state: string) => offers.filter((offer) => offer.state === state).length;
    for (const end of stage.takeUnexpectedEnds()) findings.push({ check: 'crowd', sentence: end, ops: [] });
    return {
      findings,
      history,
      counts: {
        joined,
        offers: offers.length,
        accepted: count('accepted'),
        declined: count('declined'),
        expired: count('expired'),
        booked: waiters.reduce((sum, { booked }) => sum + booked, 0),
        cancelled: opsOf(history.lines).filter(({ f, type }) => f === 'cancel' && type === 'ok').length,
      },
      tookMs: performance.now() - began,
    };
  } finally {
    isOver = true;
    giveUpAt = 0;
    for (const { connection } of [...selling, ...grabbing, ...waiters]) connection.close();
    for (const { client } of watchers) client.close();
  }
}

const otherThan = (category: string | undefined, random: Random) =>
  random.pick(categories.filter((each) => each !== category));

function wishOf(random: Random): Wish {
  const quantity = random.pick([1, 1, 1, 2, 2, 2, 3, 4]);
  const category = random.chance(0.4) ? {} : { category: random.pick(categories) };
  return { quantity, ...category, together: quantity > 1 && random.chance(0.4) };
}

interface Work {
  options: CrowdOptions;
  random: Random;
  eventId: string;
  history: History;
}

/** Sells every seat, to neighbours by one to four. */
async function sellOut({ selling, options, random, eventId, history }: Work & { selling: Seller[] }) {
  const parties: number[][] = [];
  for (let seat = 0; seat < options.seats; ) {
    const size = Math.min(random.whole(1, 4), options.seats - seat);
    parties.push(Array.from({ length: size }, (_, i) => seat + i));
    seat += size;
  }
  const bookings: { by: Seller; booking: Booking }[] = [];
  await Promise.all(
    selling.map(async (by, n) => {
      await until(() => by.connection.ready(1000), 'a seller to be connected', 120_000);
      for (let i = n; i < parties.length; i += selling.length) {
        const seats = parties[i] as number[];
        const about = { proc: by.name, seats };
        const line = { ...about, f: 'hold' as const, requestId: `${eventId.slice(-8)}-sell-${i}` };
        const asked = { eventId, seats, requestId: line.requestId };
        const { hold } = await insist(by, history, line, 'seats:hold', asked);
        const { holdId } = hold;
        const confirm = {
          ...about,
          f: 'confirm' as const,
          holdId,
          requestId: `${eventId.slice(-8)}-book-${i}`,
        };
        const wanted = { eventId, holdId, requestId: confirm.requestId };
        const { booking } = await insist(by, history, confirm, 'bookings:confirm', wanted);
        bookings.push({ by, booking });
      }
    }),
  );
  return bookings.sort((a, b) => (a.booking.seats[0]?.seat ?? 0) - (b.booking.seats[0]?.seat ?? 0));
}

/** So many, one after the other, of whole bookings and of single seats of them. */
async function cancelMany(
  work: Work & { selling: Seller[]; bookings: { by: Seller; booking: Booking }[] },
): Promise<void> {
  const { options, random, eventId, history } = work;
  const left = work.bookings.map(({ by, booking }) => ({
    by,
    id: booking.id,
    seats: booking.seats.map(({ seat }) => seat),
  }));
  const begin = performance.now();
  const going: Promise<void>[] = [];
  for (let n = 0; n < options.cancellations && left.length > 0; n++) {
    const at = random.whole(0, left.length - 1);
    const { by, id, seats } = left[at] as (typeof left)[number];
    const some = seats.length > 1 && random.chance(0.5) ? [random.pick(seats)] : undefined;
    if (some) (left[at] as (typeof left)[number]).seats = seats.filter((seat) => !some.includes(seat));
    else left.splice(at, 1);
    going.push(
      cancel(by, history, `${eventId.slice(-8)}-cancel-${n}`, id, some ?? seats, some !== undefined),
    );
    await pause(
      Math.max(0, begin + (options.cancellingMs * (n + 1)) / options.cancellations - performance.now()),
    );
  }
  await Promise.all(going);
}

/** Asks until it is decided. */
async function cancel(
  by: Seller,
  history: History,
  requestId: string,
  bookingId: string,
  seats: number[],
  isPart: boolean,
): Promise<void> {
  const request = { bookingId, requestId, ...(isPart ? { seats } : {}) };
  const line = { proc: by.name, f: 'cancel' as const, requestId, bookingId, seats };
  await insist(by, history, line, 'bookings:cancel', request);
}

/** Asks until it is decided, and it must be granted. */
async function insist<M extends MessageName>(
  { connection }: Seller,
  history: History,
  line: Parameters<typeof askOnce>[2],
  message: M,
  request: Messages[M]['request'],
): Promise<Messages[M]['reply']> {
  for (;;) {
    if (await connection.ready(1000)) {
      const answer = await askOnce(connection, history, line, message, request);
      if (answer.data) return answer.data;
      if (answer.decided) throw new Error(`${line.proc} was refused ${message}: ${answer.error}`);
      if (answer.error === 'timeout') connection.move();
    }
    await pause(200);
  }
}

/** Those who do not wait try their luck all the time; what they get they give back. */
async function grab(work: Work & Seller & { isOver: () => boolean }): Promise<void> {
  const { name, connection, options, random, eventId, history, isOver } = work;
  for (let n = 0; !isOver(); n++) {
    await pause(random.whole(20, 120));
    if (!(await connection.ready(1000))) continue;
    const seats = [random.whole(0, options.seats - 1)];
    const requestId = `${eventId.slice(-8)}-${name}-${n}`;
    const line = { proc: name, f: 'hold' as const, requestId, seats };
    const { data } = await askOnce(connection, history, line, 'seats:hold', { eventId, seats, requestId });
    if (!data) continue;
    const { holdId } = data.hold;
    const back = { proc: name, f: 'release' as const, requestId: `${requestId}-back`, holdId, seats };
    await askOnce(connection, history, back, 'seats:release', { eventId, holdId, requestId: back.requestId });
  }
}

/** Kills nodes, one after the other, and Redis, while seats are cancelled. */
async function harm(
  { nodes, redis }: Stage,
  { nodeKills, redisKills, cancellingMs }: CrowdOptions,
  random: Random,
  excuse: Evidence['excuse'],
): Promise<void> {
  const acts = [...Array<'node'>(nodeKills).fill('node'), ...Array<'redis'>(redisKills).fill('redis')];
  for (const act of acts) {
    await pause((cancellingMs / (acts.length + 1)) * (0.7 + 0.6 * random.next()));
    const at = performance.now();
    if (act === 'redis') {
      Object.assign(excuse, { faultAt: at, losesHolds: true });
      await redis.process.end();
      await pause(random.whole(0, 1000));
      await redis.revive();
      await until(
        async () => (await Promise.all(nodes.map((node) => node.ready()))).every(Boolean),
        'nodes to be ready',
      );
      excuse.healedAt = performance.now();
      continue;
    }
    const node = random.pick(nodes);
    excuse.silentNodes.push(node.index);
    node.arm(
      random.pick(['waitlist.stepped', 'waitlist.recorded', 'cancel.committed', 'outbox.sent']),
      'kill',
      random.whole(1, 5),
    );
    if (!(await node.fired(3000))) await node.process.end();
    await node.process.gone();
    await pause(random.whole(0, 1000));
    await node.revive();
  }
}
