/** PostgreSQL, Redis and the nodes of a hub, for one run: its own data directory, its own key, any free ports. */
import type { ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { readConfig } from '../../src/config.ts';
import type { Logger } from '../../src/log.ts';
import { prepare } from '../../src/prepare.ts';
import { startServices } from '../../src/services/services.ts';
import { nodeEnvironment } from '../shared/node-environment.ts';
import { endProcess, nextMessage, startProcess } from '../shared/processes.ts';

const nodeFile = new URL('../../src/main.ts', import.meta.url);

export interface HubUnderTest {
  databaseUrl: string;
  redisUrl: string;
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
    const environment = nodeEnvironment({ databaseUrl, redisUrl, jwtKeys });
    await prepare({ config: readConfig(environment), databaseUrl, redisUrl, jwtKeys, log });
    const started = await Promise.all(
      Array.from({ length: nodes }, async (_, i) => {
        const name = `node-${i + 1}`;
        // Ctrl-C reaches only us, and we stop everything in order. It ends when we are gone.
        const child = startProcess(nodeFile, {
          env: { ...environment, SEATCAST_NODE: name },
          logFile: options.logFile,
        });
        children.push(child);
        const port = await nextMessage(child);
        child.once('exit', (code, signal) => {
          if (!stopped) losses.push(`${name} ended by itself (${signal ?? `exit code ${code}`}).`);
        });
        return { name, pid: child.pid as number, url: `http://127.0.0.1:${port}` };
      }),
    );
    return {
      databaseUrl,
      redisUrl,
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

const readPid = (file: string): number => Number.parseInt(readFileSync(file, 'utf8'), 10);
