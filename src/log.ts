import { type DestinationStream, type Logger, pino } from 'pino';
import { requestFields } from './request-context.ts';

export type { Logger };

/** Names under which a secret could reach a log line. */
const redact = ['password', 'token', 'authorization', '*.password', '*.token', '*.authorization'];
/** Characters that wait while nothing can be written; what goes beyond is lost. */
const waitingAtMost = 1_000_000;

/**
 * JSON lines on stdout; with `pretty` for people. Client faults are logged at `info` or `warn`, ours at
 * `error`. A full disk, or a reader that has gone, costs lines of the log and nothing else: what could not be
 * written comes later, as far as there is room for it.
 */
/** @param to where the lines go instead of stdout */
export function makeLogger(level: string, pretty: boolean, node: string, to?: DestinationStream): Logger {
  const options = { level, base: { node }, redact, mixin: requestFields };
  if (to) return pino(options, to);
  const stream = pretty
    ? pino.transport({
        target: 'pino-pretty',
        options: { ignore: 'pid,hostname,node', singleLine: true },
      })
    : pino.destination({ dest: 1, sync: true, maxLength: waitingAtMost });
  stream.on('error', () => undefined);
  return pino(options, stream);
}
