/**
 * Socket.IO's parser with a decoder that costs a connection next to nothing. The stock one remembers a
 * half-received binary packet, and is an event emitter with options of its own for each connection; there are no
 * binary packets here (`guard.ts` lets none through), so all connections share one.
 */
import * as parser from 'socket.io-parser';

type Listener = (packet: parser.Packet) => void;

const shared = new parser.Decoder();
let current: Listener | undefined;
shared.on('decoded', (packet: parser.Packet) => current?.(packet));

/** What socket.io calls of a decoder. */
class SharedDecoder {
  #listener: Listener | undefined;

  on(_event: 'decoded', listener: Listener): void {
    this.#listener = listener;
  }

  removeListener(): void {
    this.#listener = undefined;
  }

  /** Throws on what is no packet: socket.io closes the connection then. */
  add(text: unknown): void {
    if (typeof text !== 'string') throw new TypeError('binary packets are not used here');
    current = this.#listener;
    shared.add(text);
  }

  destroy(): void {}
}

/** For the option `parser` of socket.io. */
export const sharedParser = { ...parser, Decoder: SharedDecoder };
