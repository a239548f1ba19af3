/**
 * The whole way of a confirm: a node of the hub in a process of its own, as `npm start` runs it, and buyers
 * in another. The holds come first and are not timed.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Tokens } from '../../../src/session.ts';
import { cpuSeconds, type Stage } from '../shared/stage.ts';
import type { BuyersAnswer, BuyersTask } from './buyers.ts';
import { houseSeats, type Scene, userId } from './scene.ts';

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
  const jwtKeys = `bench:${randomBytes(32).toString('base64url')}`;
  const tokens = new Tokens(jwtKeys, 3_600_000);
  const eventId = await scene.addEvent();
  const node = startProcess('../../../src/main.ts', {
    NODE_ENV: 'test',
    SEATCAST_NODE: 'bench',
    PORT: '0',
    LOG_LEVEL: 'error',
    // Everything shares a few cores here, and what is late is to be measured, not refused.
    REDIS_TIMEOUT_MS: '5000',
    DATABASE_URL: stage.services.databaseUrl,
    REDIS_URL: stage.services.redisUrl,
    JWT_KEYS: jwtKeys,
    // One machine plays all buyers, and is not to be held back.
    MESSAGES_PER_SECOND: '100000',
    USER_MESSAGES_PER_SECOND: '100000',
    ADDRESS_MESSAGES_PER_SECOND: '1000000',
  });
  const buyers = startProcess('buyers.ts', {});
  try {
    const port = Number(await nextMessage(node));
    const users = Array.from({ length: Math.round(sockets * share) }, (_, i) => userId(i + 1));
    const signed = await Promise.all(users.map((id) => tokens.sign({ id, role: 'user' })));
    const task: BuyersTask = {
      url: `ws://127.0.0.1:${port}`,
      eventId,
      tokens: signed.map(({ token }) => token),
      holdsEach,
      underWay,
      untimed,
    };
    if (users.length * holdsEach * 2 > houseSeats) throw new Error('the house is too small');
    buyers.send(task);
    await nextMessage(buyers);
    await followed(scene);
    const cpu = () => ({
      hub: cpuSeconds(node.pid as number),
      postgres: stage.cpuOf('postgres'),
      redis: stage.cpuOf('redis'),
      buyers: cpuSeconds(buyers.pid as number),
    });
    const before = cpu();
    buyers.send('go');
    const { bookings, seconds, p50Ms, p99Ms } = (await nextMessage(buyers)) as BuyersAnswer;
    await followed(scene);
    const after = cpu();
    const asked = users.length * holdsEach;
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
    await endProcess(node);
  }
}

function startProcess(path: string, env: Record<string, string>): ChildProcess {
  const inherited = { PATH: process.env.PATH ?? '' };
  return fork(fileURLToPath(new URL(path, import.meta.url)), [], {
    env: { ...inherited, ...env },
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
}

/** What a child says next. Rejects if it ends instead. */
function nextMessage(child: ChildProcess): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`${child.spawnargs.at(-1)} ended (${code})`));
    child.once('exit', ended);
    child.once('message', (message) => {
      child.off('exit', ended);
      resolve(message);
    });
  });
}

async function endProcess(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await exit;
}

/** Resolves once everything that follows the bookings is done and marked. */
async function followed({ client }: Scene): Promise<void> {
  const until = performance.now() + 30_000;
  while ((await client.query('select from outbox where sent_at is null limit 1')).rowCount !== 0) {
    if (performance.now() > until) throw new Error('the outbox does not become empty');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
