/**
 * What a channel is made of. A handler decides and returns: it never sees ajv, a socket, an ack callback
 * or a Redis command. Its type ties it to its contract: request, reply, and the error codes it may fail
 * with. `access` is compulsory.
 */
import type { Actor } from './audit/audit-log.ts';
import type { MessageName, Messages } from './contracts.gen.ts';
import type { CommonErrorCode, ErrorCode } from './errors.ts';
import { RequestError } from './errors.ts';
import type { Engine } from './hub.ts';
import type { Session } from './session.ts';

/** Lets a session in or throws. What it returns is what the handler gets. */
export type Access<S extends Session | undefined> = (session: Session | undefined) => S;

/** Anonymous sockets as well. */
export const anyone: Access<Session | undefined> = (session) => session;

/** Whoever has a token, whatever it allows. */
export const anySession: Access<Session> = (session) => {
  if (!session) throw new RequestError('unauthenticated');
  return session;
};

/** Everybody who has signed in. A kiosk only watches. */
export const signedIn: Access<Session> = (session) => {
  const known = anySession(session);
  if (known.role === 'kiosk') throw new RequestError('forbidden');
  return known;
};

/** Screens, and those who put them up. */
export const screens: Access<Session> = (session) => {
  const known = anySession(session);
  if (known.role === 'user') throw new RequestError('forbidden');
  return known;
};

export const organizers: Access<Session> = (session) => {
  const known = signedIn(session);
  if (known.role !== 'organizer' && known.role !== 'admin') throw new RequestError('forbidden');
  return known;
};

export const admins: Access<Session> = (session) => {
  const known = signedIn(session);
  if (known.role !== 'admin') throw new RequestError('forbidden');
  return known;
};

/** Who made the thing, and admins. */
export const owns = (session: Session | undefined, organizerId: string): boolean =>
  session !== undefined && (session.role === 'admin' || session.userId === organizerId);

/** The connection as far as a handler may use it: the rooms of events, and how long its session lasts. */
export interface Viewer {
  /** How many events this connection watches. */
  readonly watching: number;
  isWatching(eventId: string): boolean;
  watch(eventId: string): Promise<void>;
  unwatch(eventId: string): void;
  /** The venue whose board this connection shows: one at a time. */
  readonly board: string | undefined;
  /** Of several requests about the board the latest counts, however long each is looked up for: to be said first. */
  askBoard(): void;
  /** @returns false: a later request is about another, and nothing was done */
  watchBoard(venueId: string): Promise<boolean>;
  unwatchBoard(): void;
  /** Goes on with a newer token of the same session. */
  renew(session: Session): void;
}

export interface Context<M extends MessageName, S> {
  readonly engine: Engine;
  readonly session: S;
  readonly request: Messages[M]['request'];
  /** The id under which it is done once; null: the sender gave none. */
  readonly requestId: string | null;
  /** Who asks, under which session and request id: for the audit log. */
  readonly by: S extends Session ? Actor & { userId: string } : Actor;
  /** Where the request came from. */
  readonly address: string;
  /** Only on sockets. */
  readonly viewer: Viewer | undefined;
  /** Only over HTTP, where the contract says what it `consumes`. */
  readonly body: Uint8Array<ArrayBuffer> | undefined;
  /**
   * Sends another message for the same sender: its own access, contract and request id, no further cost.
   * Rejects with a `RequestError` that the other's contract allows.
   */
  ask(message: MessageName, request: object, requestId: string | undefined): Promise<unknown>;
  /** Ends the request with an error its contract lists. */
  fail(
    code: Messages[M]['errors'] | CommonErrorCode,
    details?: Record<string, unknown>,
    message?: string,
  ): never;
}

/** An answer that is not JSON: only of contracts that say what they `produce`. */
export class Download {
  /** A media type; text is UTF-8. */
  readonly type: string;
  readonly content: string | Uint8Array<ArrayBuffer>;
  /** Under which name a browser saves it; undefined: it shows it. */
  readonly filename: string | undefined;
  /** Names this state of what `revalidate` asks for; undefined: the hash of the content does. */
  readonly etag: string | undefined;
  /** In place of the usual ones. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    type: string,
    content: string | Uint8Array<ArrayBuffer>,
    filename?: string,
    more: { etag?: string; headers?: Readonly<Record<string, string>> } = {},
  ) {
    this.type = type;
    this.content = content;
    this.filename = filename;
    this.etag = more.etag;
    this.headers = more.headers ?? {};
  }
}

export interface Message {
  readonly name: MessageName;
  readonly access: Access<Session | undefined>;
  handle(context: Context<MessageName, Session | undefined>): Promise<unknown>;
}

export function defineMessage<M extends MessageName, S extends Session | undefined>(
  name: M,
  definition: {
    access: Access<S>;
    handle(context: Context<M, S>): Promise<Messages[M]['reply'] | Download>;
  },
): Message {
  return { name, ...definition } as unknown as Message;
}

export interface Channel {
  readonly name: string;
  readonly messages: readonly Message[];
}

/** Every message of a channel begins with its name. */
export function defineChannel(name: string, messages: readonly Message[]): Channel {
  for (const message of messages) {
    if (!message.name.startsWith(`${name}:`))
      throw new Error(`${message.name} is not of the channel ${name}`);
  }
  return { name, messages };
}

export const failWith = (code: ErrorCode, details?: Record<string, unknown>, message?: string): never => {
  throw new RequestError(code, details, message);
};
