/** uWebSockets.js and nothing else: a topic that everybody is subscribed to. The least a viewer can cost. */
import { App, us_socket_local_port } from 'uWebSockets.js';
import { eventName, obey, room } from './orders.ts';

const app = App();
let data: object | undefined;
let frame = '';

app
  .ws('/*', {
    open: (ws) => void ws.subscribe(room),
  })
  .listen('127.0.0.1', 0, (socket) => {
    if (!socket) throw new Error('cannot listen');
    process.send?.(us_socket_local_port(socket));
  });

obey((next) => {
  if (next !== data) {
    data = next;
    frame = `42${JSON.stringify([eventName, next])}`;
  }
  app.publish(room, frame, false, false);
});
