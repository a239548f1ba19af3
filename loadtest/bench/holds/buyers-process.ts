/**
 * A process full of buyers, over bare WebSockets. Keeps a fixed number of requests under way, and does what its
 * parent asks, one thing at a time (`buyers.ts`). Any answer that is not the expected one ends it.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { percentile } from '../../crowd/tally.ts';
import { answerParent } from '../../shared/processes.ts';
import { atOnce, Talk } from '../../shared/talk.ts';
import type { Done, Rush } from './buyers.ts';

const connectAtOnce = 50;
/** Seats that everybody wants when they contend, and after how many more requests a winner gives up a hold. */
const wantedSeats = 200;
const keptFor = 25;

interface Held {
  talk: Talk;
  eventId: string;
  holdId: string;
}

/** By the name of the server. */
const talks = new Map<string, Talk[]>();
/** What was held and not released yet, and what is to be held. */
let held: Held[] = [];
let planned: { eventId: string; pair: number }[] = [];

/** Keeps so many under way until the time is over or nobody has anything to do. */
async function rush(
  { underWay, ms }: { underWay: number; ms: number },
  act: (lane: number, timed: <T>(work: Promise<T>) => Promise<T>) => Promise<unknown> | undefined,
): Promise<Done> {
  const latencies: number[] = [];
  const timed = async <T>(work: Promise<T>): Promise<T> => {
    const start = performance.now();
    const result = await work;
    latencies.push(performance.now() - start);
    return result;
  };
  const start = performance.now();
  await Promise.all(
    Array.from({ length: underWay }, async (_, lane) => {
      while (performance.now() - start < ms) {
        const acting = act(lane, timed);
        if (!acting) return;
        await acting;
      }
    }),
  );
  const seconds = (performance.now() - start) / 1000;
  const [p50Ms, p99Ms] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
  return { count: latencies.length, seconds, p50Ms, p99Ms };
}

function talkOf(server: string, lane: number): Talk {
  const all = talks.get(server) ?? [];
  const talk = all[lane % all.length];
  if (!talk) throw new Error(`nobody is connected to ${server}`);
  return talk;
}

async function hold(talk: Talk, eventId: string, pair: number): Promise<Held> {
  const seats = [2 * pair, 2 * pair + 1];
  const ack = await talk.ask('seats:hold', { eventId, seats, requestId: randomUUID() });
  if (!ack.ok) throw new Error(`seats ${seats} were not held: ${JSON.stringify(ack.error)}`);
  return { talk, eventId, holdId: ack.data.hold.holdId };
}

async function release({ talk, eventId, holdId }: Held): Promise<void> {
  const ack = await talk.ask('seats:release', { eventId, holdId, requestId: randomUUID() });
  if (!ack.ok) throw new Error(`a hold was not released: ${JSON.stringify(ack.error)}`);
}

/** So many of the numbers from 0 on, in no order. */
function someOf(size: number, count: number): number[] {
  const numbers = Array.from({ length: size }, (_, i) => i);
  for (let i = 0; i < count; i++) {
    const other = i + Math.floor(Math.random() * (size - i));
    [numbers[i], numbers[other]] = [numbers[other] as number, numbers[i] as number];
  }
  return numbers.slice(0, count);
}

