/** PostgreSQL, Redis and the nodes of a hub, for one run: its own data directory, its own key, any free ports. */
import { type ChildProcess, fork } from 'node:child_process';
import { createWriteStream, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../../src/config.ts';
import type { Logger } from '../../src/log.ts';
import { prepare } from '../../src/prepare.ts';
import { type Services, startServices } from '../../src/services/services.ts';

export interface HubUnderTest {
  databaseUrl: string;
  /** `http://127.0.0.1:…`, one a node. */
  urls: string[];
  /** By name, for whoever looks at their use of the machine. */
  pids: Record<string, number>;
  /** What ended by itself, in words. */
  losses: string[];
  stop(): Promise<void>;
}

/** A redis-server that had to be fetched stays; nothing else does. */
const kept = 'redis-server';

/** Whatever a demo hub uses stays untouched: a second run at the same time is refused with one sentence. */
export async function startHubUnderTest(options: {
  nodes: number;
  jwtKeys: string;
  /** Where the nodes' logs go. */
  logFile: string;
  log: Logger;
  say: (text: string) => void;
  dataDir?: string;
}): Promise<HubUnderTest> {
  const { nodes, jwtKeys, log, say } = options;
  const dataDir = resolve(options.dataDir ?? '.data/loadtest');
  const losses: string[] = [];
  // A run that was killed leaves its data behind; one that goes on holds the lock, and this start fails first.
  const services = await startServices({
    redisServer: process.env.REDIS_SERVER || undefined,
    dataDir,
    log: say,
    onExit: (sentence) => losses.push(sentence),
  });
  const children: ChildProcess[] = [];
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    losses.length = 0;
    await Promise.all(children.map(endProcess));
    await services.stop();
    for (const name of readdirSync(dataDir)) {
      if (name !== kept) rmSync(join(dataDir, name), { recursive: true, force: true });
    }
  };
  const stopOnce = () => {
    stopped ??= stop();
    return stopped;
  };
  try {
    const { databaseUrl, redisUrl } = services;
    const environment = nodeEnvironment(services, jwtKeys);
    await prepare({ config: readConfig(environment), databaseUrl, redisUrl, jwtKeys, log });
    const started = await Promise.all(
      Array.from({ length: nodes }, async (_, i) => {
        const name = `node-${i + 1}`;
        const child = startNode({ ...environment, SEATCAST_NODE: name }, options.logFile);
        children.push(child);
        const port = await firstMessage(child, name);
        child.once('exit', (code, signal) => {
          if (!stopped) losses.push(`${name} ended by itself (${signal ?? `exit code ${code}`}).`);
        });
        return { name, pid: child.pid as number, url: `http://127.0.0.1:${port}` };
      }),
    );
    return {
      databaseUrl,
      urls: started.map(({ url }) => url),
      pids: {
        ...Object.fromEntries(started.map(({ name, pid }) => [name, pid])),
        Redis: readPid(join(dataDir, 'redis/redis.pid')),
        PostgreSQL: readPid(join(dataDir, 'postgres/postmaster.pid')),
      },
      losses,
      stop: stopOnce,
    };
  } catch (error) {
    await stopOnce();
    throw error;
  }
}

function nodeEnvironment({ databaseUrl, redisUrl }: Services, jwtKeys: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    NODE_ENV: 'test',
    HOST: '127.0.0.1',
    PORT: '0',
    LOG_LEVEL: 'warn',
    DATABASE_URL: databaseUrl,
    REDIS_URL: redisUrl,
    JWT_KEYS: jwtKeys,
    // Everything shares a few cores here, and what is late is to be measured, not refused.
    REDIS_TIMEOUT_MS: '5000',
    // One machine plays everybody, and is not to be held back.
    CONNECTIONS_PER_ADDRESS: '1000000',
    MESSAGES_PER_SECOND: '100000',
    USER_MESSAGES_PER_SECOND: '100000',
    ADDRESS_MESSAGES_PER_SECOND: '1000000',
    HTTP_REQUESTS_PER_SECOND: '1000000',
  };
}

/** In a group of its own: Ctrl-C reaches only us, and we stop everything in order. It ends when we are gone. */
function startNode(env: Record<string, string>, logFile: string): ChildProcess {
  const child = fork(fileURLToPath(new URL('../../src/main.ts', import.meta.url)), [], {
    env,
    detached: true,
    execArgv: ['--disable-warning=ExperimentalWarning'],
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const file = createWriteStream(logFile, { flags: 'a' });
  for (const stream of [child.stdout, child.stderr]) stream?.pipe(file, { end: false });
  child.once('close', () => file.end());
  return child;
}

/** A node says its port when it listens. Rejects if it ends instead. */
function firstMessage(child: ChildProcess, name: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const ended = (code: number | null) => reject(new Error(`${name} did not start (exit code ${code}).`));
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

const readPid = (file: string): number => Number.parseInt(readFileSync(file, 'utf8'), 10);
