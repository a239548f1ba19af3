/** What all documents need to know about the contracts: names, shared types, and who answers what. */
import {
  type AskContract,
  type Contract,
  type JsonSchema,
  readContracts,
  sharedTypes,
  type TellContract,
} from '../contracts.ts';
import { type ErrorCode, errors } from '../errors.ts';
import { maxDepth, maxPayloadBytes } from '../socket/guard.ts';

/** Where the hub is reached, as the documents print it. */
export interface DocsOptions {
  /** Of the hub. */
  version: string;
  /** Host name and port, e.g. `tickets.example:443`. */
  host: string;
  /** Whether it is behind TLS: `wss` and `https`. */
  secure: boolean;
}

/** Addresses the documents link to each other with. */
export const docsPaths = {
  sockets: '/docs/sockets',
  http: '/docs/http',
  asyncApi: '/asyncapi.json',
  openApi: '/openapi.json',
  style: '/assets/pages/style.css',
  docsStyle: '/assets/docs/docs.css',
} as const;

/** What every sender is held to, for people to read. */
export const limits = { messageBytes: maxPayloadBytes, depth: maxDepth, connectMs: 5000 } as const;

export const socketUrl = ({ host, secure }: DocsOptions) => `${secure ? 'wss' : 'ws'}://${host}`;
export const httpUrl = ({ host, secure }: DocsOptions) => `${secure ? 'https' : 'http'}://${host}`;

export const types = sharedTypes.$defs as Readonly<Record<string, JsonSchema>>;

/** `seats:hold-expired` to `seatsHoldExpired`: an operation id that code generators can use. */
export const operationId = (name: string) =>
  name.replace(/[:-]([a-z])/g, (_all, letter: string) => letter.toUpperCase());

export const channelOf = (name: string) => name.slice(0, name.indexOf(':'));

/** Read once: the documents are made anew for every host they are asked from. */
export const allContracts: readonly Contract[] = readContracts();

/** The contracts by channel, in the order of their names. */
export function channels(contracts: readonly Contract[]): Map<string, Contract[]> {
  return groupBy(contracts, (each) => channelOf(each.name));
}

/** `Map.groupBy`, which the compiler's library does not know yet. */
export function groupBy<Item, Key>(items: readonly Item[], keyOf: (item: Item) => Key): Map<Key, Item[]> {
  const groups = new Map<Key, Item[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

/** The shared type a `$ref` names, in whichever document it stands. */
export const refName = (schema: JsonSchema): string | undefined =>
  typeof schema.$ref === 'string' ? schema.$ref.split('/').at(-1) : undefined;

/**
 * The schema with its `$ref`s pointing to `#/components/schemas/`. AsyncAPI reads schemas as draft 7,
 * where a `$ref` hides what stands beside it: with `wrap` such a reference moves into an `allOf`.
 */
export function forComponents(node: unknown, wrap: boolean): JsonSchema {
  return rewrite(node, wrap) as JsonSchema;
}

function rewrite(node: unknown, wrap: boolean): unknown {
  if (Array.isArray(node)) return node.map((item) => rewrite(item, wrap));
  if (typeof node !== 'object' || node === null) return node;
  const { $ref, ...rest } = node as JsonSchema;
  const others = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, rewrite(value, wrap)]));
  if (typeof $ref !== 'string') return others;
  const reference = { $ref: componentRef(refName({ $ref }) as string) };
  return wrap && Object.keys(others).length > 0
    ? { allOf: [reference], ...others }
    : { ...reference, ...others };
}

export const componentRef = (type: string) => `#/components/schemas/${type}`;

const codes = Object.keys(errors) as ErrorCode[];

/** Path, method, and size, type and slowness of a body are faults that only an HTTP request can have. */
const httpOnly: ReadonlySet<number> = new Set([405, 408, 413, 415]);
export const overSockets = (code: ErrorCode) =>
  code !== 'path-not-found' && !httpOnly.has(errors[code].status);

/** Codes that every message may answer, over HTTP all of them. */
export const commonCodes = (over: 'socket' | 'http'): ErrorCode[] =>
  codes.filter((code) => errors[code].common && (over === 'http' || overSockets(code)));

/** All codes a message may answer: first its own, then the common ones. */
export const answerableCodes = (ask: AskContract, over: 'socket' | 'http'): ErrorCode[] => [
  ...ask.errors,
  ...commonCodes(over),
];

/** "`seats-taken`, retry `changed`: Some of … Details: `{ seats }`." */
export function errorLine(code: ErrorCode): string {
  const { retry, message, details } = errors[code];
  return `\`${code}\`, retry \`${retry}\`: ${message}${details ? ` Details: \`${details}\`.` : ''}`;
}

export const errorList = (of: readonly ErrorCode[]) => of.map((code) => `- ${errorLine(code)}`).join('\n');

/** Sentences about the rooms a tell goes to. */
export const rooms = {
  event: 'To every connection that watches the event (`seats:watch`), on every node.',
  user: 'To every connection of one user, on every node.',
  venue: 'To the kiosks of the venue, on every node.',
  socket: 'To one connection only.',
} as const;

/** Where a tell goes, in words. */
export const roomsOf = (contract: TellContract): string =>
  contract.rooms.map((room) => rooms[room]).join(' ');

/** The shared types that schemas name, and those that these name, in the order of `types.json`. */
export function usedTypes(schemas: readonly JsonSchema[]): string[] {
  const found = new Set<string>();
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const name = refName(node as JsonSchema);
    if (name !== undefined && !found.has(name)) {
      found.add(name);
      visit(types[name]);
    }
    Object.values(node).forEach(visit);
  };
  schemas.forEach(visit);
  return Object.keys(types).filter((name) => found.has(name));
}