/** What the parent may ask for, by name. */
const answers = {
  /** A socket for each token, spread over the addresses in turn. */
  async connect(to: { server: string; urls: string[]; tokens: string[] }): Promise<Record<string, never>> {
    const made: Talk[] = new Array(to.tokens.length);
    await atOnce(connectAtOnce, [...to.tokens.entries()], async ([i, token]) => {
      made[i] = await Talk.connect(to.urls[i % to.urls.length] as string, token);
    });
    talks.set(to.server, made);
    return {};
  },

  /** Which pairs are to be held by `hold`: in one event after the other, spread over the map. */
  async plan(task: { eventIds: string[]; seats: number; pairs: number }): Promise<Record<string, never>> {
    planned = task.eventIds.flatMap((eventId) =>
      someOf(Math.floor(task.seats / 2), task.pairs).map((pair) => ({ eventId, pair })),
    );
    return {};
  },

  /** Everybody holds what comes next of what is planned. */
  async hold(task: Rush): Promise<Done> {
    return rush(task, (_, timed) => {
      const job = planned.pop();
      if (!job) return undefined;
      const talk = talkOf(task.server, planned.length);
      return timed(hold(talk, job.eventId, job.pair)).then((each) => void held.push(each));
    });
  },

  /** Lets go of everything. */
  async release(task: { underWay: number }): Promise<Done> {
    const all = held.values();
    const done = await rush({ ...task, ms: Number.POSITIVE_INFINITY }, (_, timed) => {
      const { value } = all.next();
      return value && timed(release(value));
    });
    held = [];
    return done;
  },

  /** Holds a pair and lets it go, each lane within its own part of the map: nobody gets in the way of another. */
  async pairs(task: Rush & { eventIds: string[]; seats: number; nodes: number; thinkMs?: number }) {
    const { server, underWay, eventIds, seats, nodes, thinkMs = 0 } = task;
    const think = () => (thinkMs > 0 ? sleep(2 * thinkMs * Math.random()) : undefined);
    const each = Math.floor(seats / 2 / underWay);
    if (each === 0) throw new Error(`${seats} seats are too few for ${underWay} at once`);
    return rush(task, async (lane, timed) => {
      const pair = lane + underWay * Math.floor(Math.random() * each);
      // Nodes are taken in turn by `connect`: every event has buyers on every node.
      const eventId = eventIds[Math.floor(lane / nodes) % eventIds.length] as string;
      const held = await timed(hold(talkOf(server, lane), eventId, pair));
      await think();
      await timed(release(held));
      await think();
    });
  },

  /** Everybody wants two of the same few seats. Most are refused; a winner gives up a hold after a while. */
  async contend(task: Rush & { eventId: string }): Promise<Done & { held: number; refused: number }> {
    const { eventId, server, underWay } = task;
    const kept = Array.from({ length: underWay }, (): { hold: Held; until: number }[] => []);
    const asked = new Uint32Array(underWay);
    const counts = { held: 0, refused: 0 };
    const done = await rush(task, async (lane, timed) => {
      const own = kept[lane] as (typeof kept)[number];
      const now = (asked[lane] as number) + 1;
      asked[lane] = now;
      if (own[0] && own[0].until <= now) return timed(release((own.shift() as (typeof own)[number]).hold));
      const talk = talkOf(server, lane);
      const first = Math.floor(Math.random() * wantedSeats);
      const second = (first + 1 + Math.floor(Math.random() * (wantedSeats - 1))) % wantedSeats;
      const request = { eventId, seats: [first, second], requestId: randomUUID() };
      const ack = await timed(talk.ask('seats:hold', request));
      if (ack.ok) {
        counts.held++;
        own.push({ hold: { talk, eventId, holdId: ack.data.hold.holdId }, until: now + keptFor });
      } else if (ack.error.code === 'seats-taken') counts.refused++;
      else throw new Error(`the wrong refusal: ${JSON.stringify(ack.error)}`);
    });
    held.push(...kept.flat().map(({ hold }) => hold));
    return { ...done, ...counts };
  },

  /** The request of a hold, to a server that sends it back. */
  async echo(task: Rush & { eventId: string; seats: number }): Promise<Done> {
    let next = 0;
    return rush(task, async (_, timed) => {
      const talk = talkOf(task.server, next++);
      const seat = 2 * Math.floor((Math.random() * task.seats) / 2);
      const request = { eventId: task.eventId, seats: [seat, seat + 1], requestId: randomUUID() };
      const answer = await timed(talk.emit<typeof request>('seats:hold', request));
      if (answer.requestId !== request.requestId) throw new Error('the echo of somebody else');
    });
  },
};

export type BuyersAnswers = typeof answers;

answerParent(answers);
