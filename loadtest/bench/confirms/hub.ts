/**
 * The whole way of a confirm: a node of the hub in a process of its own, as `npm start` runs it, and buyers
 * in another. The holds come first and are not timed.
 */
import { startNode } from '../shared/node.ts';
import { endProcess, nextMessage, startProcess } from '../../shared/processes.ts';
import { cpuSeconds, type Stage } from '../shared/stage.ts';
import type { BuyersAnswer, BuyersTask } from './buyers.ts';
import { houseSeats, type Scene } from './scene.ts';

const sockets = 1000;
/** Seats a buyer may have, by default, in pairs. */
const holdsEach = 10;
/** The code is warm by then, as it is on a node that has been running. */
const untimed = 0.1;

export interface HubTurn {
  bookings: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
  /** CPU seconds from the first timed confirm until everything that follows was done. */
  cpu: { hub: number; postgres: number; redis: number; buyers: number };
}

export async function runHub(
  stage: Stage,
  scene: Scene,
  { underWay, share }: { underWay: number; share: number },
): Promise<HubTurn> {
  const eventId = await scene.addEvent();
  const node = await startNode(stage, scene.house);
  const buyers = startProcess(new URL('buyers.ts', import.meta.url));
  try {
    const tokens = await scene.house.tokens(Math.round(sockets * share));
    const task: BuyersTask = {
      url: node.url,
      eventId,
      tokens,
      holdsEach,
      underWay,
      untimed,
    };
    if (tokens.length * holdsEach * 2 > houseSeats) throw new Error('the house is too small');
    buyers.send(task);
    await nextMessage(buyers);
    await followed(scene);
    const cpu = () => ({
      hub: cpuSeconds(node.pid),
      postgres: stage.cpuOf('postgres'),
      redis: stage.cpuOf('redis'),
      buyers: cpuSeconds(buyers.pid as number),
    });
    const before = cpu();
    buyers.send('go');
    const { bookings, seconds, p50Ms, p99Ms } = (await nextMessage(buyers)) as BuyersAnswer;
    await followed(scene);
    const after = cpu();
    const asked = tokens.length * holdsEach;
    const made = await scene.count();
    if (made !== asked) throw new Error(`${asked} holds were confirmed, but there are ${made} bookings`);
    return {
      bookings,
      seconds,
      p50Ms,
      p99Ms,
      cpu: {
        hub: after.hub - before.hub,
        postgres: after.postgres - before.postgres,
        redis: after.redis - before.redis,
        buyers: after.buyers - before.buyers,
      },
    };
  } finally {
    await endProcess(buyers);
    await node.stop();
  }
}

/** Resolves once everything that follows the bookings is done and marked. */
async function followed({ client }: Scene): Promise<void> {
  const until = performance.now() + 30_000;
  while ((await client.query('select from outbox where sent_at is null limit 1')).rowCount !== 0) {
    if (performance.now() > until) throw new Error('the outbox does not become empty');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
