/** The least a request can cost on our stack: stock Socket.IO on uWebSockets.js, which sends back what it got. */
import { App, us_socket_local_port } from 'uWebSockets.js';
import { Server } from 'socket.io';

const app = App();
const io = new Server({ transports: ['websocket'] });
io.attachApp(app);
io.on('connection', (socket) => {
  socket.on('seats:hold', (request: unknown, answer: (echo: unknown) => void) => answer(request));
});
app.listen('127.0.0.1', 0, (listening) => {
  if (!listening) throw new Error('cannot listen');
  process.send?.(us_socket_local_port(listening));
});
process.on('disconnect', () => process.exit());
