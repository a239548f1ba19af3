/** Socket.IO as most people run it, on `ws`: stock settings, WebSockets only, one room for everybody. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';
import { serveViewers } from './viewers-room.ts';

const http = createServer();
serveViewers(new Server(http, { transports: ['websocket'] }));
http.listen(0, '127.0.0.1', () => process.send?.((http.address() as AddressInfo).port));
