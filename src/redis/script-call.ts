/**
 * EVALSHA, written as one string of which most is known beforehand. ioredis would flatten, convert and measure some
 * thirty arguments for every hold, and write each command to the socket by itself.
 */
import { Command, type Redis } from 'ioredis';

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;

export class ScriptCall extends Command {
  readonly sha: string;
  readonly scriptKeys: readonly string[];
  readonly scriptArgs: readonly (string | number)[];

  constructor(sha: string, keys: readonly string[], args: readonly (string | number)[]) {
    super('evalsha', [], { replyEncoding: 'utf8' });
    this.sha = sha;
    this.scriptKeys = keys;
    this.scriptArgs = args;
  }

  override toWritable(): string {
    let text = `*${3 + this.scriptKeys.length + this.scriptArgs.length}\r\n${headOf(this.sha, this.scriptKeys)}`;
    for (const each of this.scriptArgs) text += bulk(String(each));
    return text;
  }
}

/** By the array of the keys, which is the same for every call on an event (`keys.ts`). */
const heads = new WeakMap<readonly string[], Map<string, string>>();

/** Command, digest and keys. */
function headOf(sha: string, keys: readonly string[]): string {
  let ofKeys = heads.get(keys);
  if (!ofKeys) {
    ofKeys = new Map();
    heads.set(keys, ofKeys);
  }
  let head = ofKeys.get(sha);
  if (!head) {
    head = [bulk('evalsha'), bulk(sha), bulk(String(keys.length)), ...keys.map(bulk)].join('');
    ofKeys.set(sha, head);
  }
  return head;
}

const corked = new WeakSet<object>();

/** All calls of one turn of the event loop leave in one write. */
export function send(redis: Redis, call: ScriptCall): Promise<unknown> {
  const { stream } = redis;
  if (stream && !corked.has(stream)) {
    stream.cork();
    corked.add(stream);
    setImmediate(() => {
      corked.delete(stream);
      stream.uncork();
    });
  }
  return redis.sendCommand(call) as Promise<unknown>;
}
