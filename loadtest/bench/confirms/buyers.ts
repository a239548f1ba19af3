/**
 * A process full of buyers. Holds everything, tells its parent, waits for "go", then confirms everything.
 */
import { randomUUID } from 'node:crypto';
import { percentile } from '../../crowd/tally.ts';
import { atOnce, Talk } from '../../shared/talk.ts';

export interface BuyersTask {
  url: string;
  eventId: string;
  /** A socket each. */
  tokens: string[];
  holdsEach: number;
  /** Requests under way at any time, over all sockets. */
  underWay: number;
  /** Share of the confirms that comes before the timed ones. */
  untimed: number;
}

export interface BuyersAnswer {
  bookings: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
}

const connectAtOnce = 50;

async function main(task: BuyersTask, go: Promise<unknown>): Promise<BuyersAnswer> {
  const { url, eventId, tokens, holdsEach, underWay, untimed } = task;
  const buyers: Talk[] = [];
  await atOnce(connectAtOnce, tokens, async (token) => {
    buyers.push(await Talk.connect(url, token));
  });
  const holds: { buyer: Talk; holdId: string }[] = [];
  const pairs = Array.from({ length: buyers.length * holdsEach }, (_, pair) => pair);
  await atOnce(underWay, pairs, async (pair) => {
    const buyer = buyers[pair % buyers.length] as Talk;
    const request = { eventId, seats: [2 * pair, 2 * pair + 1], requestId: randomUUID() };
    const { hold } = await buyer.granted('seats:hold', request);
    holds.push({ buyer, holdId: hold.holdId });
  });
  const latencies: number[] = [];
  const confirm = async ({ buyer, holdId }: { buyer: Talk; holdId: string }) => {
    const start = performance.now();
    await buyer.granted('bookings:confirm', { eventId, holdId, requestId: randomUUID() });
    latencies.push(performance.now() - start);
  };
  await atOnce(underWay, holds.splice(0, Math.round(holds.length * untimed)), confirm);
  latencies.length = 0;
  process.send?.('ready');
  await go;
  const start = performance.now();
  await atOnce(underWay, holds, confirm);
  const seconds = (performance.now() - start) / 1000;
  const [p50Ms, p99Ms] = [percentile(latencies, 0.5), percentile(latencies, 0.99)];
  return { bookings: holds.length, seconds, p50Ms, p99Ms };
}

process.once('message', (task: BuyersTask) => {
  const go = new Promise((resolve) => process.once('message', resolve));
  main(task, go).then(
    (answer) => process.send?.(answer),
    (error) => {
      console.error(error);
      process.exit(1);
    },
  );
});
process.on('disconnect', () => process.exit());
