import { expect, test } from 'vitest';
import { clusterServers } from '../../src/redis/address.ts';

test('the address of a cluster names its servers and how to sign in', () => {
  expect(clusterServers('redis-cluster://hub:p%40ss@a:7000,b.example:7001')).toEqual({
    servers: [
      { host: 'a', port: 7000 },
      { host: 'b.example', port: 7001 },
    ],
    options: { username: 'hub', password: 'p@ss' },
  });
  expect(clusterServers('rediss-cluster://:secret@10.0.0.1:6379/')).toEqual({
    servers: [{ host: '10.0.0.1', port: 6379 }],
    options: { password: 'secret', tls: {} },
  });
});

test.each(['redis://a:7000', 'redis-cluster://a', 'redis-cluster://a:7000,,b:7000', 'redis-cluster://a:x'])(
  '%s is not one',
  (url) => expect(clusterServers(url)).toBeUndefined(),
);
