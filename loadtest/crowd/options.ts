/** What the crowd is asked to be. Everything wrong is told in one sentence. */
import { parseArgs } from 'node:util';

export interface CrowdOptions {
  viewers: number;
  buyers: number;
  seconds: number;
  /** Addresses of nodes, or undefined: look at the usual ones. */
  urls: string[] | undefined;
  eventId: string | undefined;
  /** Leave the holds at the end to run out by themselves. */
  keep: boolean;
}

/** Ends the crowd with its sentence instead of a stack. */
export class CrowdError extends Error {
  override readonly name = 'CrowdError';
}

export const usage = `npm run crowd -- [--viewers 200] [--buyers 20] [--seconds 60] [--url http://localhost:3000,…] [--event <id>] [--keep]

  --viewers   connections that watch, 1 to 5000
  --buyers    connections that hold, book and cancel as well, 0 to 500
  --seconds   how long, 5 to 600
  --url       nodes of the hub, comma separated; only loopback addresses
  --event     id of the event; by default the largest one on sale that is not paid online
  --keep      do not release the holds at the end`;

/** Throws `CrowdError`. */
export function readOptions(args: string[]): CrowdOptions {
  const values = parse(args);
  if (values.help) throw new CrowdError(usage);
  return {
    viewers: whole('viewers', values.viewers, 1, 5000),
    buyers: whole('buyers', values.buyers, 0, 500),
    seconds: whole('seconds', values.seconds, 5, 600),
    urls: values.url?.split(',').map(loopbackUrl),
    eventId: values.event,
    keep: values.keep,
  };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        viewers: { type: 'string', default: '200' },
        buyers: { type: 'string', default: '20' },
        seconds: { type: 'string', default: '60' },
        url: { type: 'string' },
        event: { type: 'string' },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    }).values;
  } catch (error) {
    throw new CrowdError(`${(error as Error).message}\n\n${usage}`);
  }
}

function whole(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && value >= min && value <= max) return value;
  throw new CrowdError(`--${name} is "${text}", but it must be a whole number from ${min} to ${max}.`);
}

/** A crowd is an attack on whoever did not ask for it, so it stays on this machine. */
function loopbackUrl(text: string): string {
  const url = URL.parse(text.trim());
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new CrowdError(`--url has "${text}", but it must be addresses such as http://localhost:3000.`);
  }
  if (!/^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname)) {
    throw new CrowdError(
      `--url has ${url.host}, but the crowd only visits hubs on this machine: localhost, 127.0.0.1 or [::1].`,
    );
  }
  return url.origin;
}
