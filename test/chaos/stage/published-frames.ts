import type { Random } from '../random.ts';
import type { Rewriter } from './tcp-proxy.ts';

const head = Buffer.from('*3\r\n$8\r\nsmessage\r\n');

/**
 * Loses, doubles and swaps what Redis publishes on a connection, message by message; everything else passes.
 * A message is an array of three: "smessage", channel, payload. One that is not whole yet waits.
 */
export function disturbPublished(random: Random): () => Rewriter {
  return () => {
    let rest = Buffer.alloc(0);
    let held: Buffer | undefined;
    return {
      pass(chunk) {
        const out: Buffer[] = [];
        let data = Buffer.concat([rest, chunk]);
        rest = Buffer.alloc(0);
        while (data.length > 0) {
          const at = data.indexOf(head);
          if (at !== 0) {
            const end = at < 0 ? data.length : at;
            out.push(data.subarray(0, end));
            data = data.subarray(end);
            continue;
          }
          const length = messageLength(data);
          if (length === undefined) {
            rest = Buffer.from(data);
            break;
          }
          const message = Buffer.from(data.subarray(0, length));
          data = data.subarray(length);
          const fate = random.next();
          if (fate < 0.2) continue;
          if (fate < 0.35) out.push(message, message);
          else if (fate < 0.55 && !held) held = message;
          else {
            out.push(message);
            if (held) out.push(held);
            held = undefined;
          }
        }
        return Buffer.concat(out);
      },
      rest: () => rest,
    };
  };
}

/** Of the message that begins the data, or undefined if it goes on after it. */
function messageLength(data: Buffer): number | undefined {
  let at = head.length;
  for (let part = 0; part < 2; part++) {
    const lineEnd = data.indexOf('\r\n', at);
    if (lineEnd < 0) return undefined;
    at = lineEnd + 2 + Number(data.toString('latin1', at + 1, lineEnd)) + 2;
  }
  return at <= data.length ? at : undefined;
}
