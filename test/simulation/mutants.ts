/** Faults that are planted, to see that they are found. */
import type { SimNode } from './node.ts';
import type { SimStatement } from './postgres-statements.ts';
import type { RedisFlaws } from './redis.ts';
import type { World } from './world.ts';

export interface Mutant {
  name: string;
  /** What is wrong. */
  says: string;
  statements?: Record<string, SimStatement>;
  redis?: RedisFlaws;
  /** Planted in a node's parts before it starts. */
  node?: (node: SimNode, world: World) => void;
}
