/** The queue, PostgreSQL's own limit and a small backend side by side: table, words and picture. */
import { barChart } from '../shared/chart.ts';
import { decimal, median, type Result, type Table, verdict, whole, withSpread } from '../shared/results.ts';
import type { HubTurn } from './hub.ts';
import { howToGetIt } from './pgbench.ts';
import { holdsInBatch } from './scene.ts';

/** Callers of the queue, and confirms under way over sockets: four batches. */
export const callers = 256;
export const smallClients = [4, 16, 32];
export const batchClients = [2, 4, 8];
const targets = { small: 3, own: 0.7 };

export interface Turn {
  perSecond: number;
  /** CPU microseconds a booking; the client is pgbench, or our Node.js. NaN where the system does not say. */
  postgres: number;
  client: number;
  redis: number;
  hub?: HubTurn;
  batch?: number;
}

export const names = {
  queue: 'ours: the queue of confirms',
  relayed: 'ours: with marking the outbox',
  hub: 'ours: a whole node, over sockets',
  small: (clients: number) => `pgbench: small backend, ${clients} clients`,
  own: (clients: number) => `pgbench: our statement, ${clients} clients`,
};

type Turns = ReadonlyMap<string, readonly Turn[]>;

export function reportConfirms(
  turns: Turns,
  run: { rounds: number; seconds: number; pgbench: string | undefined },
): Result {
  const of = (name: string) => turns.get(name) ?? [];
  const rates = (name: string) => of(name).map(({ perSecond }) => perSecond);
  const best = (all: string[]) => all.toSorted((a, b) => median(rates(b)) - median(rates(a)))[0] ?? '';
  const small = run.pgbench ? best(smallClients.map(names.small)) : '';
  const own = run.pgbench ? best(batchClients.map(names.own)) : '';
  /** Of the same round, so that both had the same neighbours on the machine. */
  const ratios = (name: string, to: string) =>
    rates(name).flatMap((rate, round) => {
      const other = rates(to)[round];
      return other === undefined ? [] : [rate / other];
    });
  const cpuOf = (name: string) => of(name).map(({ postgres, client, redis }) => postgres + client + redis);
  const cheaper = (name: string) => median(cpuOf(name)) / median(cpuOf(names.relayed));
  const mean = (name: string, part: 'postgres' | 'client' | 'redis') =>
    whole(median(of(name).map((turn) => turn[part])));

  const table: Table = {
    columns: [
      'candidate',
      'bookings a second',
      '× small backend',
      '× our statement',
      'CPU µs a booking: PostgreSQL',
      'pgbench or Node.js',
      'Redis',
      'together',
    ],
    rows: [...turns.keys()].map((name) => [
      name + (name === small || name === own ? ' (best)' : ''),
      withSpread(rates(name)),
      decimal(median(ratios(name, small))),
      decimal(median(ratios(name, own))),
      mean(name, 'postgres'),
      mean(name, 'client'),
      mean(name, 'redis'),
      whole(median(cpuOf(name))),
    ]),
  };
  const shown = [small, own, names.queue, names.relayed, names.hub].filter((name) => turns.has(name));
  return {
    title: 'How many durable bookings a second come through the batched confirm?',
    answer: answer(median(rates(names.relayed)), {
      small: run.pgbench ? ratios(names.relayed, small) : [],
      own: run.pgbench ? ratios(names.relayed, own) : [],
      hub: of(names.hub),
      byCpu: { small: cheaper(small), own: cheaper(own) },
    }),
    table,
    notes: notes(run, of(names.relayed)),
    chart: barChart({
      title: 'Durable bookings a second, one PostgreSQL',
      unit: `of two seats each; median, a dot for each of ${run.rounds} rounds`,
      bars: shown.map((name) => ({
        label: name,
        value: median(rates(name)),
        text: whole(median(rates(name))),
        dots: rates(name),
        ours: name.startsWith('ours'),
      })),
    }),
  };
}

function answer(
  perSecond: number,
  {
    small,
    own,
    hub,
    byCpu,
  }: {
    small: number[];
    own: number[];
    hub: readonly Turn[];
    byCpu: { small: number; own: number };
  },
): string {
  const compared = small.length
    ? ` That is ${decimal(median(small), 1)} × what a small backend gets out of the same PostgreSQL at its best (${verdict(median(small) >= targets.small, targets.small)}), and ${decimal(median(own))} × what our own statement does when pgbench sends it (${verdict(median(own) >= targets.own, targets.own)}). By CPU time a booking, which other work on the machine falsifies less, it is ${decimal(byCpu.small, 1)} × and ${decimal(byCpu.own)} ×.`
    : '';
  const p50 = median(hub.map((turn) => turn.hub?.p50Ms ?? Number.NaN));
  const p99 = median(hub.map((turn) => turn.hub?.p99Ms ?? Number.NaN));
  const rate = median(hub.map((turn) => turn.perSecond));
  return `${whole(perSecond)} a second, with what follows each of them in the outbox.${compared} Over sockets, one node with everything else on the same machine confirms ${whole(rate)} a second: half of them within ${whole(p50)} ms and 99 % within ${whole(p99)} ms, with ${callers} always under way.`;
}

function notes(
  { rounds, seconds, pgbench }: { rounds: number; seconds: number; pgbench: string | undefined },
  relayed: readonly Turn[],
): string[] {
  const batch = decimal(median(relayed.map((turn) => turn.batch ?? Number.NaN)), 0);
  return [
    `${rounds} rounds, in each of which every candidate has its turn of ${seconds} s (over sockets: a fixed number of holds); forwards and backwards in turn. The figure is the median, with the lowest and the highest; ratios are medians of the ratios within a round. Before each turn the tables are put back to the same 10,000 old bookings, with fresh statistics and a checkpoint. fsync and synchronous_commit are on. Each booking writes the same seven rows: outcome, booking, two seats, request id, audit, outbox; their number is checked after each turn.`,
    '*Small backend*: [a transaction of eight statements](bench/confirms/small-backend.sql) that locks a row for each seat, looks whether they are sold, and writes the rows. pgbench sends it with prepared statements and no work in between, and all seats are free: a real one is slower. It does not mark the outbox.',
    `*Our statement*: [confirm-holds.sql](../src/database/queries/confirm-holds.sql) with ${holdsInBatch} holds, sent by pgbench; the JSON was made beforehand and lies in a table. It is the limit for whoever makes, sends, reads and answers.`,
    `*The queue*: [ConfirmQueue](../src/bookings/confirm-queue.ts) with ${callers} callers in one Node.js process that ask again as soon as they are answered (${batch} holds a batch); then with marking every row of the outbox as sent, as a node does.`,
    `*Over sockets*: a node of its own process, 1,000 buyers in another, holds of two seats in a house of 20,000 that sells out. Hub, PostgreSQL, Redis and buyers share the processor. CPU counts everything until the outbox is empty: the map that shows the seats as sold, ticks, tells.`,
    pgbench ? `pgbench ${pgbench}.` : howToGetIt,
  ];
}
