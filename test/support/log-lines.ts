import { type Logger, makeLogger } from '../../src/log.ts';

export interface LogLine {
  level: number;
  msg: string;
  requestId?: string;
  traceId?: string;
  [field: string]: unknown;
}

/** A log whose lines are kept, as objects and as they would be written. */
export function keptLog(level = 'debug'): { log: Logger; lines: LogLine[]; texts: string[] } {
  const lines: LogLine[] = [];
  const texts: string[] = [];
  const log = makeLogger(level, false, 'test', {
    write(text: string) {
      texts.push(text);
      lines.push(JSON.parse(text));
    },
  });
  return { log, lines, texts };
}
