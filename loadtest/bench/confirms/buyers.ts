/**
 * A process full of buyers, over bare WebSockets: what the stock client does on top would compete with the
 * hub for the same cores. Holds everything, tells its parent, waits for "go", then confirms everything.
 */
import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { percentile } from '../../crowd/tally.ts';

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

type Ack = { ok: true; data: never } | { ok: false; error: { code: string; retry: string } };

const connectAtOnce = 50;
const attempts = 10;

/** As much of Engine.IO 4 and Socket.IO 5 as an ask needs. */
class Buyer {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (ack: Ack) => void>();
  #asked = 0;

  constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static connect(url: string, token: string): Promise<Buyer> {
    const socket = new WebSocket(`${url}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false });
    const buyer = new Buyer(socket);
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', () => {
        // Answers would be waited for in vain: this ends the process.
        throw new Error('the hub closed a connection');
      });
      socket.on('message', (data) => {
        const text = String(data);
        if (text === '2') socket.send('3');
        else if (text.startsWith('0')) socket.send(`40${JSON.stringify({ token })}`);
        else if (text.startsWith('40')) resolve(buyer);
        else if (text.startsWith('44')) reject(new Error(text));
        else if (text.startsWith('43')) buyer.#answered(text);
      });
    });
  }

  ask(message: string, request: object): Promise<Ack> {
    const id = this.#asked++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(`42${id}${JSON.stringify([message, request])}`);
    });
  }

  #answered(text: string): void {
    const from = text.indexOf('[');
    const id = Number(text.slice(2, from));
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.((JSON.parse(text.slice(from)) as [Ack])[0]);
  }
}

/** Works through a list, so many at a time. */
async function atOnce<T>(
  count: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items[Symbol.iterator]();
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (const item of left) await work(item);
    }),
  );
}

/** Asks again, as the stock client does, while the hub says that it is a matter of time. */
async function granted(buyer: Buyer, message: string, request: object): Promise<object> {
  for (let attempt = 1; ; attempt++) {
    const ack = await buyer.ask(message, request);
    if (ack.ok) return ack.data;
    if (ack.error.retry !== 'later' || attempt === attempts) {
      throw new Error(`${message} was refused: ${JSON.stringify(ack.error)}`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100 * attempt));
  }
}

async function main(task: BuyersTask, go: Promise<unknown>): Promise<BuyersAnswer> {
  const { url, eventId, tokens, holdsEach, underWay, untimed } = task;
  const buyers: Buyer[] = [];
  await atOnce(connectAtOnce, tokens, async (token) => {
    buyers.push(await Buyer.connect(url, token));
  });
  const holds: { buyer: Buyer; holdId: string }[] = [];
  const pairs = Array.from({ length: buyers.length * holdsEach }, (_, pair) => pair);
  await atOnce(underWay, pairs, async (pair) => {
    const buyer = buyers[pair % buyers.length] as Buyer;
    const request = { eventId, seats: [2 * pair, 2 * pair + 1], requestId: randomUUID() };
    const { hold } = (await granted(buyer, 'seats:hold', request)) as { hold: { holdId: string } };
    holds.push({ buyer, holdId: hold.holdId });
  });
  const latencies: number[] = [];
  const confirm = async ({ buyer, holdId }: { buyer: Buyer; holdId: string }) => {
    const start = performance.now();
    await granted(buyer, 'bookings:confirm', { eventId, holdId, requestId: randomUUID() });
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
