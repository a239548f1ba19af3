/** Faults that are planted, to see that they are found. */
import { twinScripts } from '../redis/twin-scripts.ts';
import type { TwinCall } from '../redis/twin.ts';
import type { SimNode } from './node.ts';
import { type SimStatement, simStatements } from './postgres-statements.ts';
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

export const mutants: Mutant[] = [
  {
    name: 'FIX',
    says: 'repairs of what was found',
    redis: {
      scripts: {
        'finish-confirm': (call: TwinCall, args: string[]) => {
          const [owner = '', id = '', booking = ''] = args;
          const cancelled = call.cancelledSeats(booking);
          const hold = call.twin.holds.get(id);
          if (hold?.owner === owner) {
            const sold = args.slice(3).map(Number).filter((seat) => !cancelled.has(seat));
            call.freeHeld(hold.seats.filter((seat) => !sold.includes(seat)));
          }
          return (twinScripts['finish-confirm'] as (call: TwinCall, args: string[]) => never)(call, args);
        },
      },
    },
    statements: {
      'cancel-seats': (tx, p) => {
        tx.lock(`booking ${p[0]}`);
        return (simStatements['cancel-seats'] as SimStatement)(tx, p);
      },
    },
  },
];
