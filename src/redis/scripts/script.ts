/**
 * What the typed wrappers of the Lua scripts share: reading the source with its `@include`, running it,
 * and decoding the reply. A wrapper names every status word its script may answer; the test compares
 * them with the script's header. (One Lua file for each atomic act, as in BullMQ.)
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import { spanned } from '../../telemetry/tracing.ts';
import { ScriptCall, send } from '../script-call.ts';
import { decodeSteps, type WaitlistStep } from '../waitlist-steps.ts';

type Decoders = Record<string, (fields: string[]) => object>;

/** The status word with the fields its decoder makes of the reply. */
export type Answer<D extends Decoders> = {
  [S in keyof D & string]: { status: S } & ReturnType<D[S]>;
}[keyof D & string];

export interface Script<Args, D extends Decoders> {
  readonly name: string;
  readonly source: string;
  readonly sha: string;
  readonly encode: (args: Args) => (string | number)[];
  readonly decoders: D;
}

export const includePattern = /^-- @include ([a-z-]+)$/gm;

/** What is included stands where it is named. */
function readSource(name: string): string {
  const source = readFileSync(new URL(`./${name}.lua`, import.meta.url), 'utf8');
  return source.replace(includePattern, (_, included: string) => readSource(included));
}

/** @param encode makes ARGV, without the run id that comes first */
export function defineScript<Args, D extends Decoders>(
  name: string,
  encode: (args: Args) => (string | number)[],
  decoders: D,
): Script<Args, D> {
  const source = readSource(name);
  return { name, source, sha: createHash('sha1').update(source).digest('hex'), encode, decoders };
}

type Source = Pick<Script<never, Decoders>, 'name' | 'source' | 'sha'>;

/** Runs a script's source by its digest, and sends the text when Redis does not have it (SCRIPT FLUSH). */
export function evaluate(
  redis: Redis,
  script: Source,
  keys: string[],
  args: (string | number)[],
): Promise<unknown> {
  return spanned(`redis ${script.name}`, { 'db.system.name': 'redis' }, () =>
    call(redis, script, keys, args),
  );
}

async function call(
  redis: Redis,
  script: Source,
  keys: string[],
  args: (string | number)[],
): Promise<unknown> {
  try {
    return await send(redis, new ScriptCall(script.sha, keys, args));
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error;
    // As one array: a sold-out hall has more buyers than a call may have arguments in JavaScript.
    return redis.call('eval', [script.source, keys.length, ...keys, ...args]);
  }
}

/** A tick as the scripts cut it: seats is "12h15s", index and state in turn. */
export interface RawTick {
  from: number;
  to: number;
  seats: string;
}

/** What a script did beside its answer, for the caller to act on. */
export interface Effects {
  epoch: string;
  position: number;
  /** To be published by the caller. */
  tick: RawTick | undefined;
  /** Cut a tick in so many ms: said to one caller only. */
  dueMs: number | undefined;
  /** Holds that ran out just now. */
  lapsed: { holdId: string; owner: string; seats: number[] }[];
  /** Confirms that got no end in time. */
  unsettled: string[];
  /** When it happened, by the clock of Redis (ms since 1970). */
  at: number;
  /** What happened to those who wait, by this call or by one that nobody has written down. */
  steps: WaitlistStep[];
  /** The answer is that of the first request with this id: nothing was changed now. */
  isRepeat: boolean;
}

export type Outcome<D extends Decoders> =
  | { loaded: true; answer: Answer<D>; effects: Effects }
  | { loaded: false };

type RawReply = [
  status: string,
  epoch: string,
  position: number,
  tick: [number, number, string] | [],
  dueMs: number,
  lapsed: string[],
  unsettled: string[],
  fields: string[],
  now: number,
  steps?: string[],
];

/** Runs a script that includes `inventory.lua`. `loaded: false`: the event's map is not in this Redis. */
export async function runScript<Args, D extends Decoders>(
  redis: Redis,
  script: Script<Args, D>,
  keys: string[],
  run: string,
  args: Args,
): Promise<Outcome<D>> {
  const reply = (await evaluate(redis, script, keys, [run, ...script.encode(args)])) as RawReply;
  const [status, epoch, position, tick, dueMs, lapsed, unsettled, fields, now, steps = []] = reply;
  if (status === 'unloaded') return { loaded: false };
  const effects: Effects = {
    epoch,
    position,
    tick: tick.length === 3 ? { from: tick[0], to: tick[1], seats: tick[2] } : undefined,
    dueMs: dueMs >= 0 ? dueMs : undefined,
    lapsed: decodeLapsed(lapsed),
    unsettled,
    at: now,
    steps: decodeSteps(steps),
    isRepeat: status === 'repeat',
  };
  return { loaded: true, answer: decodeAnswer(script, status, fields), effects };
}

/** Decodes the first answer of a repeated request as well: it comes as "status|field|field". */
function decodeAnswer<Args, D extends Decoders>(
  script: Script<Args, D>,
  status: string,
  fields: string[],
): Answer<D> {
  if (status === 'repeat') {
    const [first = '', ...firstFields] = (fields[0] ?? '').split('|');
    return decodeAnswer(script, first, firstFields);
  }
  const decoder = Object.hasOwn(script.decoders, status) ? script.decoders[status] : undefined;
  if (!decoder) throw new Error(`${script.name} answered the unknown status "${status}"`);
  return { status, ...decoder(fields) } as Answer<D>;
}

function decodeLapsed(flat: string[]): Effects['lapsed'] {
  const holds: Effects['lapsed'] = [];
  for (let i = 0; i + 2 < flat.length; i += 3) {
    holds.push({ holdId: flat[i] as string, owner: flat[i + 1] as string, seats: seatList(flat[i + 2]) });
  }
  return holds;
}

/** "4,5" to [4, 5]. */
export const seatList = (text: string | undefined): number[] =>
  text ? text.split(',').map((seat) => Number(seat)) : [];

/** For status words that carry nothing. */
export const nothing = () => ({});

/** A hold as the scripts answer it. */
export interface RawHold {
  holdId: string;
  /** ms since 1970 */
  expiresAt: number;
  extensionsLeft: number;
  seats: number[];
}

export const decodeHold = (fields: string[]): RawHold => ({
  holdId: fields[0] ?? '',
  expiresAt: Number(fields[1]),
  extensionsLeft: Number(fields[2]),
  seats: seatList(fields[3]),
});

/** Several holds, four fields each. */
export function decodeHolds(fields: string[]): { holds: RawHold[] } {
  const holds: RawHold[] = [];
  for (let i = 0; i + 3 < fields.length; i += 4) holds.push(decodeHold(fields.slice(i, i + 4)));
  return { holds };
}

/** What every request that changes holds carries. */
export interface RequestArgs {
  /** The buyer. */
  owner: string;
  requestId: string;
  /** Of what is asked, to notice a request id used for two things. */
  fingerprint: string;
}
