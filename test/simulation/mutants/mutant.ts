/** A fault that is planted, to see that it is found. */
import type { Trouble } from '../nemesis.ts';
import type { SimNode } from '../node.ts';
import type { SimStatement } from '../postgres-tables.ts';
import type { RedisFlaws } from '../redis.ts';
import type { World } from '../world.ts';

export interface Mutant {
  name: string;
  /** What is wrong. */
  says: string;
  /** One that finds it, as the code is. */
  seed: number;
  /** What has to go wrong for it to show, where that is rare. */
  focus?: Trouble[];
  /** How likely something happens to a node at an await, likewise. */
  pointChance?: number;
  /** It is one of the waitlist: people wait in its runs. */
  waits?: true;
  statements?: Record<string, SimStatement>;
  redis?: RedisFlaws;
  /** Planted in a node's parts before it starts. */
  node?: (node: SimNode, world: World) => void;
  /** Planted for the time of a run. Returns what takes it out. */
  plant?: () => () => void;
}
