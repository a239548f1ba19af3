/** The address of a Redis Cluster: `redis-cluster://user:password@host:port,host:port`, `rediss-cluster` with TLS. */
import type { RedisOptions } from 'ioredis';

export const clusterPattern =
  '^rediss?-cluster://(?:([^:@/,]*):([^@/,]*)@)?((?:[^,/:@]+:\\d{1,5})(?:,[^,/:@]+:\\d{1,5})*)/?$';

type ClusterLogin = Pick<RedisOptions, 'username' | 'password' | 'tls'>;

/** Servers of which any may be asked where the slots are; undefined: it is the address of a single Redis. */
export function clusterServers(
  url: string,
): { servers: { host: string; port: number }[]; options: ClusterLogin } | undefined {
  const [, username, password, servers] = new RegExp(clusterPattern).exec(url) ?? [];
  if (servers === undefined) return undefined;
  const options: ClusterLogin = {};
  if (username) options.username = decodeURIComponent(username);
  if (password) options.password = decodeURIComponent(password);
  if (url.startsWith('rediss')) options.tls = {};
  return {
    servers: servers.split(',').map((each) => {
      const [host = '', port = ''] = each.split(':');
      return { host, port: Number(port) };
    }),
    options,
  };
}
