/** Faults in a part of a node, or in every copy of a map. */
import { RequestError } from '../../../src/errors.ts';
import { abortConfirm } from '../../../src/redis/scripts/abort-confirm.ts';
import { Replica, type Tick } from '../../../src/seats/replica.ts';
import type { SimNode } from '../node.ts';
import { SqlError } from '../postgres-tables.ts';
import type { Mutant } from './mutant.ts';

/** Puts something between a node and one of its statements. */
type Rest = (...parameters: unknown[]) => Promise<unknown[]>;
export function between(
  node: SimNode,
  name: string,
  work: (rest: Rest, parameters: unknown[]) => Promise<unknown[]>,
) {
  const real = node.db.run.bind(node.db) as (
    statement: { name: string },
    ...rest: unknown[]
  ) => Promise<unknown[]>;
  const run = (asked: { name: string }, ...parameters: unknown[]) =>
    asked.name === name ? work((...rest) => real(asked, ...rest), parameters) : real(asked, ...parameters);
  Object.assign(node.db, { run });
}

/** Replaces how every copy of a map takes a tick. */
function plantApply(apply: (replica: Replica, tick: Tick) => ReturnType<Replica['apply']>): () => () => void {
  return () => {
    const real = Replica.prototype.apply;
    Replica.prototype.apply = function (tick) {
      return apply(this, tick);
    };
    return () => {
      Replica.prototype.apply = real;
    };
  };
}

function put(replica: Replica, tick: Tick): number[] {
  replica.position = tick.to;
  const different: number[] = [];
  for (const [seat, state] of tick.changes) {
    if (replica.seats[seat] === state) continue;
    replica.seats[seat] = state;
    different.push(seat);
  }
  return different;
}

export const inNodes: Mutant[] = [
  {
    name: 'M3',
    says: 'the buyer is answered, and the seats shown as sold, before PostgreSQL has committed',
    seed: 1,
    node: (node) =>
      between(node, 'confirm-holds', async (rest, [json]) => {
        rest(json).catch(() => undefined);
        const holds = JSON.parse(String(json)) as { holdId: string }[];
        const created_at = new Date(node.clock.now()).toISOString();
        return holds.map(({ holdId }) => ({
          hold_id: holdId,
          verdict: 'booked',
          created_at,
          outbox_id: null,
        }));
      }),
  },
  {
    name: 'M4',
    says: 'a confirm whose end nobody saw is answered with no',
    seed: 15,
    node: ({ confirms }) => {
      const real = confirms.confirm.bind(confirms);
      confirms.confirm = (...args) =>
        real(...args).catch((error) => {
          if (error instanceof RequestError && error.code === 'booking-pending') {
            throw new RequestError('hold-not-found');
          }
          throw error;
        });
    },
  },
  {
    name: 'M8',
    says: 'nobody works on the outbox',
    seed: 2,
    node: ({ outbox }) => {
      outbox.start = () => undefined;
    },
  },
  {
    name: 'M5',
    says: 'how a confirm ended is found out by reading, without writing the refusal',
    seed: 53,
    focus: ['PostgreSQL commits slowly', 'a node is killed'],
    node: ({ confirms, inventory }) => {
      const settle = confirms.settle.bind(confirms);
      confirms.settle = async (eventId, holdId) => {
        if (await confirms.isDecided(eventId, holdId)) return settle(eventId, holdId);
        await inventory.run(abortConfirm, eventId, { holdId, soldSeats: [] });
      };
    },
  },
  {
    name: 'M8b',
    says: 'nobody settles confirms without an end',
    seed: 183,
    focus: ['PostgreSQL loses answers'],
    pointChance: 0.03,
    node: ({ confirms }) => {
      confirms.settle = async () => undefined;
    },
  },
  {
    name: 'M11',
    says: 'there is no sweeper',
    seed: 3,
    node: ({ sweeper }) => {
      sweeper.start = () => undefined;
    },
  },
  {
    name: 'M12',
    says: 'a tick is applied although ticks before it are missing',
    seed: 1,
    plant: plantApply((replica, tick) => {
      if (tick.epoch !== replica.epoch) return 'gap';
      return tick.to <= replica.position ? 'old' : put(replica, tick);
    }),
  },
  {
    name: 'M13',
    says: 'there are no beacons',
    seed: 44,
    focus: ['Redis restarts', 'Redis loses its tail'],
    node: ({ muted }) => void muted.add('seats:position'),
  },
  {
    name: 'M13b',
    says: 'the sweeper does not compare the map of its node with Redis',
    seed: 32,
    focus: ['the bus is noisy'],
    node: ({ maps }) => {
      maps.check = () => undefined;
    },
  },
  {
    name: 'N1',
    says: 'a booking is told before it is committed',
    seed: 1,
    node: (node) =>
      between(node, 'confirm-holds', (rest, [json]) => {
        for (const { bookingId, userId } of JSON.parse(String(json)) as {
          bookingId: string;
          userId: string;
        }[]) {
          node.toUser(userId, 'bookings:confirmed', { booking: { id: bookingId } });
        }
        return rest(json);
      }),
  },
  {
    name: 'N5',
    says: 'a tick is applied although newer ones were',
    seed: 5,
    plant: plantApply((replica, tick) => {
      if (tick.epoch !== replica.epoch || tick.from > replica.position + 1) return 'gap';
      const { position } = replica;
      const different = put(replica, tick);
      replica.position = Math.max(position, tick.to);
      return different;
    }),
  },
  {
    name: 'N8',
    says: 'a refusal is told before it is written',
    seed: 1,
    node: (node) =>
      between(node, 'refuse-hold', async (rest, parameters) => {
        rest(...parameters).catch(() => undefined);
        return [{ outcome: 'refused', reason: String(parameters[2]) }];
      }),
  },
  {
    name: 'N9',
    says: 'a connection that is lost in a confirm is taken for a confirm that was undone',
    seed: 60,
    focus: ['PostgreSQL commits slowly', 'PostgreSQL loses answers'],
    node: (node) =>
      between(node, 'confirm-holds', (rest, parameters) =>
        rest(...parameters).catch(() => {
          throw new SqlError('57014');
        }),
      ),
  },
];
