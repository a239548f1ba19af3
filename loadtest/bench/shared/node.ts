/** A node of the hub in a process of its own, as `npm start` runs it. */
import type { ChildProcess } from 'node:child_process';
import type { House } from './house.ts';
import { endProcess, nextMessage, type StartOptions, startProcess } from './processes.ts';
import type { Stage } from './stage.ts';

export interface HubNode {
  readonly child: ChildProcess;
  readonly pid: number;
  /** `ws://127.0.0.1:…` */
  readonly url: string;
  stop(): Promise<void>;
}

export async function startNode(stage: Stage, house: House, options: StartOptions = {}): Promise<HubNode> {
  const child = startProcess(new URL('../../../src/main.ts', import.meta.url), {
    ...options,
    switches: [...(options.switches ?? []), ...profiling(stage, options)],
    env: {
      NODE_ENV: 'test',
      SEATCAST_NODE: 'bench',
      PORT: '0',
      LOG_LEVEL: 'error',
      // Everything shares a few cores here, and what is late is to be measured, not refused.
      REDIS_TIMEOUT_MS: '5000',
      DATABASE_URL: stage.services.databaseUrl,
      REDIS_URL: stage.services.redisUrl,
      JWT_KEYS: house.jwtKeys,
      // One machine plays all clients, and is not to be held back.
      CONNECTIONS_PER_ADDRESS: '1000000',
      MESSAGES_PER_SECOND: '100000',
      USER_MESSAGES_PER_SECOND: '100000',
      ADDRESS_MESSAGES_PER_SECOND: '1000000',
      HTTP_REQUESTS_PER_SECOND: '1000000',
      ...options.env,
    },
  });
  const port = Number(await nextMessage(child));
  return {
    child,
    pid: child.pid as number,
    url: `ws://127.0.0.1:${port}`,
    stop: () => endProcess(child),
  };
}

/** Written when the node stops. */
const profiling = ({ profiles }: Stage, { cores }: StartOptions): string[] =>
  profiles && cores === 'measured' ? ['--cpu-prof', '--cpu-prof-dir', profiles] : [];
