/**
 * The sharded Redis adapter (rooms across nodes), hardened: whatever is published on its channels by
 * somebody else cannot end this process, and room broadcasts are handed to us instead of walking the
 * room's sockets in JavaScript.
 */
import { createShardedAdapter } from '@socket.io/redis-adapter';
import { Ajv } from 'ajv';
import type { Namespace } from 'socket.io';
import { type Adapter, MessageType } from 'socket.io-adapter';
import type { TellName, Tells } from '../contracts.gen.ts';
import { loadContracts, type TellRoom } from '../contracts.ts';
import type { Logger } from '../log.ts';
import type { RedisLinks } from '../redis/links.ts';
import { eventRoom, userRoom, venueRoom } from './frame.ts';

/** What nodes tell each other beside the rooms. */
export const notices = ['event-changed', 'session-revoked'] as const;
export type Notice = (typeof notices)[number];

/** Bytes of a message between nodes; the longest tick has 600,000. */
const maxMessageBytes = 1_000_000;

/** The parts of the sharded adapter that are its own business, and that we need. */
interface ShardedInternals {
  uid: string;
  nsp: Namespace;
  sids: Map<string, Set<string>>;
  addAll(id: string, rooms: Set<string>): void;
  onRawMessage(raw: Buffer, channel: Buffer): void;
  onMessage(message: ClusterMessage): void;
  doPublish(message: Omit<ClusterMessage, 'uid' | 'nsp'> & { uid: string; nsp: string }): Promise<string>;
}

interface ClusterMessage {
  uid: string;
  nsp: string;
  type: number;
  data: { opts?: { rooms: string[] }; packet?: { data: unknown[] } };
}

/** The two kinds of messages that nodes of ours send, and nothing else that the adapter would obey. */
const isClusterMessage = new Ajv({ strict: false }).compile<ClusterMessage>({
  type: 'object',
  required: ['uid', 'nsp', 'type', 'data'],
  properties: { uid: { type: 'string', maxLength: 64 }, nsp: { const: '/' } },
  oneOf: [
    {
      properties: {
        type: { const: MessageType.BROADCAST },
        data: {
          type: 'object',
          required: ['opts', 'packet'],
          properties: {
            // An answer would be sent to whoever asks for one.
            requestId: false,
            opts: {
              type: 'object',
              required: ['rooms'],
              properties: {
                rooms: { type: 'array', minItems: 1, maxItems: 1, items: { type: 'string', maxLength: 200 } },
              },
            },
            packet: {
              type: 'object',
              required: ['data'],
              properties: {
                data: {
                  type: 'array',
                  minItems: 2,
                  maxItems: 2,
                  items: [{ type: 'string' }, { type: 'object' }],
                },
              },
            },
          },
        },
      },
    },
    {
      properties: {
        type: { const: MessageType.SERVER_SIDE_EMIT },
        data: {
          type: 'object',
          required: ['packet'],
          properties: {
            requestId: false,
            packet: {
              type: 'array',
              minItems: 2,
              maxItems: 2,
              items: [{ enum: notices }, { type: 'string', maxLength: 200 }],
            },
          },
        },
      },
    },
  ],
});

/** Rooms that a kind of tell may go to; those for one socket never come from another node. */
const roomPrefix: Record<TellRoom, string | undefined> = {
  event: eventRoom(''),
  user: userRoom(''),
  venue: venueRoom(''),
  socket: undefined,
};

/** What comes from other nodes. */
export type RemoteTell = <T extends TellName>(room: string, name: T, data: Tells[T]) => void;

export interface Cluster {
  /** To the members of a room on every other node. Never rejects: what is lost is healed by position. */
  publish<T extends TellName>(room: string, name: T, data: Tells[T]): void;
  /** Messages that no node of ours can have sent. */
  readonly counts: { garbage: number };
}

/** @returns the adapter for socket.io, and the cluster as the hub uses it */
export function guardedAdapter(
  links: RedisLinks,
  channelPrefix: string,
  log: Logger,
  onRemoteTell: RemoteTell,
): { adapter: (nsp: Namespace) => Adapter; cluster: Cluster } {
  const create = createShardedAdapter(links.publisher, links.subscriber, {
    channelPrefix,
    subscriptionMode: 'dynamic',
  }) as (nsp: Namespace) => Adapter;
  const counts = { garbage: 0 };
  let internals: ShardedInternals | undefined;

  // socket.io calls it with `new`, so no arrow function.
  function adapter(nsp: Namespace): Adapter {
    const made = create(nsp);
    internals = made as unknown as ShardedInternals;
    harden(internals);
    return made;
  }

  function harden(sharded: ShardedInternals): void {
    const prototype: ShardedInternals = Object.getPrototypeOf(sharded);
    sharded.addAll = (id, rooms) => {
      // A room for each socket, of which nobody makes use.
      if (rooms.size === 1 && rooms.has(id)) return;
      // One more topic for each socket, that of everybody, is subscribed to by who is not known yet.
      if (!sharded.sids.has(id)) sharded.sids.set(id, new Set());
      // Looked up now: socket.io replaces it when it is attached to uWebSockets.js.
      prototype.addAll.call(sharded, id, rooms);
    };
    const onMessage = sharded.onMessage.bind(sharded);
    sharded.onRawMessage = (raw) => {
      try {
        if (raw.length > maxMessageBytes) throw new RangeError('too long');
        const message: unknown = JSON.parse(raw.toString());
        if (!isClusterMessage(message)) throw new TypeError('not a message of the cluster');
        if (message.uid === sharded.uid) return;
        if (message.type === MessageType.BROADCAST) tell(message);
        else onMessage(message);
      } catch (error) {
        counts.garbage++;
        log.warn({ err: error, bytes: raw.length }, 'garbage on a channel between nodes');
      }
    };
  }

  function tell(message: ClusterMessage): void {
    const [name, data] = (message.data.packet?.data ?? []) as [string, never];
    const contract = loadContracts().tells.get(name);
    if (!contract?.checkData(data)) throw new TypeError(`not a tell: ${String(name).slice(0, 40)}`);
    const [room = ''] = message.data.opts?.rooms ?? [];
    const prefixes = contract.rooms.map((kind) => roomPrefix[kind]);
    if (!prefixes.some((prefix) => prefix !== undefined && room.startsWith(prefix))) {
      throw new TypeError(`${contract.name} does not go to this room`);
    }
    onRemoteTell(room, contract.name, data);
  }

  return {
    adapter,
    cluster: {
      counts,
      publish(room, name, data) {
        if (!internals) return;
        const message = {
          uid: internals.uid,
          nsp: internals.nsp.name,
          type: MessageType.BROADCAST,
          data: { opts: { rooms: [room], except: [] }, packet: { data: [name, data] } },
        };
        internals.doPublish(message).catch((error) => log.debug({ err: error, name }, 'could not publish'));
      },
    },
  };
}
