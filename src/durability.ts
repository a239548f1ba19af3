/**
 * What the promises rest on, looked at before anything is sold: a PostgreSQL that keeps what it has committed,
 * the index that stops a double sale, a Redis that throws nothing away by itself.
 */
import type { Redis } from 'ioredis';
import { type Config, ConfigError } from './config.ts';
import type { Database } from './database/database.ts';
import { durability } from './database/statements.ts';
import type { Logger } from './log.ts';

/** @throws ConfigError when a committed booking could be lost, or a seat be sold twice */
export async function checkDatabase(db: Database): Promise<void> {
  const [found] = await db.run(durability);
  for (const name of ['fsync', 'full_page_writes', 'synchronous_commit'] as const) {
    if (found?.[name] === 'off') {
      throw new ConfigError(
        `PostgreSQL (DATABASE_URL) has ${name} = off: a booking could be lost after it was answered. Set it to on.`,
      );
    }
  }
  if (!found?.one_active_seat) {
    throw new ConfigError(
      'PostgreSQL (DATABASE_URL) lacks the unique index booking_seats_one_active: seats could be sold twice.',
    );
  }
}

/** One server of a cluster refuses the keys of the others. @throws ConfigError */
export async function checkKind(redis: Redis): Promise<void> {
  if (/^redis_mode:cluster/m.test(await redis.info('server'))) {
    throw new ConfigError(
      'REDIS_URL names one server of a Redis Cluster. Write redis-cluster://host:port,host:port, so that the hub asks all of them.',
    );
  }
}

/** A Redis that evicts loses holds of people who are about to pay. In production it must not. */
export async function checkRedis(
  redis: Redis,
  { mode, isCluster }: { mode: Config['mode']; isCluster: boolean },
  log: Logger,
): Promise<void> {
  const settings = await read(redis, log);
  if (!settings) return;
  const policy = settings.get('maxmemory-policy');
  if (settings.get('maxmemory') !== '0' && policy !== 'noeviction') {
    const sentence = `Redis (REDIS_URL) has maxmemory-policy ${policy}: it throws live holds away when it is full. Set it to noeviction.`;
    if (mode === 'production') throw new ConfigError(sentence);
    log.warn(sentence);
  }
  if (isCluster && settings.get('cluster-require-full-coverage') === 'yes') {
    log.warn(
      'The Redis Cluster (REDIS_URL) has cluster-require-full-coverage yes: when one master is away, no event can be sold. Set it to no.',
    );
  }
  if (settings.get('appendonly') !== 'yes') {
    log.warn('Redis (REDIS_URL) has appendonly off: when it restarts all holds are lost. Sales are not.');
  }
}

const asked = ['maxmemory-policy', 'maxmemory', 'appendonly', 'cluster-require-full-coverage'] as const;

/** undefined: we may not ask, as with many hosted Redis. */
async function read(redis: Redis, log: Logger): Promise<Map<string, string> | undefined> {
  try {
    const flat = (await redis.config('GET', ...asked)) as string[];
    return new Map(flat.flatMap((name, i) => (i % 2 === 0 ? [[name, flat[i + 1] ?? '']] : [])));
  } catch (error) {
    log.debug({ err: error }, 'Redis does not show its settings');
    return undefined;
  }
}
