import { createServer } from 'node:net';

/**
 * A port of 127.0.0.1 for a server that is killed and begins again. Below those that systems give to connections (Linux:
 * from 32,768 on): while the server is away, a client that tries again and again would one day get that very port for its
 * own end, be connected to itself, and leave the server none.
 * @param besides how much higher the server takes other ports as well
 */
export async function serverPort(...besides: number[]): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 12_000);
    const areFree = await Promise.all([0, ...besides].map((above) => isFree(port + above)));
    if (!areFree.includes(false)) return port;
  }
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
