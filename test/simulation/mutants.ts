/** Faults that are planted, to see that they are found: in the services, or in a part of a node. */
import { RequestError } from '../../src/errors.ts';
import { Replica, type Tick } from '../../src/seats/replica.ts';
import { type Twin, TwinCall, type TwinHold, type TwinMeta } from '../redis/twin.ts';
import { type TwinScripts, twinScripts } from '../redis/twin-scripts.ts';
import type { Trouble } from './nemesis.ts';
import type { SimNode } from './node.ts';
import { makeConfirmHolds, type SimStatement, simStatements } from './postgres-statements.ts';
import { SqlError } from './postgres-tables.ts';
import type { RedisFlaws } from './redis.ts';
import type { World } from './world.ts';

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
  statements?: Record<string, SimStatement>;
  redis?: RedisFlaws;
  /** Planted in a node's parts before it starts. */
  node?: (node: SimNode, world: World) => void;
  /** Planted for the time of a run. Returns what takes it out. */
  plant?: () => () => void;
}

const script = (name: string) => twinScripts[name] as TwinScripts[string];
const statement = (name: string) => simStatements[name] as SimStatement;

/** Puts something between a node and one of its statements. */
type Rest = (...parameters: unknown[]) => Promise<unknown[]>;
function between(
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

/** A call whose shared part has a fault. */
const withCall = (Flawed: new (twin: Twin, meta: TwinMeta, now: number) => TwinCall): RedisFlaws => ({
  makeCall: (twin, meta, now) => new Flawed(twin, meta, now),
});

class FreesAtDeadline extends TwinCall {
  override unsettle(hold: TwinHold): void {
    this.lapse(hold);
  }
}

class ForgetsAnswers extends TwinCall {
  override recall(): undefined {
    return undefined;
  }
}

class ForgetsCancelled extends TwinCall {
  override cancelledSeats(): Set<number> {
    return new Set();
  }
}

/** Begins to book a hold whether it is there or not. */
function beginUnseen(): TwinScripts {
  const seats = new Map<string, number[]>();
  return {
    'hold-seats': (call, args) => {
      const reply = script('hold-seats')(call, args);
      for (const hold of call.twin.holds.values()) seats.set(hold.id, hold.seats);
      return reply;
    },
    'begin-confirm': (call, args) => {
      const known = seats.get(args[1] ?? '');
      if (call.twin.holds.has(args[1] ?? '') || !known) return script('begin-confirm')(call, args);
      return call.finish('confirming', [String(call.now + 12_000), known.join(','), '1']);
    },
  };
}

const refusedUnwritten = (tx: Parameters<SimStatement>[0], parameters: unknown[]): unknown[] => {
  const [found] = statement('read-outcome')(tx, parameters);
  return [found ?? { outcome: 'refused', reason: String(parameters[2]) }];
};

export const mutants: Mutant[] = [
  {
    name: 'M1',
    says: 'PostgreSQL has no unique index of active seats; it only looks before it writes',
    seed: 12,
    focus: ['PostgreSQL commits slowly', 'Redis is flushed', 'Redis restarts empty'],
    statements: { 'confirm-holds': makeConfirmHolds({ noIndex: true }) },
  },
  {
    name: 'M1b',
    says: 'no index, no look before writing, and a hold is booked whether Redis has it or not',
    seed: 1,
    statements: { 'confirm-holds': makeConfirmHolds({ noIndex: true, noLook: true }) },
    redis: { scripts: beginUnseen() },
  },
  {
    name: 'M2',
    says: 'a release frees the seats it names, whoever has them',
    seed: 9,
    redis: {
      scripts: {
        'release-seats': (call, args) => {
          const hold = call.ownHold(args[3] ?? '', args[0] ?? '');
          if (!hold) call.freeHeld(args.slice(4).map(Number));
          return script('release-seats')(call, args);
        },
      },
    },
  },
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
    name: 'M5',
    says: 'how a confirm ended is found out by reading, without writing the refusal',
    seed: 74,
    focus: ['PostgreSQL commits slowly', 'a node is killed'],
    statements: { 'refuse-hold': refusedUnwritten },
  },
  {
    name: 'M6',
    says: 'no outcomes are kept',
    seed: 1,
    statements: {
      'confirm-holds': makeConfirmHolds({ noOutcome: true }),
      'refuse-hold': (_, parameters) => [{ outcome: 'refused', reason: String(parameters[2]) }],
    },
  },
  {
    name: 'M7',
    says: 'nobody notices another life of Redis: one run id, one epoch',
    seed: 12,
    redis: { runId: 'run', epoch: 'epoch' },
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
    name: 'M8b',
    says: 'nobody settles confirms without an end',
    seed: 52,
    focus: ['PostgreSQL loses answers'],
    pointChance: 0.03,
    node: ({ confirms }) => {
      confirms.settle = async () => undefined;
    },
  },
  {
    name: 'M9',
    says: 'a hold is booked whether Redis still has it or not',
    seed: 4,
    redis: { scripts: beginUnseen() },
  },
  {
    name: 'M10',
    says: 'a hold that is being booked is freed at its deadline without asking PostgreSQL',
    seed: 53,
    focus: ['PostgreSQL commits slowly', 'a node is killed'],
    redis: withCall(FreesAtDeadline),
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
  { name: 'M14', says: 'Redis forgets what it has answered', seed: 5, redis: withCall(ForgetsAnswers) },
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
    name: 'N2',
    says: 'cancelled seats are freed every time it is asked for, whoever has them by then',
    seed: 60,
    focus: [],
    pointChance: 0.05,
    redis: withCall(ForgetsCancelled),
    node: ({ records }) => {
      records.soldAmong = async () => [];
    },
  },
  {
    name: 'N3',
    says: 'a row of the outbox is marked as done before it is',
    seed: 17,
    statements: {
      'take-outbox': (tx, parameters) => {
        const rows = statement('take-outbox')(tx, parameters) as { id: string }[];
        statement('mark-sent')(tx, [rows.map(({ id }) => id)]);
        return rows;
      },
    },
  },
  {
    name: 'N4',
    says: 'a map that is loaded anew keeps holds whose time is over',
    seed: 3,
    redis: {
      loaded: (before, twin, now) => {
        for (const hold of before.holds.values()) {
          if (hold.till > now || hold.state === 'c' || !twin.meta || twin.meta.epoch === before.meta?.epoch)
            continue;
          if (hold.seats.some((seat) => twin.seats[seat] !== 'f')) continue;
          for (const seat of hold.seats) twin.seats[seat] = 'h';
          twin.holds.set(hold.id, hold);
        }
      },
    },
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
    name: 'N6',
    says: 'a hold gets those of its seats that are free',
    seed: 1,
    redis: {
      scripts: {
        'hold-seats': (call, args) => {
          const free = args.slice(5).filter((seat) => call.seat(Number(seat)) === 'f');
          return script('hold-seats')(call, free.length > 0 ? [...args.slice(0, 5), ...free] : args);
        },
      },
    },
  },
  {
    name: 'N7',
    says: 'a sale that is shown late takes back seats that were cancelled and sold to others meanwhile',
    seed: 69,
    focus: [],
    pointChance: 0.05,
    redis: {
      scripts: {
        'finish-confirm': (call, args) => {
          call.cancelledSeats = () => new Set();
          return script('finish-confirm')(call, args);
        },
      },
    },
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
  {
    name: 'N10',
    says: 'a hold goes on as held although another attempt to book it is under way',
    seed: 69,
    focus: ['PostgreSQL commits slowly', 'PostgreSQL aborts'],
    redis: {
      scripts: {
        'resume-hold': (call, args) => {
          const hold = call.twin.holds.get(args[0] ?? '');
          if (hold) hold.attempts = 1;
          return script('resume-hold')(call, args);
        },
      },
    },
  },
];
