/**
 * A TCP proxy on the loopback that makes a network of it: late, silent in one direction or both, slow, cut
 * in the middle. Everything a node says to Redis and PostgreSQL goes through one of these.
 */
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import type { Random } from '../random.ts';

/** up: to the server; down: back to the client. */
export type Direction = 'up' | 'down';

export interface Weather {
  /** Each piece is late by this much, order kept. */
  delayMs?: [least: number, most: number];
  /** What is said in these directions is lost, and nobody is told: as behind a dead route. */
  swallow?: Direction[];
  bytesPerSecond?: number;
  /** New connections are reset. */
  refuse?: boolean;
  /** Rewrites what comes down; state is kept per connection. */
  down?: () => (chunk: Buffer) => Buffer;
}

interface Line {
  client: Socket;
  server: Socket;
  /** Left to cut after, per direction. */
  cutAfter: Partial<Record<Direction, number>>;
  rewrite: ((chunk: Buffer) => Buffer) | undefined;
  rewrittenBy: Weather['down'];
}

export class TcpProxy {
  port = 0;
  weather: Weather = {};
  readonly #random: Random;
  readonly #lines = new Set<Line>();
  readonly #listener: Server;
  #target: number;

  constructor(target: number, random: Random) {
    this.#target = target;
    this.#random = random;
    this.#listener = createServer((client) => this.#open(client));
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#listener.listen(0, '127.0.0.1', resolve));
    this.port = (this.#listener.address() as AddressInfo).port;
    return this;
  }

  /** Leads to another server from now on; connections that are open are reset. */
  turnTo(target: number): void {
    this.#target = target;
    this.cut();
  }

  /** Resets every connection. */
  cut(): void {
    for (const line of this.#lines) end(line);
  }

  /** Resets every connection once it has carried so many more bytes in this direction. */
  cutAfter(direction: Direction, bytes: number): void {
    for (const line of this.#lines) line.cutAfter[direction] = bytes;
  }

  /** Breaks the client's side only: the server goes on with what it was told, for `ms`. */
  abandon(ms: number): void {
    for (const line of this.#lines) {
      this.#lines.delete(line);
      line.client.removeAllListeners('close');
      line.client.destroy();
      setTimeout(() => line.server.destroy(), ms);
    }
  }

  close(): void {
    this.#listener.close();
    this.cut();
  }

  #open(client: Socket): void {
    if (this.weather.refuse) {
      client.on('error', () => undefined);
      client.resetAndDestroy();
      return;
    }
    client.setNoDelay(true);
    const server = connect({ port: this.#target, host: '127.0.0.1', noDelay: true });
    const line: Line = { client, server, cutAfter: {}, rewrite: undefined, rewrittenBy: undefined };
    this.#lines.add(line);
    this.#carry(line, client, server, 'up');
    this.#carry(line, server, client, 'down');
    for (const socket of [client, server]) {
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#lines.delete(line);
        // A dead route does not pass on that the other end has gone.
        if ((this.weather.swallow?.length ?? 0) < 2) end(line);
      });
    }
  }

  #carry(line: Line, from: Socket, to: Socket, direction: Direction): void {
    let freeAt = 0;
    from.on('data', (chunk: Buffer) => {
      const { delayMs, swallow, bytesPerSecond } = this.weather;
      if (swallow?.includes(direction)) return;
      const piece = direction === 'down' ? this.#rewrite(line, chunk) : chunk;
      const limit = line.cutAfter[direction];
      if (limit !== undefined && piece.length >= limit) {
        to.end(piece.subarray(0, limit), () => end(line));
        return;
      }
      if (limit !== undefined) line.cutAfter[direction] = limit - piece.length;
      const now = performance.now();
      const late = delayMs ? this.#random.whole(...delayMs) : 0;
      const slow = bytesPerSecond ? (piece.length / bytesPerSecond) * 1000 : 0;
      freeAt = Math.max(now + late, freeAt) + slow;
      if (freeAt - now < 1) {
        if (!to.write(piece)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      } else setTimeout(() => to.destroyed || to.write(piece), freeAt - now);
    });
    from.on('end', () => setTimeout(() => to.end(), Math.max(0, freeAt - performance.now())));
  }

  #rewrite(line: Line, chunk: Buffer): Buffer {
    if (line.rewrittenBy !== this.weather.down) {
      line.rewrittenBy = this.weather.down;
      line.rewrite = this.weather.down?.();
    }
    return line.rewrite ? line.rewrite(chunk) : chunk;
  }
}

function end({ client, server }: Line): void {
  client.destroy();
  server.destroy();
}
