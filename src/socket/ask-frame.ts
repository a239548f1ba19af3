/**
 * Asks are read from their frames right here and answered right here. Through Engine.IO and Socket.IO each would
 * pass some twenty functions and four emitters, which cost more than a hold itself. What is no well-formed ask
 * goes the long way: connecting, leaving, and everything that those close a connection for.
 */

export interface Ask {
  /** The client's number for its answer. */
  id: number;
  name: string;
  args: unknown[];
}

const [zero, nine] = [0x30, 0x39];
const openArray = 0x5b;
/** Engine.IO packet type 4 (message), Socket.IO packet type 2 (event). */
const [message, event] = [0x34, 0x32];
/** Longer ones are no whole numbers any more. */
const maxDigits = 15;
/** Names for which Socket.IO closes a connection. */
const reserved = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
]);

export const isEvent = (frame: Uint8Array): boolean => frame[0] === message && frame[1] === event;

/** undefined: it is something else, or broken. */
export function readAsk(bytes: Buffer): Ask | undefined {
  if (!isEvent(bytes)) return undefined;
  let at = 2;
  let id = 0;
  for (let digit = bytes[at]; digit !== undefined && digit >= zero && digit <= nine; digit = bytes[++at]) {
    id = id * 10 + digit - zero;
  }
  if (at === 2 || at > 2 + maxDigits || bytes[at] !== openArray) return undefined;
  const payload = parse(bytes.toString('utf8', at));
  const name: unknown = payload?.shift();
  if (typeof name !== 'string' || reserved.has(name)) return undefined;
  return { id, name, args: payload as unknown[] };
}

function parse(text: string): unknown[] | undefined {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Socket.IO packet type 3: an ack with one argument. */
export const ackFrame = (id: number, ack: object): string => `43${id}[${JSON.stringify(ack)}]`;
