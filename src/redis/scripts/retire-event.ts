import type { Redis } from 'ioredis';
import { defineScript, evaluate, nothing } from './script.ts';

export const retireEventScript = defineScript('retire-event', () => [], { retired: nothing, holds: nothing });

/** Removes all keys of an event that has no holds. Needs no open event. */
export async function retireEvent(redis: Redis, keys: string[]): Promise<'retired' | 'holds'> {
  const [status] = (await evaluate(redis, retireEventScript, keys, [])) as ['retired' | 'holds'];
  return status;
}
