/** Faults in the scripts, or in what becomes of a Redis that has lost something. */
import { SqlError } from '../postgres-tables.ts';
import { between } from './in-nodes.ts';
import { type Twin, TwinCall, type TwinHold, type TwinMeta } from '../../redis/twin.ts';
import { type TwinScripts, twinScripts } from '../../redis/twin-scripts.ts';
import { makeConfirmHolds } from '../postgres-statements.ts';
import type { RedisFlaws } from '../redis.ts';
import type { Mutant } from './mutant.ts';

const script = (name: string) => twinScripts[name] as TwinScripts[string];

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

export const inRedis: Mutant[] = [
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
    name: 'M7',
    says: 'nobody notices another life of Redis: one run id, one epoch',
    seed: 12,
    redis: { runId: 'run', epoch: 'epoch' },
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
  { name: 'M14', says: 'Redis forgets what it has answered', seed: 5, redis: withCall(ForgetsAnswers) },
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
    name: 'N10',
    says: 'a hold goes on as held although another attempt to book it is under way',
    seed: 69,
    focus: ['PostgreSQL commits slowly', 'PostgreSQL aborts'],
    // Both that keep it from doing so: what PostgreSQL waited for, and how often the hold was tried.
    node: (node) =>
      between(node, 'confirm-holds', (rest, parameters) =>
        rest(...parameters).catch((error: unknown) => {
          throw error instanceof SqlError ? new SqlError(error.code) : error;
        }),
      ),
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
