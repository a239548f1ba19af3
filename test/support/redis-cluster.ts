/** A Redis Cluster of real servers on the loopback: three masters, each with a replica if asked for. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Redis } from 'ioredis';
import { findRedisServer, thisMachine } from '../../src/services/redis-server-binary.ts';
import { serverPort } from './ports.ts';

const masters = 3;
const slots = 16_384;
const startsWithinMs = 60_000;

export interface RedisCluster {
  /** For REDIS_URL. */
  readonly url: string;
  readonly servers: readonly ClusterServer[];
  /** The master that has a slot, as the servers see it now. */
  masterOf(slot: number): Promise<ClusterServer>;
  close(): Promise<void>;
}

export interface ClusterServer {
  readonly port: number;
  readonly pid: number;
  /** A connection of the test's own. */
  readonly redis: Redis;
  kill(): Promise<void>;
}

export async function startRedisCluster(withReplicas = false): Promise<RedisCluster> {
  const directory = mkdtempSync(join(tmpdir(), 'seatcast-cluster-'));
  const binary = await findRedisServer({
    redisServer: process.env.REDIS_SERVER || undefined,
    dataDir: resolve('.data/test'),
    machine: await thisMachine(),
    log: () => undefined,
  });
  const servers: ClusterServer[] = [];
  const close = async () => {
    for (const server of servers) await server.kill();
    rmSync(directory, { recursive: true, force: true });
  };
  try {
    for (let i = 0; i < (withReplicas ? 2 * masters : masters); i++) {
      servers.push(await startServer(binary, directory));
    }
    await meet(servers);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    url: `redis-cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    servers,
    async masterOf(slot) {
      for (const { redis } of servers) {
        const ranges = await slotsOf(redis).catch(() => []);
        const found = ranges.find(([from, to]) => from <= slot && slot <= to);
        const server = servers.find(({ port }) => port === found?.[2][1]);
        if (server) return server;
      }
      throw new Error(`no server has the slot ${slot}`);
    },
    close,
  };
}

type SlotRange = [from: number, to: number, master: [host: string, port: number], ...replicas: unknown[]];
const slotsOf = async (redis: Redis) => (await redis.cluster('SLOTS')) as unknown as SlotRange[];

async function startServer(
  binary: { command: string; env: Record<string, string> },
  directory: string,
): Promise<ClusterServer> {
  // The servers talk to each other 10,000 ports higher.
  const port = await serverPort(10_000);
  const own = join(directory, String(port));
  mkdirSync(own);
  const args = ['--port', String(port), '--bind', '127.0.0.1', '--dir', own, '--save', ''];
  args.push('--appendonly', 'yes', '--appendfsync', 'everysec', '--cluster-enabled', 'yes');
  // The events of the other masters go on while one is away.
  args.push('--cluster-require-full-coverage', 'no');
  // A master that is gone is replaced within seconds, so that a test need not wait for long.
  args.push('--cluster-node-timeout', '2000', '--cluster-config-file', join(own, 'nodes.conf'));
  const child = spawn(binary.command, args, { stdio: 'ignore', env: { ...process.env, ...binary.env } });
  // However this process ends, none is left behind.
  process.once('exit', () => child.kill('SIGKILL'));
  const redis = new Redis(port, '127.0.0.1', { retryStrategy: () => 100, maxRetriesPerRequest: null });
  redis.on('error', () => undefined);
  const ended = new Promise<never>((_, reject) => {
    child.once('exit', (code) => reject(new Error(`redis-server on port ${port} ended with ${code}`)));
  });
  ended.catch(() => redis.disconnect());
  await Promise.race([redis.ping(), ended]);
  return { port, pid: child.pid ?? 0, redis, kill: () => kill(child, redis) };
}

async function kill(child: ChildProcess, redis: Redis): Promise<void> {
  redis.disconnect();
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((done) => child.once('exit', done));
  child.kill('SIGKILL');
  await gone;
}

/** What `redis-cli --cluster create` does. */
async function meet(servers: readonly ClusterServer[]): Promise<void> {
  const share = Math.ceil(slots / masters);
  for (let i = 0; i < masters; i++) {
    const last = Math.min(slots, (i + 1) * share) - 1;
    await servers[i]?.redis.call('CLUSTER', 'ADDSLOTSRANGE', i * share, last);
    await servers[i]?.redis.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
  }
  const [first, ...others] = servers;
  for (const { redis } of others) await redis.cluster('MEET', '127.0.0.1', first?.port ?? 0);
  await settled(servers, `cluster_known_nodes:${servers.length}`);
  for (const [i, { redis }] of servers.slice(masters).entries()) {
    await redis.cluster('REPLICATE', (await servers[i]?.redis.cluster('MYID')) as string);
  }
  await settled(servers, 'cluster_state:ok');
  if (servers.length > masters) await settled(servers.slice(masters), undefined, 'master_link_status:up');
}

async function settled(
  servers: readonly ClusterServer[],
  line?: string,
  replication?: string,
): Promise<void> {
  const until = Date.now() + startsWithinMs;
  for (const { redis } of servers) {
    for (;;) {
      const text = line ? await redis.cluster('INFO') : await redis.info('replication');
      if (text.includes(line ?? replication ?? '')) break;
      if (Date.now() > until) throw new Error(`the cluster does not come up: ${line ?? replication}`);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
