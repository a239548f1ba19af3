/** A node of the hub in a process of its own, as `npm start` runs it. */
import type { ChildProcess } from 'node:child_process';
import type { House } from '../../shared/house.ts';
import { nodeEnvironment } from '../../shared/node-environment.ts';
import { endProcess, nextMessage, type StartOptions, startProcess } from '../../shared/processes.ts';
import type { Stage } from './stage.ts';

export interface HubNode {
  readonly child: ChildProcess;
  readonly pid: number;
  /** `ws://127.0.0.1:…` */
  readonly url: string;
  stop(): Promise<void>;
}

const usualMain = new URL('../../../src/main.ts', import.meta.url);

/** @param options `main`: what runs it, if it is not to be as usual; says its port as the usual one does */
export async function startNode(
  stage: Stage,
  house: House,
  { main = usualMain, ...options }: StartOptions & { main?: URL } = {},
): Promise<HubNode> {
  const child = startProcess(main, {
    ...options,
    switches: [...(options.switches ?? []), ...profiling(stage, options)],
    env: {
      ...nodeEnvironment({ ...stage.services, jwtKeys: house.jwtKeys }),
      SEATCAST_NODE: 'bench',
      LOG_LEVEL: 'error',
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
