/** Faults between the nodes and their services. */
import { disturbPublished } from '../stage/published-frames.ts';
import { pause } from '../stage/wait.ts';
import type { Fault } from './fault.ts';

export const networkFaults: Fault[] = [
  {
    id: 'F20',
    title: 'what Redis publishes is lost, doubled and swapped',
    async run({ stage, random }) {
      for (const { redis, index } of stage.nodes)
        redis.weather = { down: disturbPublished(random.fork(`frames ${index}`)) };
      await pause(random.whole(3000, 5000));
      for (const { redis } of stage.nodes) redis.weather = {};
    },
  },
  {
    id: 'F21',
    title: 'node cut off from Redis, silently',
    async run({ stage, random, note }) {
      const node = random.pick(stage.nodes);
      note('a proxy that swallows, instead of dropped packets');
      node.redis.weather = { swallow: ['up', 'down'] };
      await pause(random.whole(3000, 5000));
      node.redis.weather = {};
      // The packets of a healed route come too late for these connections.
      node.redis.cut();
    },
  },
  {
    id: 'F22',
    title: 'node cut off from PostgreSQL at the commit',
    async run({ stage, random, note }) {
      const node = random.pick(stage.nodes);
      const how = random.pick(['unheard', 'abandoned', 'cut']);
      note(how);
      for (let i = 0; i < 8; i++) {
        if (how === 'unheard') {
          node.postgres.weather = { swallow: ['down'] };
          await pause(random.whole(20, 150));
          node.postgres.cut();
          node.postgres.weather = {};
        } else if (how === 'abandoned') node.postgres.abandon(random.whole(100, 2000));
        else node.postgres.cutAfter(random.pick(['up', 'down'] as const), random.whole(1, 3000));
        await pause(random.whole(200, 600));
      }
    },
  },
  {
    id: 'F23',
    title: 'answers of PostgreSQL lost, for seconds',
    async run({ stage, random }) {
      const node = random.pick(stage.nodes);
      node.postgres.weather = { swallow: ['down'] };
      await pause(random.whole(3000, 6000));
      node.postgres.weather = {};
      node.postgres.cut();
    },
  },
  {
    id: 'F23b',
    title: 'PostgreSQL late by up to a second, or on a thin line',
    async run({ stage, random, note }) {
      const thin = random.chance(0.5);
      note(thin ? '3 kB/s' : 'up to 1 s late');
      for (const { postgres } of stage.nodes)
        postgres.weather = thin ? { bytesPerSecond: 3000 } : { delayMs: [50, 1000] };
      await pause(random.whole(3000, 5000));
      for (const { postgres } of stage.nodes) postgres.weather = {};
    },
  },
];
