/**
 * `npm run consume`: another service that follows the domain events, to try and to copy from. It reads the stream as one of
 * a group, among whose consumers Redis divides the events; prints each; acknowledges it afterwards; and takes over what
 * a consumer that died has left. So each event is printed at least once, whoever dies, and rarely twice: a service whose
 * work must not be done twice keeps the ids of the events it has dealt with, in the transaction of that work.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { CloudEvent } from '../domain-events/cloud-event.ts';
import { makeKeys } from '../redis/keys.ts';
import { openLink, retryAfterMs } from '../redis/open-link.ts';

const usage = `npm run consume -- [--group demo] [--name NAME] [--from start] [--claim-after 30] [--json]

  --group        the group whose consumers share the events
  --name         of this consumer: under the same one it goes on where it was
  --from         where a group that is new begins: start (of what is kept) or now
  --claim-after  seconds after which it takes over what another consumer has not acknowledged
  --json         prints the whole events

REDIS_URL and REDIS_PREFIX say where; without them it is the Redis of an \`npm start\` in this folder.`;
const atOnce = 20;
const blockMs = 1000;

const { values } = parseArgs({
  options: {
    group: { type: 'string', default: 'demo' },
    name: { type: 'string', default: `consumer-${process.pid}` },
    from: { type: 'string', default: 'start' },
    'claim-after': { type: 'string', default: '30' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});
const claimAfterMs = Number(values['claim-after']) * 1000;
if (values.help || !['start', 'now'].includes(values.from) || !(claimAfterMs > 0)) {
  console.log(usage);
  process.exit(values.help ? 0 : 2);
}
const { group, name } = values;
const [stream = ''] = makeKeys(process.env.REDIS_PREFIX || 'seatcast').stream;
const redis = openLink(process.env.REDIS_URL || embeddedRedis(), { maxRetriesPerRequest: 1, retryAfterMs });
redis.on('error', (error: Error) => console.error(`Redis: ${error.message}`));

type Entry = [position: string, fields: string[] | null];

/** Does the work. An event for which this throws is not acknowledged, and comes again. */
async function handle(position: string, event: CloudEvent): Promise<void> {
  console.log(values.json ? JSON.stringify(event) : `${position} ${event.type} ${event.subject} ${event.id}`);
}

/** One after the other: events of one booking or event come in the order in which they happened. */
async function handleAll(entries: readonly Entry[]): Promise<void> {
  for (const [position, fields] of entries) {
    if (isStopping) return;
    // Without fields: it was too old to be kept before anybody acknowledged it.
    const json = fields?.[fields.indexOf('event') + 1];
    if (json !== undefined) await handle(position, JSON.parse(json));
    await redis.xack(stream, group, position);
  }
}

async function beginGroup(from: string): Promise<void> {
  try {
    await redis.xgroup('CREATE', stream, group, from, 'MKSTREAM');
  } catch (error) {
    if (!(error instanceof Error && error.message.startsWith('BUSYGROUP'))) throw error;
  }
}

/** From `>` what nobody in the group has been given, from `0` what this consumer was given and has not acknowledged. */
async function read(from: '>' | '0'): Promise<Entry[]> {
  const found = (await (from === '>'
    ? redis.xreadgroup('GROUP', group, name, 'COUNT', atOnce, 'BLOCK', blockMs, 'STREAMS', stream, from)
    : redis.xreadgroup('GROUP', group, name, 'COUNT', atOnce, 'STREAMS', stream, from))) as
    | [key: string, entries: Entry[]][]
    | null;
  return found?.[0]?.[1] ?? [];
}

/** Gets what other consumers were given and have not acknowledged for long. */
async function claim(): Promise<void> {
  for (let cursor = '0-0'; !isStopping; ) {
    const [next, entries] = (await redis.xautoclaim(
      stream,
      group,
      name,
      claimAfterMs,
      cursor,
      'COUNT',
      atOnce,
    )) as [string, Entry[]];
    await handleAll(entries);
    if (next === '0-0') return;
    cursor = next;
  }
}

async function follow(): Promise<void> {
  for (let own = await read('0'); own.length > 0 && !isStopping; own = await read('0')) await handleAll(own);
  for (let claimedAt = Number.NEGATIVE_INFINITY; !isStopping; ) {
    if (performance.now() - claimedAt >= claimAfterMs) {
      claimedAt = performance.now();
      await claim();
    }
    await handleAll(await read('>'));
  }
}

/** The Redis that `npm start` has begun: its port is another one each time. */
function embeddedRedis(): string {
  const file = join(process.env.DATA_DIR || '.data', 'redis', 'redis.conf');
  try {
    const text = readFileSync(file, 'utf8');
    const [, port] = /^port (\d+)$/m.exec(text) ?? [];
    const [, password] = /^requirepass (.+)$/m.exec(text) ?? [];
    return `redis://:${password}@127.0.0.1:${port}`;
  } catch {
    console.error(`REDIS_URL is not set, and there is no ${file}: start the hub first.`);
    process.exit(2);
  }
}

let isStopping = false;
const stop = () => {
  isStopping = true;
};
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, stop);

await redis.connect().catch(() => undefined);
for (let from = values.from === 'now' ? '$' : '0'; !isStopping; ) {
  try {
    await beginGroup(from);
    // A Redis that has lost its data has lost the group as well: begin with all there is, and drop repeats.
    from = '0';
    await follow();
  } catch (error) {
    console.error(`again in a second: ${(error as Error).message}`);
    await pause(1000);
  }
}
redis.disconnect();
