/**
 * What an attacker uses: a WebSocket client that sends any bytes it likes, and a TCP socket for HTTP that no
 * HTTP library would send.
 */
import { connect } from 'node:net';
import { type ClientOptions, WebSocket } from 'ws';
import type { WireError } from '../../src/errors.ts';
import { until } from '../support/client.ts';

export type RawAck = { ok: true; data: Record<string, unknown> } | { ok: false; error: WireError };

export interface RawOptions {
  query?: string;
  headers?: Record<string, string>;
}

const socketPath = '/socket.io/?';
const handshakeQuery = 'EIO=4&transport=websocket';

/** One connection, after the upgrade. Every text frame it was sent is in `frames`. */
export class RawSocket {
  readonly frames: string[] = [];
  readonly ws: WebSocket;
  closed: { code: number; reason: string } | undefined;
  // Above what hostile frames use.
  #lastAck = 1000;

  constructor(url: string, options: RawOptions = {}) {
    const query = options.query ?? handshakeQuery;
    const settings: ClientOptions = { headers: options.headers ?? {}, perMessageDeflate: false };
    this.ws = new WebSocket(`${url.replace('http', 'ws')}${socketPath}${query}`, settings);
    this.ws.on('message', (data) => {
      const frame = data.toString();
      this.frames.push(frame);
      if (frame === '2') this.send('3');
    });
    this.ws.on('close', (code, reason) => {
      this.closed = { code, reason: reason.toString() };
    });
    this.ws.on('error', () => undefined);
  }

  send(frame: string | Uint8Array): void {
    if (this.ws.readyState === WebSocket.OPEN) this.ws.send(frame);
  }

  /** Resolves with the first frame, sent already or to come, that begins so. */
  async frame(start: string, withinMs = 5000): Promise<string> {
    const find = () => this.frames.find((frame) => frame.startsWith(start));
    await until(() => find() !== undefined || this.closed !== undefined, `a frame ${start}`, withinMs);
    const found = find();
    if (found === undefined) throw new Error(`closed with ${JSON.stringify(this.closed)} before ${start}`);
    return found;
  }

  /** Joins the namespace; answers what the hub says to that: `40…` or `44…`. */
  async join(auth?: unknown): Promise<string> {
    await this.frame('0{');
    this.send(auth === undefined ? '40' : `40${JSON.stringify(auth)}`);
    await until(
      () => this.#joined() !== undefined || this.closed !== undefined,
      'an answer to the handshake',
    );
    const answer = this.#joined();
    if (answer === undefined) throw new Error(`closed with ${JSON.stringify(this.closed)} while joining`);
    return answer;
  }

  #joined(): string | undefined {
    return this.frames.find((frame) => frame.startsWith('40') || frame.startsWith('44'));
  }

  /** Sends an event with an ack id of its own and waits for the answer. */
  async ask(name: string, ...args: unknown[]): Promise<RawAck> {
    return this.askText(JSON.stringify([name, ...args]));
  }

  /** The same with the array as text, for what JSON.stringify would not write. */
  async askText(packet: string): Promise<RawAck> {
    const start = `43${++this.#lastAck}[`;
    this.send(`42${this.#lastAck}${packet}`);
    const answer = await this.frame(start);
    return JSON.parse(answer.slice(start.length - 1))[0];
  }

  /** Events it was sent, by name. */
  told(name: string): Record<string, unknown>[] {
    const start = `42["${name}",`;
    return this.frames.filter((f) => f.startsWith(start)).map((f) => JSON.parse(f.slice(2))[1]);
  }

  /** Resolves with the close, or fails. */
  async end(withinMs = 8000): Promise<{ code: number; reason: string }> {
    await until(() => this.closed !== undefined, 'the connection to be closed', withinMs);
    return this.closed as { code: number; reason: string };
  }

  close(): void {
    this.ws.terminate();
  }
}

/** Connected and in the namespace, as the token's user or as nobody. */
export async function joined(url: string, token?: string, options?: RawOptions): Promise<RawSocket> {
  const socket = new RawSocket(url, options);
  const answer = await socket.join(token === undefined ? undefined : { token });
  if (!answer.startsWith('40')) throw new Error(`not let in: ${answer}`);
  return socket;
}

/** The status an upgrade is refused with, or 101. */
export async function upgradeStatus(url: string, options: RawOptions = {}): Promise<number> {
  const socket = new RawSocket(url, options);
  try {
    return await new Promise<number>((resolve) => {
      socket.ws.on('open', () => resolve(101));
      socket.ws.on('unexpected-response', (_req, res) => {
        res.resume();
        resolve(res.statusCode ?? 0);
      });
      socket.ws.on('close', () => resolve(0));
    });
  } finally {
    socket.close();
  }
}

/**
 * Sends bytes over TCP and answers all that came back: until the hub closed, or has said nothing more for
 * 80 ms, or `waitMs` went by without a word.
 */
export function rawHttp(port: number, bytes: string | Uint8Array, waitMs = 1000): Promise<string> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    const done = () => {
      clearTimeout(timer);
      socket.destroy();
      resolve(text);
    };
    let timer = setTimeout(done, waitMs);
    socket.on('data', (chunk) => {
      text += chunk.toString('latin1');
      clearTimeout(timer);
      timer = setTimeout(done, 80);
    });
    socket.on('error', done).on('close', done);
  });
}

/** The status lines in what `rawHttp` got: one for each response. */
export const statuses = (text: string): number[] =>
  [...text.matchAll(/^HTTP\/1\.1 (\d{3})/gm)].map((found) => Number(found[1]));

/** Sends bytes and breaks the connection after `afterMs`, without waiting for anything. */
export function abandon(port: number, bytes: string, afterMs: number): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => {
      socket.write(bytes);
      setTimeout(() => socket.resetAndDestroy(), afterMs);
    });
    socket.on('error', () => undefined).on('close', () => resolve());
  });
}

export const upgradeRequest = (query = handshakeQuery, headers = ''): string =>
  `GET ${socketPath}${query} HTTP/1.1\r\nHost: hub\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n` +
  `Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n${headers}\r\n`;
