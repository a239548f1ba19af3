/** What somebody who may publish in our Redis could send on the channels between nodes. */
import { createRequire } from 'node:module';

const require = createRequire(import.meta.resolve('@socket.io/redis-adapter'));
const { encode } = require('notepack.io') as { encode(value: unknown): Buffer };

interface Publication {
  what: string;
  message: string | Buffer;
}

export function hostilePublications(ids: { eventId: string; userId: string }): Publication[] {
  const { eventId, userId } = ids;
  const tick = { eventId, epoch: 'AAAAAAAA', from: 1, to: 2, changes: 'h1' };
  const head = { uid: 'attacker', nsp: '/' };
  const broadcast = (name: unknown, data: unknown, room = `event:${eventId}`, more: object = {}) => ({
    ...head,
    type: 3,
    data: { opts: { rooms: [room], except: [] }, packet: { type: 2, data: [name, data], nsp: '/' }, ...more },
  });
  const emit = (...packet: unknown[]) => ({ ...head, type: 9, data: { packet } });
  const disconnect = (opts: unknown) => ({ ...head, type: 6, data: { opts, close: true } });
  const everybody = { rooms: [], except: [] };
  const expired = { eventId, holdId: 'AAAAAAAAAAAAAAAAAAAAAA', seats: [1] };
  const out = { code: 'session-revoked', message: 'x', reconnect: 'never' };

  const objects: Record<string, unknown> = {
    'an empty object': {},
    null: null,
    'an array': [],
    'a number': 5,
    'a type alone': { type: 5 },
    'a type that is none': { ...head, type: 99, data: {} },
    'a type that is a string': { ...head, type: '3', data: {} },
    'no data': { ...head, type: 3 },
    'data that is null': { ...head, type: 3, data: null },
    'another namespace': { ...broadcast('seats:changed', tick), nsp: '/admin' },
    'a long uid': { ...broadcast('seats:changed', tick), uid: 'u'.repeat(65) },
    'a uid that is an object': { ...broadcast('seats:changed', tick), uid: {} },
    'a heartbeat': { ...head, type: 2 },
    'a foreign event': broadcast('evil', { a: 1 }),
    'a reserved event': broadcast('disconnect', {}),
    'an ask as an event': broadcast('seats:hold', { eventId, seats: [1], requestId: 'x' }),
    'an event named __proto__': broadcast('__proto__', {}),
    'an event that is an object': broadcast({ toString: 1 }, {}),
    'data that breaks its contract': broadcast('seats:changed', { ...tick, changes: 7 }),
    'data with a field more': broadcast('seats:changed', { ...tick, script: '<script>' }),
    'data that is a string': broadcast('seats:changed', 'x'),
    'a private message to a room of viewers': broadcast('seats:hold-expired', expired),
    'a tick to a user': broadcast('seats:changed', tick, `user:${userId}`),
    'a disconnect as a tell': broadcast('server:disconnected', out, `user:${userId}`),
    'a room that is not of an event or user': broadcast('seats:changed', tick, 'x'),
    'no room, which is everybody': {
      ...broadcast('seats:changed', tick),
      data: { ...broadcast('seats:changed', tick).data, opts: everybody },
    },
    'a broadcast that wants an answer': broadcast('seats:changed', tick, `event:${eventId}`, {
      requestId: 'r',
    }),
    'a packet with three parts': {
      ...head,
      type: 3,
      data: {
        opts: { rooms: [`event:${eventId}`], except: [] },
        packet: { data: ['seats:changed', tick, 1] },
      },
    },
    'join a room': { ...head, type: 4, data: { opts: everybody, rooms: [`user:${userId}`] } },
    'leave all rooms': { ...head, type: 5, data: { opts: everybody, rooms: [`event:${eventId}`] } },
    'disconnect everybody': disconnect(everybody),
    'disconnect a user': disconnect({ rooms: [`user:${userId}`], except: [] }),
    'disconnect with odd options': disconnect({ rooms: 'all', except: { length: 1e9 } }),
    'disconnect without options': { ...head, type: 6, data: {} },
    'fetch all sockets': { ...head, type: 7, data: { opts: everybody, requestId: 'r' } },
    'an answer nobody asked for': { ...head, type: 8, data: { requestId: 'r', sockets: [{}] } },
    'an emit answer nobody asked for': { ...head, type: 10, data: { requestId: 'r', packet: {} } },
    'an emit of connect': emit('connect', 'x'),
    'an emit of connection': emit('connection', 'x'),
    'an emit of new_namespace': emit('new_namespace', 'x'),
    'an emit of error': emit('error', 'x'),
    'an emit of a foreign name': emit('evil', 'x'),
    'an emit of nothing': emit(),
    'an emit without an argument': emit('session-revoked'),
    'an emit with an object': emit('session-revoked', { toString: null }),
    'an emit with two arguments': emit('session-revoked', 'a', 'b'),
    'an emit that wants an answer': {
      ...head,
      type: 9,
      data: { packet: ['event-changed', eventId], requestId: 'r' },
    },
    'an emit that is no array': { ...head, type: 9, data: { packet: { 0: 'connection', length: 1 } } },
    'the end of a node': { ...head, type: 13, data: {} },
  };
  return [
    ...Object.entries(objects).map(([what, value]) => ({ what, message: JSON.stringify(value) })),
    { what: 'nothing', message: '' },
    { what: 'text', message: 'hello' },
    { what: 'an open brace', message: '{' },
    { what: 'bytes', message: Buffer.from([0, 1, 2, 0xff, 0xfe, 0x7b]) },
    { what: 'msgpack of a tick', message: encode(broadcast('seats:changed', tick)) },
    { what: 'msgpack that ends too early', message: Buffer.from([0xdf, 0xff, 0xff, 0xff, 0xff]) },
    { what: 'msgpack nested deep', message: Buffer.alloc(5000, 0x91) },
    { what: 'JSON nested 100,000 deep', message: '['.repeat(100_000) + ']'.repeat(100_000) },
    {
      what: 'data nested deep',
      message: `{"uid":"a","nsp":"/","type":3,"data":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}`,
    },
    {
      what: '2 MB',
      message: JSON.stringify(broadcast('seats:changed', { ...tick, changes: 'f'.repeat(2_000_000) })),
    },
    { what: 'a __proto__ key', message: `{"__proto__":${JSON.stringify(broadcast('seats:changed', tick))}}` },
  ];
}
