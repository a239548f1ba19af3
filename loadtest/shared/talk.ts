/**
 * As much of Engine.IO 4 and Socket.IO 5 over a bare WebSocket as an ask needs: what the stock client does on
 * top would compete with the hub for the same cores.
 */
import { WebSocket } from 'ws';
import type { MessageName, Messages } from '../../src/contracts.gen.ts';
import type { WireError } from '../../src/errors.ts';

export type Ack<Data = unknown> = { ok: true; data: Data } | { ok: false; error: WireError };

const attempts = 10;
const firstPauseMs = 100;

export class Talk {
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (ack: never) => void>();
  #asked = 0;
  #isClosing = false;
  /** Everything that is no answer: a tell, as its text. */
  onTell: ((text: string) => void) | undefined;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
  }

  static connect(url: string, token?: string): Promise<Talk> {
    const socket = new WebSocket(`${url}/socket.io/?EIO=4&transport=websocket`, { perMessageDeflate: false });
    const talk = new Talk(socket);
    return new Promise((resolve, reject) => {
      socket.on('error', reject);
      socket.on('close', () => {
        // Answers would be waited for in vain: this ends the process.
        if (!talk.#isClosing) throw new Error('the server closed a connection');
      });
      socket.on('message', (data) => {
        const text = String(data);
        if (text === '2') socket.send('3');
        else if (text.startsWith('43')) talk.#answered(text);
        else if (text.startsWith('42')) talk.onTell?.(text);
        else if (text.startsWith('40')) resolve(talk);
        else if (text.startsWith('44')) reject(new Error(text));
        else if (text.startsWith('0')) socket.send(token ? `40${JSON.stringify({ token })}` : '40');
      });
    });
  }

  ask<M extends MessageName>(
    message: M,
    request: Messages[M]['request'],
  ): Promise<Ack<Messages[M]['reply']>> {
    return this.emit(message, request);
  }

  /** To any Socket.IO server. */
  emit<Answer>(name: string, data: object): Promise<Answer> {
    const id = this.#asked++;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      this.#socket.send(`42${id}${JSON.stringify([name, data])}`);
    });
  }

  /** Asks again, as the stock client does, while the hub says that it is a matter of time. */
  async granted<M extends MessageName>(
    message: M,
    request: Messages[M]['request'],
  ): Promise<Messages[M]['reply']> {
    for (let attempt = 1; ; attempt++) {
      const ack = await this.ask(message, request);
      if (ack.ok) return ack.data;
      if (ack.error.retry !== 'later' || attempt === attempts) {
        throw new Error(`${message} was refused: ${JSON.stringify(ack.error)}`);
      }
      await new Promise((resolve) => setTimeout(resolve, firstPauseMs * attempt));
    }
  }

  close(): void {
    this.#isClosing = true;
    this.#socket.terminate();
  }

  #answered(text: string): void {
    const from = text.indexOf('[');
    const id = Number(text.slice(2, from));
    const resolve = this.#waiting.get(id);
    this.#waiting.delete(id);
    resolve?.((JSON.parse(text.slice(from)) as [never])[0]);
  }
}

/** Works through a list, so many at a time. */
export async function atOnce<T>(
  count: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = items.values();
  await Promise.all(
    Array.from({ length: count }, async () => {
      for (const item of left) await work(item);
    }),
  );
}
