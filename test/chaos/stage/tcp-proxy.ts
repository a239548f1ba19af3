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
  /** Rewrites what comes down, for each connection by a rewriter of its own. */
  down?: () => Rewriter;
}

export interface Rewriter {
  pass(chunk: Buffer): Buffer;
  /** What still waits for its other half. */
  rest(): Buffer;
}

interface Line {
  client: Socket;
  server: Socket;
  /** Left to cut after, per direction. */
  cutAfter: Partial<Record<Direction, number>>;
  rewriter: Rewriter | undefined;
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
    const line: Line = { client, server, cutAfter: {}, rewriter: undefined, rewrittenBy: undefined };
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
    const waiting = new WaitingLine(to, from);
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
      const late = delayMs ? this.#random.whole(...delayMs) : 0;
      const slow = bytesPerSecond ? (piece.length / bytesPerSecond) * 1000 : 0;
      waiting.add(piece, late, slow);
    });
    from.on('end', () => waiting.end());
  }

  #rewrite(line: Line, chunk: Buffer): Buffer {
    let piece = chunk;
    if (line.rewrittenBy !== this.weather.down) {
      if (line.rewriter) piece = Buffer.concat([line.rewriter.rest(), chunk]);
      line.rewrittenBy = this.weather.down;
      line.rewriter = this.weather.down?.();
    }
    return line.rewriter ? line.rewriter.pass(piece) : piece;
  }
}

/** What is on its way in one direction: late or not, it arrives in order. */
class WaitingLine {
  readonly #to: Socket;
  readonly #from: Socket;
  readonly #pieces: { piece: Buffer; at: number }[] = [];
  #freeAt = 0;
  #timer: NodeJS.Timeout | undefined;
  #isEnding = false;

  constructor(to: Socket, from: Socket) {
    this.#to = to;
    this.#from = from;
  }

  /** @param slowMs for how long nothing else can be sent */
  add(piece: Buffer, lateMs: number, slowMs: number): void {
    const now = performance.now();
    this.#freeAt = Math.max(now, this.#freeAt) + slowMs;
    this.#pieces.push({ piece, at: Math.max(now + lateMs, this.#freeAt) });
    this.#send();
  }

  end(): void {
    this.#isEnding = true;
    this.#send();
  }

  #send(): void {
    if (this.#timer) return;
    for (;;) {
      const first = this.#pieces[0];
      if (!first) break;
      const left = first.at - performance.now();
      if (left > 0) {
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          this.#send();
        }, left);
        return;
      }
      this.#pieces.shift();
      if (this.#to.destroyed || this.#to.write(first.piece)) continue;
      this.#from.pause();
      this.#to.once('drain', () => this.#from.resume());
    }
    if (this.#isEnding) this.#to.end();
  }
}

function end({ client, server }: Line): void {
  client.destroy();
  server.destroy();
}
