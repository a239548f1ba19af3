import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import { atEnd } from './at-end.ts';

export interface TcpProxy {
  /** http://127.0.0.1:port */
  readonly url: string;
  readonly port: number;
  /** Breaks every connection, and lets no new one through until `mend`. */
  cut(): void;
  mend(): void;
  /** Stops passing on what the server sends, as a client does that does not read. */
  stall(): void;
  resume(): void;
}

/** A TCP proxy on the loopback, to cut and stall connections. */
export async function startProxy(target: number | (() => number)): Promise<TcpProxy> {
  const pairs = new Set<{ client: Socket; server: Socket }>();
  let isCut = false;
  let isStalled = false;
  const listener = createServer((client) => {
    if (isCut) {
      client.destroy();
      return;
    }
    const server = connect(typeof target === 'number' ? target : target(), '127.0.0.1');
    const pair = { client, server };
    pairs.add(pair);
    client.pipe(server);
    server.pipe(client);
    if (isStalled) server.pause();
    const end = () => {
      pairs.delete(pair);
      client.destroy();
      server.destroy();
    };
    for (const socket of [client, server]) socket.on('error', end).on('close', end);
  });
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as AddressInfo;
  const proxy: TcpProxy = {
    port,
    url: `http://127.0.0.1:${port}`,
    cut() {
      isCut = true;
      for (const { client, server } of pairs) {
        client.destroy();
        server.destroy();
      }
    },
    mend() {
      isCut = false;
    },
    stall() {
      isStalled = true;
      for (const { server, client } of pairs) {
        server.unpipe(client);
        server.pause();
      }
    },
    resume() {
      isStalled = false;
      for (const { server, client } of pairs) server.pipe(client);
    },
  };
  atEnd(() => {
    proxy.cut();
    listener.close();
  });
  return proxy;
}
