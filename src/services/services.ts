import { prepareDataDir, removeLeftovers } from './data-dir.ts';
import { lockDataDir } from './data-lock.ts';
import { type EmbeddedOptions, type EmbeddedService, startPostgres } from './postgres.ts';
import { type RedisOptions, startRedis } from './redis.ts';

export interface ServicesOptions {
  /** A PostgreSQL to use; without it one is started. */
  databaseUrl?: string | undefined;
  /** A Redis to use; without it one is started. */
  redisUrl?: string | undefined;
  /** The path of a redis-server to start, instead of searching one. */
  redisServer?: string | undefined;
  /** Where started servers keep their data, made if missing; one hub at a time. Not touched if both URLs are given. */
  dataDir: string;
  /** Progress, a line for each step worth knowing. No passwords. */
  log: (line: string) => void;
  /** Called with a sentence when a started server ends without stop(). It is not started again. */
  onExit?: ((sentence: string) => void) | undefined;
  /** Lets tests use Redis' DEBUG command. Default false. */
  enableDebugCommand?: boolean | undefined;
  /** Ends the servers when this process is killed, by a watchdog each. Default true. */
  endWithParent?: boolean | undefined;
  /** Where to look for a redis-server; default is this machine. */
  machine?: RedisOptions['machine'];
}

export interface Services {
  /** With the password in it: not for logs. */
  databaseUrl: string;
  /** With the password in it: not for logs. */
  redisUrl: string;
  /** Which of them were started here. */
  embedded: { postgres: boolean; redis: boolean };
  /** Ends what was started: Redis writes out its file, PostgreSQL aborts what runs and checkpoints. May be repeated. */
  stop(): Promise<void>;
}

/**
 * Sees to it that there are a PostgreSQL and a Redis: given ones are used, missing ones are started as children
 * of this process. What a killed hub left behind is cleared up first. Throws an Error whose message is for
 * people, after ending whatever was already up.
 */
export async function startServices(options: ServicesOptions): Promise<Services> {
  const { log } = options;
  const embedded = { postgres: !options.databaseUrl, redis: !options.redisUrl };
  if (!embedded.postgres && !embedded.redis) {
    return { ...given(options), embedded, stop: async () => {} };
  }
  const dataDir = await prepareDataDir(options.dataDir);
  const unlock = await lockDataDir(dataDir);
  const started: EmbeddedService[] = [];
  const stop = async () => {
    try {
      await Promise.all(started.map((service) => service.stop()));
    } finally {
      await unlock();
    }
  };
  const keep = async (starting: Promise<EmbeddedService>) => {
    const service = await starting;
    started.push(service);
    return service.url;
  };
  try {
    await removeLeftovers(dataDir);
    const common: EmbeddedOptions = { dataDir, log, endWithParent: options.endWithParent ?? true };
    const { redisServer, machine, enableDebugCommand } = options;
    const [databaseUrl, redisUrl] = await allOrFirstError([
      embedded.postgres ? keep(startPostgres(common)) : undefined,
      embedded.redis ? keep(startRedis({ ...common, redisServer, machine, enableDebugCommand })) : undefined,
    ]);
    if (options.onExit) for (const service of started) service.announce(options.onExit);
    const urls = given(options);
    let stopped: Promise<void> | undefined;
    return {
      databaseUrl: databaseUrl ?? urls.databaseUrl,
      redisUrl: redisUrl ?? urls.redisUrl,
      embedded,
      stop() {
        stopped ??= stop();
        return stopped;
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function given(options: ServicesOptions): { databaseUrl: string; redisUrl: string } {
  return { databaseUrl: options.databaseUrl ?? '', redisUrl: options.redisUrl ?? '' };
}

/** Unlike Promise.all it waits for all of them, so that nothing comes up after the others were ended. */
async function allOrFirstError<T>(promises: (Promise<T> | undefined)[]): Promise<(T | undefined)[]> {
  const settled = await Promise.allSettled(promises);
  return settled.map((result) => {
    if (result.status === 'rejected') throw result.reason;
    return result.value;
  });
}
