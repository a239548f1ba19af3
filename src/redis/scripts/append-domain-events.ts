import type { Redis } from 'ioredis';
import { defineScript, evaluate } from './script.ts';

export interface AppendArgs {
  /** The position the stream is believed to end with; '0-0': nothing was ever appended. */
  last: string;
  /** ms since 1970; what is older goes. */
  sinceMs: number;
  /** How many events are kept, about. */
  length: number;
  events: readonly { position: string; type: string; json: string }[];
}

/** The position of the last event there is now. */
const decode = ([last = '']: string[]) => ({ last });

export const appendDomainEventsScript = defineScript(
  'append-domain-events',
  ({ last, sinceMs, length, events }: AppendArgs) => [
    last,
    `${sinceMs}-0`,
    length,
    ...events.flatMap(({ position, type, json }) => [position, type, json]),
  ],
  { appended: decode, moved: decode },
);

/** Appends all or, if the stream ends elsewhere (`moved`), nothing. */
export async function appendDomainEvents(
  redis: Redis,
  keys: string[],
  args: AppendArgs,
): Promise<{ status: 'appended' | 'moved'; last: string }> {
  const script = appendDomainEventsScript;
  const [status, last] = (await evaluate(redis, script, keys, script.encode(args))) as [
    'appended' | 'moved',
    string,
  ];
  return { status, last };
}
