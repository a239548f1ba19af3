import type { Server } from 'socket.io';
import { eventName, obey, room } from './orders.ts';

/** As a small application would do it: who asks to watch joins the room and is answered. */
export function serveViewers(io: Server): void {
  io.on('connection', (socket) => {
    socket.on('seats:watch', async (_request: unknown, answer: (ack: object) => void) => {
      await socket.join(room);
      answer({ ok: true, data: {} });
    });
  });
  obey((data) => void io.to(room).emit(eventName, data));
}
