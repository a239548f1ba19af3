/**
 * Reads the contracts in `schemas/` and compiles them. The path of a file is the name of its
 * message: `schemas/seats/hold.json` is `seats:hold`. A contract that ajv cannot compile in strict
 * mode, or that names an error the catalogue does not have, stops the start.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ErrorObject, ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import type { MessageName, TellName } from './contracts.gen.ts';
import { type ErrorCode, errors, isErrorCode, RequestError } from './errors.ts';

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

// allErrors stays off: with it a long invalid array costs a second of CPU. $data stays off as well.
const ajv = addFormats.default(
  new Ajv2020({
    strict: true,
    strictRequired: false,
    useDefaults: false,
    allowUnionTypes: true,
    verbose: true,
  }),
);
ajv.addSchema(sharedTypes);

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
    asks.set(each.name, {
      ...each,
      checkReply: ajv.compile(each.reply),
      checkRequest(value) {
        if (!check(value)) throw invalidRequest(check.errors?.[0]);
        const field = notTextIn(value, '');
        if (field)
          throw wrongField(field, 'must not contain the character NUL (\\u0000), nor half a surrogate pair');
      },
    });
  }
  return { asks, tells };
}

/** Says which field is wrong and what is allowed there, without repeating the client's value. */
export function invalidRequest(error: ErrorObject | undefined): RequestError {
  const path = (error?.instancePath ?? '').replaceAll('/', '.').slice(1);
  const params: Record<string, unknown> = error?.params ?? {};
  const inner = params.missingProperty ?? params.additionalProperty ?? params.propertyName;
  const field = [path, inner].filter(Boolean).join('.').slice(0, 200) || '(the whole request)';
  return wrongField(field, allowedText(error));
}

const wrongField = (field: string, allowed: string): RequestError =>
  new RequestError('invalid-request', { field, allowed }, `${field}: ${allowed}.`);

/** JSON may carry what PostgreSQL has no room for in a text. @returns where it is */
function notTextIn(value: unknown, path: string): string | undefined {
  if (typeof value === 'string') {
    return value.includes('\0') || !value.isWellFormed() ? path || '(the whole request)' : undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  for (const [key, inner] of Object.entries(value)) {
    // Seats, of which there may be many.
    if (typeof inner === 'number') continue;
    const found = notTextIn(inner, path ? `${path}.${key}` : key);
    if (found) return found;
  }
  return undefined;
}

function allowedText(error: ErrorObject | undefined): string {
  switch (error?.keyword) {
    case 'required':
      return 'is required';
    case 'additionalProperties':
      return 'is not a field of this message';
    case 'enum':
      return `must be one of ${(error.params.allowedValues as unknown[]).join(', ')}`;
    case 'uniqueItems':
      return 'must not name the same twice';
    case 'minProperties':
      return `must have at least ${error.params.limit} fields`;
    case 'maxProperties':
      return `must have at most ${error.params.limit} fields`;
    case 'pattern':
    case 'format':
      return describedText(error);
    default:
      return error?.message ?? 'is not valid';
  }
}

/** What the contract says of the field in words, where the rule itself is no answer for people. */
function describedText(error: ErrorObject): string {
  const { description } = (error.parentSchema ?? {}) as { description?: string };
  return description ? `must be: ${description}` : (error.message ?? 'is not valid');
}
