import type { Redis } from 'ioredis';
import { defineScript, evaluate, nothing } from './script.ts';

type Line = readonly (string | number)[];

/** As PostgreSQL has it, each a line in the order the script wants. */
export interface LoadedWaitlist {
  waiting: readonly Line[];
  offers: readonly Line[];
  layout: ReadonlyMap<string, string>;
}

export interface LoadEventArgs {
  /** New and random: 8 characters. */
  epoch: string;
  /** One letter a seat, as PostgreSQL knows them. */
  seats: string;
  /** ms since 1970; 0: not on sale */
  closesAt: number;
  holdMs: number;
  seatsPerHold: number;
  seatsPerBuyer: number;
  extensions: number;
  tickMs: number;
  offerMs: number;
  /** Who waits; undefined: nobody. */
  waitlist?: LoadedWaitlist | undefined;
  booked: readonly { owner: string; seats: number }[];
}

const lines = (all: readonly Line[]): string => all.map((line) => `${line.join('|')}\n`).join('');

export const loadEventScript = defineScript(
  'load-event',
  (args: LoadEventArgs) => [
    args.epoch,
    args.seats,
    args.closesAt,
    args.holdMs,
    args.seatsPerHold,
    args.seatsPerBuyer,
    args.extensions,
    args.tickMs,
    args.offerMs,
    lines(args.waitlist?.waiting ?? []),
    lines(args.waitlist?.offers ?? []),
    lines(args.waitlist ? [...args.waitlist.layout] : []),
    ...args.booked.flatMap((each) => [each.owner, each.seats]),
  ],
  { loaded: nothing, current: nothing },
);

/** Installs an event's map. The only script that does not begin with an open event. */
export async function loadEvent(
  redis: Redis,
  keys: string[],
  run: string,
  args: LoadEventArgs,
): Promise<{ status: 'loaded' | 'current'; epoch: string }> {
  const reply = await evaluate(redis, loadEventScript, keys, [run, ...loadEventScript.encode(args)]);
  const [status, epoch] = reply as ['loaded' | 'current', string];
  return { status, epoch };
}
