/**
 * Reads the contracts in `schemas/` and compiles them. The path of a file is the name of its
 * message: `schemas/seats/hold.json` is `seats:hold`. A contract that ajv cannot compile in strict
 * mode, or that names an error the catalogue does not have, stops the start.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { MessageName, TellName } from './contracts.gen.ts';
import { type ErrorCode, errors, isErrorCode } from './errors.ts';
import { invalidRequest, isSmall, notTextIn, wrongText } from './invalid-request.ts';

export type JsonSchema = Record<string, unknown>;
export type TellRoom = 'event' | 'user' | 'venue' | 'socket';

interface Described {
  readonly title: string;
  readonly description: string;
}
/** A message as an HTTP route. */
export interface HttpRoute {
  readonly method: string;
  readonly path: string;
  /** Of a good answer; 200 unless it says another. */
  readonly status?: number;
  /** Where what was made is read: a path with fields of the answer in it, `/api/v1/bookings/{booking.id}`. */
  readonly location?: string;
  /** Largest body in bytes, where the ordinary 64 KB are too few. */
  readonly maxBytes?: number;
  /** Media types of what is sent instead of a JSON body: the handler finds it in `body`. */
  readonly consumes?: readonly string[];
  /** Media types of an answer that is not JSON: the handler returns a `Download`. */
  readonly produces?: readonly string[];
  /** `forever`: it never changes. `revalidate`: whoever has it asks with its ETag whether it still is so. */
  readonly cache?: 'forever' | 'revalidate';
}
/** A message a client may send, and what it may be answered. */
export interface AskContract extends Described {
  readonly kind: 'ask';
  readonly name: MessageName;
  /** Whether it is taken from sockets. */
  readonly socket: boolean;
  readonly http: HttpRoute | undefined;
  /** Whether a repeat under the same request id gets the first answer from `src/requests.ts`. */
  readonly once: boolean;
  /** Tokens it takes from the sender's rate-limit buckets. */
  readonly cost: number;
  readonly request: JsonSchema;
  readonly reply: JsonSchema;
  readonly errors: readonly ErrorCode[];
}
/** A message the hub sends by itself. */
export interface TellContract extends Described {
  readonly kind: 'tell';
  readonly name: TellName;
  /** Where it goes; `room` in the file, one or a list. */
  readonly rooms: readonly TellRoom[];
  readonly data: JsonSchema;
}
export type Contract = AskContract | TellContract;

const folder = fileURLToPath(new URL('../schemas/', import.meta.url));
const readJson = (path: string): JsonSchema => JSON.parse(readFileSync(join(folder, path), 'utf8'));

/** The types that several contracts share, `schemas/types.json`. */
export const sharedTypes = readJson('types.json');

/** Not messages: what other services are told (`src/domain-events/`). */
const otherFolders = ['domain-events'];

/** Reads every contract, in the order of their names. */
export function readContracts(): Contract[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && !otherFolders.includes(entry.name))
    .flatMap((channel) =>
      readdirSync(join(folder, channel.name))
        .filter((file) => file.endsWith('.json'))
        .map((file) => contract(channel.name, file.slice(0, -'.json'.length))),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function contract(channel: string, verb: string): Contract {
  const source = readJson(`${channel}/${verb}.json`);
  const name = `${channel}:${verb}`;
  if (source.kind === 'tell') {
    const { room, ...rest } = source;
    return { ...rest, name, rooms: [room].flat() } as unknown as TellContract;
  }
  const codes = source.errors as string[];
  const unknown = codes.filter((code) => !isErrorCode(code) || errors[code].common);
  if (unknown.length > 0)
    throw new Error(`schemas/${channel}/${verb}.json: errors it may not list: ${unknown}`);
  return { socket: true, http: undefined, once: false, ...source, name } as unknown as AskContract;
}

/** $data stays off. */
function makeAjv(allErrors: boolean): Ajv2020 {
  const made = addFormats.default(
    new Ajv2020({
      strict: true,
      strictRequired: false,
      useDefaults: false,
      allowUnionTypes: true,
      verbose: true,
      allErrors,
    }),
  );
  made.addSchema(sharedTypes);
  return made;
}

/** It stops at the first error: to find all of a long invalid array costs a second of CPU. */
const ajv = makeAjv(false);
/** Finds all errors of a request that is short and known to be wrong; made when the first is. */
let thoroughAjv: Ajv2020 | undefined;

export interface CompiledAsk extends AskContract {
  /** Throws `invalid-request` that names the field and what is allowed. */
  checkRequest(value: unknown): void;
  readonly checkReply: ValidateFunction;
}
export interface CompiledTell extends TellContract {
  readonly checkData: ValidateFunction;
}

export interface Contracts {
  readonly asks: ReadonlyMap<string, CompiledAsk>;
  readonly tells: ReadonlyMap<string, CompiledTell>;
}

let compiled: Contracts | undefined;

/** Compiles all contracts, once a process. */
export function loadContracts(): Contracts {
  compiled ??= compileAll();
  return compiled;
}

function compileAll(): Contracts {
  const asks = new Map<string, CompiledAsk>();
  const tells = new Map<string, CompiledTell>();
  for (const each of readContracts()) {
    if (each.kind === 'tell') {
      tells.set(each.name, { ...each, checkData: ajv.compile(each.data) });
      continue;
    }
    const check = ajv.compile(each.request);
    let checkAll: ValidateFunction | undefined;
    asks.set(each.name, {
      ...each,
      checkReply: ajv.compile(each.reply),
      checkRequest(value) {
        if (!check(value)) {
          const first = check.errors?.[0];
          if (!isSmall(value)) throw invalidRequest(first);
          thoroughAjv ??= makeAjv(true);
          checkAll ??= thoroughAjv.compile(each.request);
          checkAll(value);
          throw invalidRequest(first, checkAll.errors ?? []);
        }
        const field = notTextIn(value, '');
        if (field) throw wrongText(field);
      },
    });
  }
  return { asks, tells };
}
