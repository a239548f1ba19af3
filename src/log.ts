import { type Logger, pino } from 'pino';

export type { Logger };

/** Names under which a secret could reach a log line. */
const redact = ['password', 'token', 'authorization', '*.password', '*.token', '*.authorization'];

/**
 * JSON lines on stdout; with `pretty` for people. Client faults are logged at `info` or `warn`, ours at
 * `error`.
 */
export function makeLogger(level: string, pretty: boolean, node: string): Logger {
  return pino({
    level,
    base: { node },
    redact,
    ...(pretty
      ? { transport: { target: 'pino-pretty', options: { ignore: 'pid,hostname,node', singleLine: true } } }
      : {}),
  });
}
