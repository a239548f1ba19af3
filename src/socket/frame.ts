import type { TellName, Tells } from '../contracts.gen.ts';

/**
 * A ready text frame of an event: Engine.IO packet type 4 (message), Socket.IO packet type 2 (event), the
 * event's array. Stock clients read it as if socket.io had sent it.
 */
export const eventFrame = <T extends TellName>(name: T, data: Tells[T]): string =>
  `42${JSON.stringify([name, data])}`;

/** The native topic that socket.io on uWebSockets.js subscribes the members of a room to. */
export const topicOf = (room: string): string => `/\x1f${room}`;
/** The native topic of a room's ticks and beacons, which are held back from who does not keep up. */
export const ticksTopic = (room: string): string => `ticks:${room}`;

// No name may be 20 characters long: the sharded adapter takes such a room for a socket's own.
export const eventRoom = (eventId: string): string => `event:${eventId}`;
export const userRoom = (userId: string): string => `user:${userId}`;
export const venueRoom = (venueId: string): string => `venue:${venueId}`;
