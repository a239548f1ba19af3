/**
 * A relay before PostgreSQL that knows every statement by name: what goes through it is what reaches
 * PostgreSQL from the node that connects to it, to the last one.
 */
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

export interface Statements {
  /** The address of PostgreSQL, by way of the relay. */
  readonly url: string;
  /** By name, or the text of one without, how many were run since the last call. */
  take(): Map<string, number>;
  close(): Promise<void>;
}

export async function countStatements(databaseUrl: string): Promise<Statements> {
  const target = new URL(databaseUrl);
  let counts = new Map<string, number>();
  const count = (statement: string) => counts.set(statement, (counts.get(statement) ?? 0) + 1);
  const sockets = new Set<Socket>();
  const relay = createServer((client) => {
    const server = connect(Number(target.port), target.hostname);
    const read = reader(count);
    client.on('data', (chunk: Buffer) => {
      read(chunk);
      server.write(chunk);
    });
    server.pipe(client);
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      sockets.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        sockets.delete(one);
        other.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => relay.listen(0, '127.0.0.1', resolve));
  const url = new URL(databaseUrl);
  url.host = `127.0.0.1:${(relay.address() as AddressInfo).port}`;
  return {
    url: url.href,
    take() {
      const taken = counts;
      counts = new Map();
      return taken;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => relay.close(resolve));
    },
  };
}

/** Reads what a client of PostgreSQL says: message by message, each a letter and its length, but for the first. */
function reader(count: (statement: string) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let isFirst = true;
  let unnamed = '';
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const letter = isFirst ? 0 : 1;
      if (rest.length < letter + 4) return;
      const length = letter + rest.readInt32BE(letter);
      if (rest.length < length) return;
      const body = rest.subarray(letter + 4, length);
      const kind = isFirst ? '' : String.fromCharCode(rest[0] as number);
      rest = rest.subarray(length);
      isFirst = false;
      if (kind === 'Q') count(textAt(body, 0));
      if (kind === 'P' && textAt(body, 0) === '') unnamed = textAt(body, 1);
      // Parse comes once a connection, Bind with every run: the portal's name, then the statement's.
      if (kind === 'B') count(textAt(body, Buffer.byteLength(textAt(body, 0)) + 1) || unnamed);
    }
  };
}

const textAt = (body: Buffer, at: number): string => body.toString('utf8', at, body.indexOf(0, at));
