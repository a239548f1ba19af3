import { access, constants, readFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { plainEnvironment, run } from './processes.ts';
import { fetchRedisFromApt, unpackedRedis } from './redis-from-apt.ts';

/** A redis-server that was tried and is new enough. */
export interface RedisBinary {
  command: string;
  env: Record<string, string>;
}

/** What the search looks at of the machine it runs on; tests give another one. */
export interface Machine {
  platform: NodeJS.Platform;
  /** The directories in which redis-server and valkey-server are looked for, as in PATH. */
  path: string;
  /** The content of /etc/os-release, empty where there is none. */
  osRelease: string;
}

const OLDEST = 7; // Sharded publish and subscribe came with Redis 7.
const NAMES = ['redis-server', 'valkey-server'];

export async function thisMachine(): Promise<Machine> {
  const osRelease = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return { platform: process.platform, path: process.env['PATH'] ?? '', osRelease };
}

/**
 * Finds a redis-server of version 7 or newer: the one that is asked for, one on PATH, one fetched earlier, on
 * Debian and Ubuntu one fetched now. Throws one sentence that says how to get one on this system. (No npm
 * package carries a redis-server that runs everywhere, else there would be no search.)
 */
export async function findRedisServer(search: {
  redisServer?: string | undefined;
  dataDir: string;
  machine: Machine;
  log: (line: string) => void;
}): Promise<RedisBinary> {
  const { redisServer, dataDir, machine, log } = search;
  if (redisServer) {
    const binary = { command: redisServer, env: plainEnvironment() };
    const refusal = await whyNot(binary);
    if (refusal) throw new Error(`REDIS_SERVER names ${redisServer}, which cannot be used: ${refusal}.`);
    return binary;
  }
  for (const command of await onPath(machine.path)) {
    const binary = { command, env: plainEnvironment() };
    const refusal = await whyNot(binary);
    if (!refusal) return binary;
    log(`skipping ${command}: ${refusal}`);
  }
  const cached = await unpackedRedis(dataDir);
  if (!(await whyNot(cached))) return cached;

  let failure = '';
  if (idsOf(machine).some((id) => id === 'debian' || id === 'ubuntu')) {
    log('no redis-server is installed: fetching one with apt-get (about 10 MB, once)');
    failure = (await fetchRedisFromApt(dataDir).catch((error: Error) => error.message)) ?? '';
    const fetched = await unpackedRedis(dataDir);
    const refusal = failure || (await whyNot(fetched));
    if (!refusal) return fetched;
    failure = ` and it could not be fetched (${refusal})`;
  }
  throw new Error(
    `No Redis ${OLDEST} or newer was found on this system${failure}: ${howToGetOne(machine)}, ` +
      'set REDIS_SERVER to the path of a redis-server, or set REDIS_URL to a Redis that runs already.',
  );
}

/** Undefined if it can be used. Both "Redis server v=7.0.15 …" and "Valkey server v=8.1.1 …" are understood. */
async function whyNot({ command, env }: RedisBinary): Promise<string | undefined> {
  const { ok, how, output } = await run(command, ['--version'], { env, timeoutMs: 10_000 });
  const version = /\bv=(\d+)[.\d]*/.exec(output);
  if (!ok || !version) return ok ? 'it does not tell its version' : `it does not run (${how})`;
  return Number(version[1]) >= OLDEST
    ? undefined
    : `it is version ${version[0].slice(2)}, not ${OLDEST} or newer`;
}

async function onPath(path: string): Promise<string[]> {
  const candidates = NAMES.flatMap((name) =>
    path
      .split(delimiter)
      .filter(Boolean)
      .map((dir) => join(dir, name)),
  );
  const found = await Promise.all(
    candidates.map((file) =>
      access(file, constants.X_OK).then(
        () => true,
        () => false,
      ),
    ),
  );
  return [...new Set(candidates.filter((_, index) => found[index]))];
}

/** The distribution and the ones it is like: `["ubuntu", "debian"]`. */
function idsOf({ platform, osRelease }: Machine): string[] {
  if (platform !== 'linux') return [platform];
  return [...osRelease.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)/gm)].flatMap(([, ids = '']) => ids.split(/\s+/));
}

const INSTALL: Record<string, string> = {
  darwin: 'run "brew install redis"',
  win32: 'run the hub under WSL',
  debian: 'run "sudo apt-get install redis-server"',
  ubuntu: 'run "sudo apt-get install redis-server"',
  fedora: 'run "sudo dnf install valkey"',
  rhel: 'run "sudo dnf install valkey"',
  arch: 'run "sudo pacman -S valkey"',
  alpine: 'run "apk add redis"',
  suse: 'run "sudo zypper install redis"',
  opensuse: 'run "sudo zypper install redis"',
};

function howToGetOne(machine: Machine): string {
  const id = idsOf(machine).find((known) => Object.hasOwn(INSTALL, known));
  return (id && INSTALL[id]) || "install redis-server with the system's package manager";
}
