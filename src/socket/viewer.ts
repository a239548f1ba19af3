import type { Viewer } from '../channel.ts';
import { RequestError } from '../errors.ts';
import { eventRoom } from './frame.ts';
import type { GuardedSocket } from './guard.ts';
import type { HubSocket } from './handshake.ts';
import type { SlowReaders } from './slow-readers.ts';

/** Events one connection may watch. */
const maxRooms = 20;
const prefix = eventRoom('');

/** The rooms of one connection. They are made from ids of events that were looked up, never from names. */
export function viewerOf(socket: HubSocket, readers: SlowReaders): Viewer {
  return {
    get watching() {
      let count = 0;
      for (const room of socket.rooms) if (room.startsWith(prefix)) count++;
      return count;
    },
    isWatching: (eventId) => socket.rooms.has(eventRoom(eventId)),
    async watch(eventId) {
      if (!this.isWatching(eventId) && this.watching >= maxRooms) {
        throw new RequestError('too-many-rooms', { allowed: maxRooms });
      }
      // It may be gone since the event was looked up.
      if (!socket.connected) return;
      const joined = socket.join(eventRoom(eventId));
      readers.watch(nativeOf(socket), eventId);
      await joined;
    },
    unwatch(eventId) {
      if (!socket.connected) return;
      void socket.leave(eventRoom(eventId));
      readers.unwatch(nativeOf(socket), eventId);
    },
  };
}

/** The connection under a socket. Only while the socket is connected: a closed one throws at every touch. */
const nativeOf = (socket: HubSocket): GuardedSocket =>
  (socket.conn as unknown as { transport: { socket: GuardedSocket } }).transport.socket;
