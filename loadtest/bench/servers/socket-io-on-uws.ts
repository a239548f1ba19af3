/** Socket.IO on uWebSockets.js as its documentation says: stock settings, WebSockets only, one room for everybody. */
import { App, us_socket_local_port } from 'uWebSockets.js';
import { Server } from 'socket.io';
import { serveViewers } from './viewers-room.ts';

const app = App();
const io = new Server({ transports: ['websocket'] });
io.attachApp(app);
serveViewers(io);
app.listen('127.0.0.1', 0, (socket) => {
  if (!socket) throw new Error('cannot listen');
  process.send?.(us_socket_local_port(socket));
});
