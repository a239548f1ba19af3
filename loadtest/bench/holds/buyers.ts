/** Buyers in a process beside the server's core, who ask again as soon as they are answered. */
import { type AskChild, asking, endProcess, startProcess } from '../../shared/processes.ts';
import type { BuyersAnswers } from './buyers-process.ts';

export interface Rush {
  /** The name it was given when the buyers connected. */
  server: string;
  /** Requests at any time, over all sockets. */
  underWay: number;
  ms: number;
}

export interface Done {
  /** Requests that were answered. */
  count: number;
  seconds: number;
  p50Ms: number;
  p99Ms: number;
}

export interface Buyers {
  ask: AskChild<BuyersAnswers>;
  close(): Promise<void>;
}

export function startBuyers(): Buyers {
  const child = startProcess(new URL('buyers-process.ts', import.meta.url), { cores: 'others' });
  return {
    ask: asking(child),
    close: () => endProcess(child),
  };
}
