/**
 * Stock Socket.IO on uWebSockets.js as a small application: the map is an array in memory, a seat changes now and
 * then, and whoever comes asks for all of it, as JSON.
 */
import { App, us_socket_local_port } from 'uWebSockets.js';
import { Server } from 'socket.io';
import { room } from '../servers/orders.ts';

export interface WholeMapTask {
  /** A number for each. */
  seats: number[];
  changeEveryMs: number;
}

process.once('message', ({ seats, changeEveryMs }: WholeMapTask) => {
  const app = App();
  const io = new Server({ transports: ['websocket'] });
  io.attachApp(app);
  io.on('connection', (socket) => {
    socket.on('seats:watch', async (_request: unknown, answer: (ack: object) => void) => {
      await socket.join(room);
      answer({ ok: true, data: { position, seats } });
    });
  });
  let position = 0;
  setInterval(() => {
    const seat = (position * 7919) % seats.length;
    seats[seat] = ((seats[seat] as number) + 1) % 3;
    io.to(room).emit('seats:changed', { position: ++position, changes: [[seat, seats[seat]]] });
  }, changeEveryMs);
  app.listen('127.0.0.1', 0, (socket) => {
    if (!socket) throw new Error('cannot listen');
    process.send?.(us_socket_local_port(socket));
  });
});
process.on('disconnect', () => process.exit());
