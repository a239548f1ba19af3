/** All faults that are planted. */
import { inNodes } from './mutants/in-nodes.ts';
import { inPostgres } from './mutants/in-postgres.ts';
import { inRedis } from './mutants/in-redis.ts';
import { inWaitlist } from './mutants/in-waitlist.ts';
import type { Mutant } from './mutants/mutant.ts';

export const mutants: Mutant[] = [...inPostgres, ...inRedis, ...inNodes, ...inWaitlist];
