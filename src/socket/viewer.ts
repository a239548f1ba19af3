import type { Viewer } from '../channel.ts';
import { RequestError } from '../errors.ts';
import type { Session } from '../session.ts';
import { eventRoom, venueRoom } from './frame.ts';
import { type HubSocket, nativeOf } from './handshake.ts';
import type { SocketSessions } from './sessions.ts';
import type { SlowReaders } from './slow-readers.ts';

/** Events one connection may watch. */
export const maxRooms = 20;
const prefix = eventRoom('');
const boardPrefix = venueRoom('');
/** How many requests of a connection were about its board. */
const boardRequests = new WeakMap<HubSocket, number>();

/** The rooms of one connection. They are made from ids of events that were looked up, never from names. */
export class SocketViewer implements Viewer {
  readonly #socket: HubSocket;
  readonly #readers: SlowReaders;
  readonly #sessions: SocketSessions;
  /** Which of the requests about the board this one is. */
  #boardRequest = 0;

  constructor(socket: HubSocket, readers: SlowReaders, sessions: SocketSessions) {
    this.#socket = socket;
    this.#readers = readers;
    this.#sessions = sessions;
  }

  get watching(): number {
    let count = 0;
    for (const room of this.#socket.rooms) if (room.startsWith(prefix)) count++;
    return count;
  }

  isWatching(eventId: string): boolean {
    return this.#socket.rooms.has(eventRoom(eventId));
  }

  async watch(eventId: string): Promise<void> {
    if (!this.isWatching(eventId) && this.watching >= maxRooms) {
      throw new RequestError('too-many-rooms', { allowed: maxRooms });
    }
    // It may be gone since the event was looked up.
    if (!this.#socket.connected) return;
    const joined = this.#socket.join(eventRoom(eventId));
    this.#readers.watch(nativeOf(this.#socket), eventId);
    await joined;
  }

  askBoard(): void {
    this.#boardRequest = (boardRequests.get(this.#socket) ?? 0) + 1;
    boardRequests.set(this.#socket, this.#boardRequest);
  }

  get #isLatest(): boolean {
    return boardRequests.get(this.#socket) === this.#boardRequest;
  }

  async watchBoard(venueId: string): Promise<boolean> {
    if (!this.#isLatest) return false;
    this.unwatchBoard(venueId);
    if (this.#socket.connected) await this.#socket.join(venueRoom(venueId));
    return true;
  }

  unwatchBoard(except?: string): void {
    if (!this.#isLatest || !this.#socket.connected) return;
    for (const room of this.#socket.rooms) {
      if (room.startsWith(boardPrefix) && room !== `${boardPrefix}${except}`) void this.#socket.leave(room);
    }
  }

  get board(): string | undefined {
    for (const room of this.#socket.rooms) {
      if (room.startsWith(boardPrefix)) return room.slice(boardPrefix.length);
    }
    return undefined;
  }

  renew(session: Session): void {
    if (this.#socket.connected) this.#sessions.renew(this.#socket, session);
  }

  unwatch(eventId: string): void {
    if (!this.#socket.connected) return;
    void this.#socket.leave(eventRoom(eventId));
    this.#readers.unwatch(nativeOf(this.#socket), eventId);
  }
}
