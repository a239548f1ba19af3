import type { Redis } from 'ioredis';
import { defineScript, evaluate, nothing } from './script.ts';

export const takeWindowScript = defineScript(
  'take-window',
  (args: { limit: number; windowMs: number }) => [args.limit, args.windowMs],
  { taken: nothing, refused: nothing },
);

/** Counts one attempt on all nodes together. @returns 0, or for how many ms there are no more */
export async function takeWindow(
  redis: Redis,
  key: string,
  args: { limit: number; windowMs: number },
): Promise<number> {
  const [, ms] = (await evaluate(redis, takeWindowScript, [key], takeWindowScript.encode(args))) as [
    string,
    number,
  ];
  return ms;
}
